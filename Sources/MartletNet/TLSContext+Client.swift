internal import COpenSSL

extension TLSContext {
  /// Reads the files.
  package static func client(
    _ configuration: TLSClientConfiguration
  ) throws(NetError) -> TLSContext {
    let maxSessions = configuration.maxResumableSessions
    let context = try TLSContext(
      isServer: false,
      protocols: configuration.applicationProtocols,
      minimumVersion: configuration.minimumVersion,
      serverName: configuration.serverName,
      pinnedKeys: configuration.pinnedKeys,
      sessions: maxSessions > 0 ? ResumableSessions(maxCount: maxSessions) : nil
    )
    try context.trust(configuration)
    try context.identify(configuration)
    let names = context.protocolNames
    // This one call returns 0 for success.
    let refused = SSL_CTX_set_alpn_protos(context.handle, names.baseAddress, UInt32(names.count))
    try check(refused == 0 ? 1 : 0, "ALPN")
    SSL_CTX_set_verify(context.handle, SSL_VERIFY_PEER, nil)
    context.keepSessions()
    return context
  }

  private func trust(_ configuration: TLSClientConfiguration) throws(NetError) {
    guard pinnedKeys.allSatisfy({ $0.count == SHA256_DIGEST_LENGTH }) else {
      throw .tls("a pinned key is a SHA-256 digest of 32 bytes")
    }
    let store = SSL_CTX_get_cert_store(handle)
    switch configuration.trustRoots {
    case .system:
      try check(SSL_CTX_set_default_verify_paths(handle), "system trust roots")
    case .file(let path):
      try check(SSL_CTX_load_verify_locations(handle, path, nil), path)
    case .pem(let bytes):
      try addRoots(bytes, to: store)
    case .pinnedKeysOnly:
      guard !pinnedKeys.isEmpty else { throw .tls("pinnedKeysOnly without a pinned key") }
    }
    // What the user names is trusted, be it an authority that is its own root or not.
    X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    guard !pinnedKeys.isEmpty else { return }
    let argument = Unmanaged.passUnretained(self).toOpaque()
    if configuration.trustRoots == .pinnedKeysOnly {
      SSL_CTX_set_cert_verify_callback(handle, verifyKeyOnly, argument)
    } else {
      SSL_CTX_set_cert_verify_callback(handle, verifyChainAndKey, argument)
    }
  }

  private func identify(_ configuration: TLSClientConfiguration) throws(NetError) {
    switch (configuration.certificateChainFile, configuration.privateKeyFile) {
    case (let chain?, let key?): try use(chain: chain, key: key, in: handle)
    case (nil, nil): break
    default: throw .tls("a client's certificate needs its key, and the key its certificate")
    }
  }

  private func keepSessions() {
    guard sessions != nil else { return }
    let mode = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
    _ = martlet_SSL_CTX_set_session_cache_mode(handle, Int(mode))
    SSL_CTX_sess_set_new_cb(handle) { ssl, session in
      guard let session, let connection = tlsSession(of: ssl) else { return 0 }
      return connection.keep(session) ? 1 : 0
    }
  }
}

/// Adds every certificate of a PEM text, of which there must be one.
private func addRoots(_ pem: [UInt8], to store: OpaquePointer?) throws(NetError) {
  guard let memory = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else {
    throw .tls(lastTLSError("trust roots"))
  }
  defer { BIO_free(memory) }
  var count = 0
  while let certificate = PEM_read_bio_X509(memory, nil, nil, nil) {
    defer { X509_free(certificate) }
    try check(X509_STORE_add_cert(store, certificate), "trust roots")
    count += 1
  }
  // The reading ends with "no start line" even when all is well.
  ERR_clear_error()
  guard count > 0 else { throw .tls("no certificate in the trust roots") }
}

// MARK: Pinned keys

private func verifyKeyOnly(
  _ store: OpaquePointer?,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  guard let context = context(argument), let leaf = X509_STORE_CTX_get0_cert(store),
    let digest = keyDigest(leaf), context.pinnedKeys.contains(digest)
  else { return reject(store) }
  X509_STORE_CTX_set_error(store, X509_V_OK)
  return 1
}

private func verifyChainAndKey(
  _ store: OpaquePointer?,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  guard X509_verify_cert(store) == 1 else { return 0 }
  guard let context = context(argument), let chain = X509_STORE_CTX_get0_chain(store) else {
    return reject(store)
  }
  for index in 0..<max(0, OPENSSL_sk_num(chain)) {
    let certificate = OPENSSL_sk_value(chain, index).map { OpaquePointer($0) }
    if let certificate, let digest = keyDigest(certificate), context.pinnedKeys.contains(digest) {
      return 1
    }
  }
  return reject(store)
}

private func context(_ argument: UnsafeMutableRawPointer?) -> TLSContext? {
  argument.map { Unmanaged<TLSContext>.fromOpaque($0).takeUnretainedValue() }
}

/// "Certificate rejected": the only error that says neither more nor less.
private func reject(_ store: OpaquePointer?) -> Int32 {
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
  return 0
}

/// SHA-256 of a certificate's public key, as `TLSClientConfiguration.pinnedKeys` has it.
func keyDigest(_ certificate: OpaquePointer) -> [UInt8]? {
  var encoding: UnsafeMutablePointer<UInt8>?
  let count = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoding)
  guard count > 0, let encoding else { return nil }
  defer { martlet_OPENSSL_free(encoding) }
  return sha256(Array(UnsafeBufferPointer(start: encoding, count: Int(count))))
}

/// Nil when the library is out of memory.
func sha256(_ bytes: [UInt8]) -> [UInt8]? {
  var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
  var length: UInt32 = 0
  guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1 else {
    return nil
  }
  return digest
}

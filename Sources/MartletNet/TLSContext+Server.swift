internal import COpenSSL
internal import Glibc

extension TLSContext {
  /// Reads the files and checks that they belong together.
  ///
  /// `ticketKeys` is what several contexts share whose clients may resume with any of them.
  package static func server(
    _ configuration: TLSServerConfiguration,
    ticketKeys: TicketKeys? = nil
  ) throws(NetError) -> TLSContext {
    guard !configuration.certificates.isEmpty else { throw .tls("a server needs a certificate") }
    let context = try TLSContext(
      isServer: true,
      protocols: configuration.applicationProtocols,
      minimumVersion: configuration.minimumVersion,
      ticketKeys: ticketKeys ?? TicketKeys(lifetime: configuration.ticketLifetime)
    )
    try context.setUpServer(configuration)
    return context
  }

  private func setUpServer(_ configuration: TLSServerConfiguration) throws(NetError) {
    let store = try trustStore(configuration)
    defer { X509_STORE_free(store) }
    var certificates: [ServerNames.Certificate] = []
    for files in configuration.certificates {
      certificates.append(try ServerNames.Certificate(chainFile: files.chainFile))
    }
    serverNames = ServerNames(certificates)
    for choice in serverNames.choices {
      let isDefault = handlesByChoice.isEmpty
      let handle =
        isDefault
        ? self.handle : try makeContext(isServer: true, configuration.minimumVersion)
      if !isDefault { namedHandles.append(handle) }
      handlesByChoice[choice] = handle
      try setUp(handle, configuration, store)
      for index in choice {
        let files = configuration.certificates[index]
        try use(chain: files.chainFile, key: files.privateKeyFile, in: handle)
      }
    }
    martlet_SSL_CTX_set_servername_callback(handle, chooseCertificate)
  }

  /// What all of a server's contexts have in common.
  private func setUp(
    _ handle: OpaquePointer,
    _ configuration: TLSServerConfiguration,
    _ store: OpaquePointer
  ) throws(NetError) {
    let argument = Unmanaged.passUnretained(self).toOpaque()
    SSL_CTX_set_alpn_select_cb(handle, chooseProtocol, argument)
    // Tickets carry the session, so that the server keeps none.
    _ = martlet_SSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
    SSL_CTX_set_num_tickets(handle, 1)
    SSL_CTX_set_max_early_data(handle, 0)
    let lifetime = configuration.ticketLifetime.components.seconds
    SSL_CTX_set_timeout(handle, Int(clamping: lifetime))
    SSL_CTX_set_tlsext_ticket_key_evp_cb(handle, ticketCiphers)
    try check(
      SSL_CTX_set_session_ticket_cb(handle, noteBeginning, judgeTicket, nil),
      "session tickets"
    )
    martlet_SSL_CTX_set_max_cert_list(handle, configuration.maxClientCertificateBytes)
    SSL_CTX_set_verify_depth(handle, Int32(clamping: configuration.maxVerificationDepth))
    SSL_CTX_set1_cert_store(handle, store)
    let scope = try sessionScope(configuration)
    try check(SSL_CTX_set_session_id_context(handle, scope, UInt32(scope.count)), "session scope")
    guard let roots = configuration.clientRootsFile else { return }
    SSL_CTX_set_client_CA_list(handle, SSL_load_client_CA_file(roots))
    let asks = SSL_VERIFY_PEER
    let insists = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
    if case .require = configuration.clientCertificates {
      SSL_CTX_set_verify(handle, insists, nil)
    } else {
      SSL_CTX_set_verify(handle, asks, nil)
    }
  }

  private func trustStore(
    _ configuration: TLSServerConfiguration
  ) throws(NetError) -> OpaquePointer {
    guard let store = X509_STORE_new() else { throw .tls(lastTLSError("X509_STORE_new")) }
    do throws(NetError) {
      if let roots = configuration.clientRootsFile {
        try check(X509_STORE_load_file(store, roots), roots)
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
      }
      if let lists = configuration.revocationListsFile {
        let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file())
        guard X509_load_crl_file(lookup, lists, X509_FILETYPE_PEM) > 0 else {
          throw .tls(lastTLSError(lists))
        }
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
        X509_STORE_set_verify_cb(store, judgeChain)
      }
      return store
    } catch {
      X509_STORE_free(store)
      throw error
    }
  }

  /// Names who may resume a session: only whom the same authorities and revocations let in.
  ///
  /// A resumed session's certificate is not verified again, so a ticket from before a reload that
  /// revokes it must not count after.
  private func sessionScope(_ configuration: TLSServerConfiguration) throws(NetError) -> [UInt8] {
    var rules = Array("\(configuration.clientCertificates)".utf8)
    for file in [configuration.clientRootsFile, configuration.revocationListsFile] {
      if let file { rules += try readWholeFile(file, maxBytes: Self.maxTrustBytes) }
    }
    guard let digest = sha256(rules) else { throw .tls(lastTLSError("SHA-256")) }
    return digest
  }
}

extension TLSContext {
  /// Bytes of a file of authorities, or of revocations.
  private static let maxTrustBytes = 16 << 20
}

extension ServerNames.Certificate {
  /// Reads the first certificate of a PEM file.
  init(chainFile: String) throws(NetError) {
    guard let file = BIO_new_file(chainFile, "r") else { throw .tls(lastTLSError(chainFile)) }
    defer { BIO_free(file) }
    guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else {
      throw .tls(lastTLSError(chainFile))
    }
    defer { X509_free(certificate) }
    let found = PeerCertificate(certificate)
    names = Set(found.dnsNames.map { $0.lowercased() } + found.ipAddresses)
    algorithm = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate))
  }
}

// MARK: OpenSSL asks

/// Shows the certificates that are for the name which the client asks for.
private func chooseCertificate(
  _ ssl: OpaquePointer?,
  _ alert: UnsafeMutablePointer<Int32>?,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  if let session = tlsSession(of: ssl) { session.chooseCertificate() }
  return SSL_TLSEXT_ERR_OK
}

private func ticketCiphers(
  _ ssl: OpaquePointer?,
  _ name: UnsafeMutablePointer<UInt8>?,
  _ iv: UnsafeMutablePointer<UInt8>?,
  _ cipher: OpaquePointer?,
  _ mac: OpaquePointer?,
  _ encrypts: Int32
) -> Int32 {
  guard let keys = tlsSession(of: ssl)?.context.ticketKeys, let name, let iv else { return -1 }
  return encrypts == 1
    ? keys.encrypt(name, iv, cipher, mac)
    // A client of TLS 1.3 uses a ticket once, so it gets another each time.
    : keys.decrypt(name, iv, cipher, mac, renews: SSL_version(ssl) == TLS1_3_VERSION)
}

/// Before a ticket is made: writes into its session when that began with a full handshake.
///
/// A client of TLS 1.3 gets a new ticket, with a new lifetime, each time it resumes; only this says
/// how long ago it last had to prove who it is.
private func noteBeginning(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
  guard let session = SSL_get_session(ssl), beginning(of: session) == nil else { return 1 }
  return withUnsafeBytes(of: Int64(time(nil)).bigEndian) {
    SSL_SESSION_set1_ticket_appdata(session, $0.baseAddress, $0.count)
  }
}

/// After a ticket was read: whether its session may go on.
///
/// A resumed session's certificate is not verified again. So a session ends with the certificate, and
/// in any case after `TLSServerConfiguration.ticketLifetime` (RFC 8446, 4.6.1): what follows is a
/// full handshake, with a certificate.
private func judgeTicket(
  _ ssl: OpaquePointer?,
  _ session: OpaquePointer?,
  _ name: UnsafePointer<UInt8>?,
  _ nameCount: Int,
  _ status: Int32,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW, let session else {
    return SSL_TICKET_RETURN_IGNORE_RENEW
  }
  if hasExpired(SSL_SESSION_get0_peer(session)) { return SSL_TICKET_RETURN_IGNORE_RENEW }
  let age = beginning(of: session).map { Int64(time(nil)) - $0 }
  guard let age, age <= SSL_CTX_get_timeout(SSL_get_SSL_CTX(ssl)) else {
    return SSL_TICKET_RETURN_IGNORE_RENEW
  }
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
}

/// When the session began, in seconds of the system's clock; nil before its first ticket.
private func beginning(of session: OpaquePointer) -> Int64? {
  var data: UnsafeMutableRawPointer?
  var count = 0
  guard SSL_SESSION_get0_ticket_appdata(session, &data, &count) == 1, let data,
    count == MemoryLayout<Int64>.size
  else { return nil }
  return Int64(bigEndian: data.loadUnaligned(as: Int64.self))
}

/// Lets an authority pass for whose own issuer there is no list of revocations; the client's
/// certificate itself has to have one.
private func judgeChain(_ isGood: Int32, _ chain: OpaquePointer?) -> Int32 {
  guard isGood == 0, X509_STORE_CTX_get_error(chain) == X509_V_ERR_UNABLE_TO_GET_CRL,
    X509_STORE_CTX_get_error_depth(chain) > 0
  else { return isGood }
  X509_STORE_CTX_set_error(chain, X509_V_OK)
  return 1
}

/// Picks the first of our protocols that the client offers; refuses a client that offers others only.
private func chooseProtocol(
  _ ssl: OpaquePointer?,
  _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ chosenCount: UnsafeMutablePointer<UInt8>?,
  _ offered: UnsafePointer<UInt8>?,
  _ offeredCount: UInt32,
  _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  guard let argument, let chosen else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  let context = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
  var name: UnsafeMutablePointer<UInt8>?
  let result = SSL_select_next_proto(
    &name,
    chosenCount,
    context.protocolNames.baseAddress,
    UInt32(context.protocolNames.count),
    offered,
    offeredCount
  )
  chosen.pointee = UnsafePointer(name)
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
}

internal import COpenSSL
internal import Glibc

/// Keys, certificates and rules that many TLS connections share.
///
/// Immutable, for any thread.
package final class TLSContext: @unchecked Sendable {
  let handle: OpaquePointer
  let isServer: Bool
  /// Our protocols in ALPN's form (RFC 7301, 3.1): each name behind a byte with its length.
  fileprivate let protocolNames: UnsafeMutableBufferPointer<UInt8>

  private init(isServer: Bool, protocols: [ApplicationProtocol]) throws(NetError) {
    ERR_clear_error()
    guard let handle = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
      throw .tls(lastTLSError("SSL_CTX_new"))
    }
    self.handle = handle
    self.isServer = isServer
    let names = protocols.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
    protocolNames = .allocate(capacity: names.count)
    _ = protocolNames.initialize(from: names)
    try setCommonRules()
  }

  deinit {
    SSL_CTX_free(handle)
    protocolNames.deallocate()
  }

  /// Reads the files and checks that they belong together.
  package static func server(
    _ configuration: TLSServerConfiguration
  ) throws(NetError) -> TLSContext {
    let context = try TLSContext(isServer: true, protocols: configuration.applicationProtocols)
    try context.use(
      chain: configuration.certificateChainFile,
      key: configuration.privateKeyFile
    )
    SSL_CTX_set_alpn_select_cb(
      context.handle,
      chooseProtocol,
      Unmanaged.passUnretained(context).toOpaque()
    )
    // Tickets carry the session, so that the server keeps none.
    _ = martlet_SSL_CTX_set_session_cache_mode(context.handle, Int(SSL_SESS_CACHE_OFF))
    SSL_CTX_set_num_tickets(context.handle, 1)
    let name = Array("martlet".utf8)
    SSL_CTX_set_session_id_context(context.handle, name, UInt32(name.count))
    if let roots = configuration.clientTrustRootsFile {
      try context.trust(file: roots)
      SSL_CTX_set_client_CA_list(context.handle, SSL_load_client_CA_file(roots))
      SSL_CTX_set_verify(context.handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    return context
  }

  /// Reads the files.
  package static func client(
    _ configuration: TLSClientConfiguration
  ) throws(NetError) -> TLSContext {
    let context = try TLSContext(isServer: false, protocols: configuration.applicationProtocols)
    switch configuration.trustRoots {
    case .system:
      try context.check(SSL_CTX_set_default_verify_paths(context.handle), "system trust roots")
    case .file(let path):
      try context.trust(file: path)
    }
    if let chain = configuration.certificateChainFile, let key = configuration.privateKeyFile {
      try context.use(chain: chain, key: key)
    }
    let names = context.protocolNames
    // This one call returns 0 for success.
    let refused = SSL_CTX_set_alpn_protos(context.handle, names.baseAddress, UInt32(names.count))
    try context.check(refused == 0 ? 1 : 0, "ALPN")
    SSL_CTX_set_verify(context.handle, SSL_VERIFY_PEER, nil)
    return context
  }

  private func setCommonRules() throws(NetError) {
    try check(martlet_SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION), "TLS 1.2")
    _ = martlet_SSL_CTX_set_default_options(handle)
    // HTTP/2 forbids the other suites of TLS 1.2 (RFC 9113, appendix A); those of 1.3 are all fit.
    try check(
      SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"),
      "cipher list"
    )
    try check(martlet_SSL_CTX_set1_groups_list(handle, "X25519:P-256:P-384"), "groups")
    // Idle connections keep no record buffers: 14 KB each.
    _ = martlet_SSL_CTX_set_mode(handle, Int(SSL_MODE_RELEASE_BUFFERS))
  }

  private func use(chain: String, key: String) throws(NetError) {
    try check(SSL_CTX_use_certificate_chain_file(handle, chain), chain)
    try check(SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM), key)
    try check(SSL_CTX_check_private_key(handle), "\(key) does not belong to \(chain)")
  }

  private func trust(file: String) throws(NetError) {
    try check(SSL_CTX_load_verify_locations(handle, file, nil), file)
  }

  private func check(_ result: Int32, _ what: String) throws(NetError) {
    guard result == 1 else { throw .tls(lastTLSError(what)) }
  }
}

/// The oldest error in OpenSSL's queue of this thread, which is emptied.
func lastTLSError(_ what: String) -> String {
  let code = ERR_get_error()
  ERR_clear_error()
  guard code != 0 else { return what }
  if let reason = ERR_reason_error_string(code) { return "\(what): \(String(cString: reason))" }
  // Errors of the system (no such file) come as an errno with the top bit of an int set.
  let number = Int32(truncatingIfNeeded: code & 0x7fff_ffff)
  return "\(what): \(String(cString: strerror(number)))"
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

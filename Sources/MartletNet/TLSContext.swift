internal import COpenSSL
internal import Glibc

/// Keys, certificates and rules that many TLS connections share.
///
/// Immutable but for what is locked inside; for any thread.
package final class TLSContext: @unchecked Sendable {
  /// The rules, and for a server the certificates shown by default.
  let handle: OpaquePointer
  let isServer: Bool
  /// Our protocols in ALPN's form (RFC 7301, 3.1): each name behind a byte with its length.
  let protocolNames: UnsafeMutableBufferPointer<UInt8>

  // A server's.
  /// Contexts that differ from `handle` in their certificates alone; set while it is made.
  var namedHandles: [OpaquePointer] = []
  var handlesByChoice: [[Int]: OpaquePointer] = [:]
  var serverNames = ServerNames()
  let ticketKeys: TicketKeys?

  // A client's.
  let serverName: String?
  let pinnedKeys: Set<[UInt8]>
  let sessions: ResumableSessions?

  init(
    isServer: Bool,
    protocols: [ApplicationProtocol],
    minimumVersion: TLSVersion,
    ticketKeys: TicketKeys? = nil,
    serverName: String? = nil,
    pinnedKeys: Set<[UInt8]> = [],
    sessions: ResumableSessions? = nil
  ) throws(NetError) {
    handle = try makeContext(isServer: isServer, minimumVersion)
    self.isServer = isServer
    self.ticketKeys = ticketKeys
    self.serverName = serverName
    self.pinnedKeys = pinnedKeys
    self.sessions = sessions
    let names = protocols.flatMap { [UInt8($0.rawValue.utf8.count)] + Array($0.rawValue.utf8) }
    protocolNames = .allocate(capacity: names.count)
    _ = protocolNames.initialize(from: names)
  }

  deinit {
    SSL_CTX_free(handle)
    for handle in namedHandles { SSL_CTX_free(handle) }
    protocolNames.deallocate()
  }
}

// MARK: Rules of both sides

/// An SSL_CTX with what client and server have in common.
func makeContext(isServer: Bool, _ minimum: TLSVersion) throws(NetError) -> OpaquePointer {
  ERR_clear_error()
  guard let handle = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
    throw .tls(lastTLSError("SSL_CTX_new"))
  }
  do throws(NetError) {
    try setCommonRules(handle, minimum)
    return handle
  } catch {
    SSL_CTX_free(handle)
    throw error
  }
}

private func setCommonRules(_ handle: OpaquePointer, _ minimum: TLSVersion) throws(NetError) {
  let version = minimum == .v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION
  try check(martlet_SSL_CTX_set_min_proto_version(handle, version), "TLS version")
  _ = martlet_SSL_CTX_set_default_options(handle)
  // Whatever the system's openssl.cnf says: at least 112 bits of security, so no SHA-1.
  SSL_CTX_set_security_level(handle, 2)
  // HTTP/2 forbids the other suites of TLS 1.2 (RFC 9113, appendix A). AES-128 comes first: it is as
  // safe as the keys that are agreed on, and costs less than AES-256.
  try check(
    SSL_CTX_set_cipher_list(
      handle,
      """
      ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
      ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
      ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
      """
    ),
    "cipher list"
  )
  let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
  try check(SSL_CTX_set_ciphersuites(handle, suites), "cipher suites")
  try check(martlet_SSL_CTX_set1_groups_list(handle, "X25519:P-256:P-384"), "groups")
  let signatures = """
    ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:\
    RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512
    """
  try check(martlet_SSL_CTX_set1_sigalgs_list(handle, signatures), "signature algorithms")
  // Idle connections keep no record buffers: 14 KB each.
  _ = martlet_SSL_CTX_set_mode(handle, Int(SSL_MODE_RELEASE_BUFFERS))
  // A key with a passphrase is an error, not a question on the terminal.
  SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in -1 }
  SSL_CTX_set_info_callback(handle) { ssl, event, _ in
    guard event & SSL_CB_LOOP != 0 else { return }
    tlsSession(of: ssl)?.tookHandshakeStep()
  }
}

/// Makes `handle` show the certificate, besides those of other algorithms that it shows already.
func use(chain: String, key: String, in handle: OpaquePointer) throws(NetError) {
  try check(SSL_CTX_use_certificate_chain_file(handle, chain), chain)
  try check(SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM), key)
  try check(SSL_CTX_check_private_key(handle), "\(key) does not belong to \(chain)")
}

/// Whether there is a certificate and its time is over.
func hasExpired(_ certificate: OpaquePointer?) -> Bool {
  certificate.map { X509_cmp_current_time(X509_get0_notAfter($0)) != 1 } ?? false
}

/// Throws the oldest error in OpenSSL's queue unless `result` is 1.
func check(_ result: Int32, _ what: String) throws(NetError) {
  guard result == 1 else { throw .tls(lastTLSError(what)) }
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

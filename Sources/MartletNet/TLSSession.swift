internal import COpenSSL
internal import Glibc

/// OpenSSL's state of one connection.
///
/// It does no I/O: it reads ciphertext from `input`, which points into the loop's shared buffer
/// while a call lasts, and writes into its transport's output, which takes everything. So OpenSSL
/// never has to wait in the middle of a write.
final class TLSSession {
  /// Ciphertext that has just come.
  ///
  /// OpenSSL uses it all up before a call of ours returns.
  @exclusivity(unchecked) var input = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) unowned(unsafe) var transport: Transport?
  private(set) var sawEnd = false

  let context: TLSContext
  /// Nil while `run` is folded; use `ssl`.
  @exclusivity(unchecked) private var unfolded: OpaquePointer?
  /// What OpenSSL keeps of the connection, where it may be folded.
  private var run: FoldableRun?
  private let handle: OpaquePointer
  private var isDone = false
  private var helloGuard = ClientHelloGuard()
  /// Steps of handshake messages that came after the handshake: new keys, tickets.
  private var lateSteps = 0
  private var bytesRead = 0
  /// Where a client keeps the session for the next time.
  private let place: ResumableSessions.Place?

  /// For a client, `serverName` is what the server's certificate must be for, unless the context
  /// has a name of its own, and `address` is where the server is.
  init(
    _ context: TLSContext,
    serverName: String? = nil,
    address: SocketAddress = .pipe
  ) throws(NetError) {
    self.context = context
    let serverName = context.serverName ?? serverName
    place = serverName.map { ResumableSessions.Place(name: $0, address: address) }
    ERR_clear_error()
    run = OpenSSLMemory.newRun()
    let made = run?.withOpenSSL { SSL_new(context.handle) } ?? SSL_new(context.handle)
    guard let ssl = made else {
      run?.free()
      throw .tls(lastTLSError("SSL_new"))
    }
    handle = ssl
    unfolded = ssl
    guard let method = transportMethod, let bio = BIO_new(method) else {
      throw .tls(lastTLSError("BIO_new"))
    }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    SSL_set_bio(ssl, bio, bio)
    if context.isServer {
      SSL_set_accept_state(ssl)
    } else {
      try expect(serverName: serverName)
      resume()
      SSL_set_connect_state(ssl)
    }
  }

  deinit {
    // Else OpenSSL takes a connection without a close_notify for cut off, and its session for unfit to
    // be resumed: a rule of TLS 1.0, and the very case (a network lost) that we resume sessions for.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    SSL_free(ssl)
    run?.free()
  }

  // MARK: Folding

  private var ssl: OpaquePointer {
    @inline(__always) get { unfolded ?? unfold() }
  }

  /// Gives back what memory the connection can do without until something happens on it.
  func fold() {
    guard unfolded != nil, isDone, run?.fold() == true else { return }
    unfolded = nil
  }

  @inline(never)
  private func unfold() -> OpaquePointer {
    run?.unfold()
    unfolded = handle
    return handle
  }

  private func expect(serverName: String?) throws(NetError) {
    guard let serverName, !serverName.isEmpty else {
      throw .tls("a client must know the server's name")
    }
    if (try? SocketAddress(host: serverName, port: 0)) != nil {
      guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName) == 1 else {
        throw .tls(lastTLSError(serverName))
      }
    } else {
      // A name stands among the alternative ones, and its wildcard for a whole label (RFC 9525, 6.3).
      let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
      SSL_set_hostflags(ssl, UInt32(flags))
      guard SSL_set1_host(ssl, serverName) == 1,
        martlet_SSL_set_tlsext_host_name(ssl, serverName) == 1
      else { throw .tls(lastTLSError(serverName)) }
    }
  }

  // MARK: Sessions and certificates

  private func resume() {
    guard let place, let session = context.sessions?.take(for: place) else { return }
    defer { SSL_SESSION_free(session) }
    // What a resumed session's certificate says is not verified again.
    if hasExpired(SSL_SESSION_get0_peer(session)) { return }
    _ = SSL_set_session(ssl, session)
  }

  /// Keeps what a server's ticket lets us resume; true when the session was taken over.
  func keep(_ session: OpaquePointer) -> Bool {
    guard let place, let sessions = context.sessions, SSL_SESSION_is_resumable(session) == 1
    else { return false }
    sessions.keep(session, for: place)
    return true
  }

  /// A server's: shows the certificates for the name that the client asks for.
  func chooseCertificate() {
    guard let serverName else { return }
    let choice = context.serverNames.choice(for: serverName)
    guard let handle = context.handlesByChoice[choice], handle != context.handle else { return }
    SSL_set_SSL_CTX(ssl, handle)
  }

  /// Whether the handshake went on from an earlier connection's.
  var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  // MARK: Steps

  /// Goes on with the handshake as far as `input` allows; true once it is done.
  func handshake() throws(NetError) -> Bool {
    guard !isDone else { return true }
    guard !awaitsHello || helloGuard.admits(input) else { throw .limit("TLS ClientHello") }
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    guard result == 1 else {
      if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return false }
      throw .tls(failure("handshake"))
    }
    if !context.isServer, applicationProtocol == nil {
      throw .tls("the server agreed to no application protocol")
    }
    isDone = true
    return true
  }

  /// Whether what comes next may be a ClientHello: the first, or the one that answers a
  /// HelloRetryRequest.
  ///
  /// In the last of the states a client of TLS 1.3 without one sends encrypted records.
  private var awaitsHello: Bool {
    guard context.isServer else { return false }
    let state = SSL_get_state(ssl)
    return state == TLS_ST_BEFORE || state == TLS_ST_SR_CLNT_HELLO || state == TLS_ST_EARLY_DATA
  }

  /// Decrypts the next piece into `buffer`; nil when `input` is used up or the peer said its last.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> UnsafeRawBufferPointer?
  {
    forgetErrors()
    var count = 0
    let result = SSL_read_ex(ssl, buffer.baseAddress, buffer.count, &count)
    bytesRead &+= count
    guard lateSteps <= NetLimits.lateHandshakeSteps &+ bytesRead >> 16 else {
      throw .limit("TLS handshake messages after the handshake")
    }
    guard result == 1 else {
      switch SSL_get_error(ssl, result) {
      case SSL_ERROR_WANT_READ:
        return nil
      case SSL_ERROR_ZERO_RETURN:
        sawEnd = true
        return nil
      default:
        throw .tls(failure("read"))
      }
    }
    return UnsafeRawBufferPointer(rebasing: buffer[..<count])
  }

  /// Whether `read` has nothing to give until more input comes, so that asking is a waste.
  var isUsedUp: Bool { input.isEmpty && SSL_has_pending(ssl) == 0 }

  /// Moves the next bytes of `input`; returns how many.
  fileprivate func giveInput(to target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(target.count, input.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[..<count]))
    input = UnsafeRawBufferPointer(rebasing: input[count...])
    return count
  }

  /// OpenSSL took a step of its handshake machine, which runs for late messages too.
  func tookHandshakeStep() {
    if isDone { lateSteps += 1 }
  }

  /// Encrypts all of `bytes` into the transport's output.
  func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) {
    forgetErrors()
    var count = 0
    let result = SSL_write_ex(ssl, bytes.baseAddress, bytes.count, &count)
    guard result == 1, count == bytes.count else { throw .tls(failure("write")) }
  }

  func sendCloseNotify() {
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
  }

  private func failure(_ step: String) -> String {
    let verification = SSL_get_verify_result(ssl)
    guard verification == Int(X509_V_OK) || isDone else {
      ERR_clear_error()
      return "certificate: \(String(cString: X509_verify_cert_error_string(verification)))"
    }
    return lastTLSError(step)
  }

  // MARK: What was agreed

  var applicationProtocol: ApplicationProtocol? {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    let bytes = UnsafeBufferPointer(start: name, count: Int(count))
    return ApplicationProtocol(rawValue: String(decoding: bytes, as: UTF8.self))
  }

  /// The peer's certificate; only one that was verified gets so far.
  var peerCertificate: PeerCertificate? {
    SSL_get0_peer_certificate(ssl).map { PeerCertificate($0) }
  }

  var version: String? { SSL_get_version(ssl).map { String(cString: $0) } }

  var serverName: String? {
    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0).lowercased() }
  }
}

/// OpenSSL wants the thread's queue of errors empty before each step.
///
/// Emptying it writes all of its places, which costs more than decrypting a small message.
private func forgetErrors() {
  if ERR_peek_error() != 0 { ERR_clear_error() }
}

// MARK: The BIO between OpenSSL and a transport

private nonisolated(unsafe) let transportMethod: OpaquePointer? = {
  let type = BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK)
  guard let method = BIO_meth_new(type, "martlet transport") else { return nil }
  BIO_meth_set_create(method) { bio in
    BIO_set_init(bio, 1)
    return 1
  }
  BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
  BIO_meth_set_read_ex(method) { bio, target, count, taken in
    guard let target, let taken, let data = BIO_get_data(bio) else { return 0 }
    martlet_BIO_clear_retry_flags(bio)
    // Twice a record, so nobody counts it: whoever uses OpenSSL holds its session.
    let given = Unmanaged<TLSSession>.fromOpaque(data)._withUnsafeGuaranteedRef {
      $0.giveInput(to: UnsafeMutableRawBufferPointer(start: target, count: count))
    }
    taken.pointee = given
    if given == 0 { martlet_BIO_set_retry_read(bio) }
    return given == 0 ? 0 : 1
  }
  BIO_meth_set_write_ex(method) { bio, source, count, written in
    guard let written, let transport = session(of: bio)?.transport else { return 0 }
    martlet_BIO_clear_retry_flags(bio)
    transport.appendOutput(UnsafeRawBufferPointer(start: source, count: count))
    written.pointee = count
    return 1
  }
  return method
}()

/// The session whose `SSL` a callback was handed.
func tlsSession(of ssl: OpaquePointer?) -> TLSSession? {
  guard let bio = SSL_get_rbio(ssl) else { return nil }
  return session(of: bio)
}

private func session(of bio: OpaquePointer?) -> TLSSession? {
  guard let data = BIO_get_data(bio) else { return nil }
  return Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
}

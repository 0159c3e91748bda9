internal import CNGHTTP2
package import MartletNet

/// The user of a connection.
///
/// Every call comes on the connection's loop.
package protocol HTTP2ConnectionDelegate: AnyObject {
  /// The peer speaks HTTP/2 and its SETTINGS came.
  func connectionDidBecomeReady(_ connection: HTTP2Connection)
  /// Server: a request begins. The stream tells the returned object all that follows.
  func connection(
    _ connection: HTTP2Connection,
    didOpen stream: HTTP2Stream
  ) -> any HTTP2StreamDelegate
  /// The peer will take no new streams; those it did not process are closed with `refusedStream`.
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode)
  /// A stream closed or the peer's settings changed: `openStream` may succeed again.
  func connectionDidChangeCapacity(_ connection: HTTP2Connection)
  /// The last call, after every stream's `streamDidClose`. nil after an orderly end.
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?)
}

/// An HTTP/2 session over a transport, as server or as client.
///
/// Confined to the transport's loop.
///
/// nghttp2 parses and builds frames; this class feeds it what the transport reads, and at the end of
/// a turn moves what it wants to send, frame by frame, into the loop's gather buffer and from there
/// into the transport. nghttp2 calls back from within those two steps only. The callbacks may call
/// into the stream's user, and the user may call any method here: those methods queue frames in
/// nghttp2, which allows that, and never feed, send or free. The session is freed when the transport
/// has closed, from the loop's job list, where no call of nghttp2 can be on the stack.
///
/// The loop keeps a connection alive until it is closed; it keeps its delegate so long.
package final class HTTP2Connection: @unchecked Sendable {
  package enum Role: Sendable { case server, client }
  enum Phase {
    case opening
    /// Plaintext, or TLS without ALPN: the first bytes tell.
    case guessing([UInt8])
    case http1(HTTP1Answer)
    case http2
    case closed
  }

  package let role: Role
  private let shared: HTTP2SharedConfiguration
  package let loop: EventLoop
  /// Set once, in init, after `self` exists, for the transport needs its delegate; held until deinit.
  @exclusivity(unchecked) private var heldTransport: Unmanaged<Transport>?
  @exclusivity(unchecked) private var delegate: (any HTTP2ConnectionDelegate)?

  @exclusivity(unchecked) var phase = Phase.opening
  /// Nil also while it is folded; use `session`.
  @exclusivity(unchecked) private var unfoldedSession: OpaquePointer?
  @exclusivity(unchecked) private var foldedSession: OpaquePointer?
  /// What nghttp2 keeps of the connection, where it may be folded: 9 KB in nghttp2 1.52.
  @exclusivity(unchecked) var run: FoldableRun?
  /// The loop's `SessionMemory`, which outlives the session.
  @exclusivity(unchecked) var blocks: UnsafeMutablePointer<BlockLists>?
  var failure: HTTP2Error?
  @exclusivity(unchecked) var budget: FrameBudget
  @exclusivity(unchecked) var conduct = PeerConduct()
  @exclusivity(unchecked) var pingGuard = PingGuard()
  @exclusivity(unchecked) var progress: FrameProgress

  @exclusivity(unchecked) var firstStream: HTTP2Stream?
  @exclusivity(unchecked) package internal(set) var openStreamCount = 0
  @exclusivity(unchecked) private var woken: [HTTP2Stream] = []

  @exclusivity(unchecked) var unconsumed = 0
  @exclusivity(unchecked) var withheld = 0
  /// Bytes of what nghttp2 is reading that go back to the connection's window when it has read it.
  @exclusivity(unchecked) var consumable = 0
  /// The connection's own window.
  @exclusivity(unchecked) var windowBytes = 0
  /// Bytes that the streams' users wrote and no frame has taken.
  @exclusivity(unchecked) var bufferedBytes = 0
  /// Bytes of the loop's gather buffer in use, during a flush.
  @exclusivity(unchecked) var gathered = 0
  /// Bytes that this flush may still send.
  @exclusivity(unchecked) var flushBudget = 0

  /// From the peer's first SETTINGS until closed.
  @exclusivity(unchecked) package internal(set) var isReady = false
  /// We or the peer sent GOAWAY.
  @exclusivity(unchecked) package internal(set) var isDraining = false
  /// GOAWAY with an error, or `close`: what still comes from the peer is ignored.
  @exclusivity(unchecked) var isClosing = false
  /// The code of our last GOAWAY, from `terminate`, and whether it was sent: nothing follows it.
  @exclusivity(unchecked) var lastGoAway: HTTP2ErrorCode?
  @exclusivity(unchecked) var hasSaidLast = false
  @exclusivity(unchecked) var life: ConnectionLife

  /// Takes over an accepted transport or a pipe's end, and opens it.
  ///
  /// On its loop.
  package convenience init(
    role: Role,
    transport: Transport,
    configuration: HTTP2Configuration = HTTP2Configuration(),
    delegate: any HTTP2ConnectionDelegate
  ) {
    self.init(
      role: role,
      transport: transport,
      shared: HTTP2SharedConfiguration(configuration),
      delegate: delegate
    )
  }

  /// The same with a configuration that many connections share.
  package convenience init(
    role: Role,
    transport: Transport,
    shared: HTTP2SharedConfiguration,
    delegate: any HTTP2ConnectionDelegate
  ) {
    self.init(role, transport.loop, shared, delegate)
    heldTransport = .passRetained(transport)
    transport.open(delegate: self)
  }

  private init(
    _ role: Role,
    _ loop: EventLoop,
    _ shared: HTTP2SharedConfiguration,
    _ delegate: any HTTP2ConnectionDelegate
  ) {
    self.role = role
    self.loop = loop
    self.shared = shared
    self.delegate = delegate
    budget = FrameBudget(shared.value.limits, now: loop.now)
    // Until our session begins, the client's preface has a time of its own.
    progress = FrameProgress(prefaceBytes: role == .server ? 24 : 0, now: loop.now)
    life = ConnectionLife(now: loop.now)
  }

  deinit {
    freeSession()
    heldTransport?.release()
  }

  /// Client: connects to `address`.
  ///
  /// On the loop.
  package static func connect(
    to address: SocketAddress,
    on loop: EventLoop,
    tls: TLSContext? = nil,
    serverName: String? = nil,
    configuration: HTTP2Configuration = HTTP2Configuration(),
    delegate: any HTTP2ConnectionDelegate
  ) -> HTTP2Connection {
    let shared = HTTP2SharedConfiguration(configuration)
    let connection = HTTP2Connection(.client, loop, shared, delegate)
    let transport = Transport.connect(
      to: address,
      on: loop,
      tls: tls,
      serverName: serverName,
      delegate: connection
    )
    connection.heldTransport = .passRetained(transport)
    return connection
  }

  package var transport: Transport { withTransport { $0 } }

  /// The transport for what every message does: it lives as long as `self`, so no use of it counts.
  @inline(__always)
  func withTransport<Result>(_ body: (Transport) -> Result) -> Result {
    guard let heldTransport else { preconditionFailure("set by every initializer") }
    return heldTransport._withUnsafeGuaranteedRef(body)
  }

  package var configuration: HTTP2Configuration { shared.value }

  package var isClosed: Bool {
    if case .closed = phase { return true }
    return false
  }

  // MARK: The session

  /// nghttp2's, from the preface until closed.
  var session: OpaquePointer? {
    @inline(__always) get { unfoldedSession ?? unfoldSession() }
    set { unfoldedSession = newValue }
  }

  @inline(never)
  private func unfoldSession() -> OpaquePointer? {
    guard let foldedSession else { return nil }
    run?.unfold()
    self.foldedSession = nil
    unfoldedSession = foldedSession
    transport.noteUse()
    return foldedSession
  }

  var isFolded: Bool { foldedSession != nil }

  private func freeSession() {
    nghttp2_session_del(session)
    session = nil
    run?.free()
    run = nil
  }

  // MARK: Streams

  /// Client: `openStream` would succeed.
  package var canOpenStream: Bool {
    guard role == .client, let session, !isDraining, !isClosing else { return false }
    let limit = nghttp2_session_get_remote_settings(
      session,
      NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS
    )
    return openStreamCount < Int(limit) && nghttp2_session_check_request_allowed(session) != 0
  }

  /// Client: sends a request's head.
  package func openStream(
    _ headers: HTTP2HeaderList,
    endStream: Bool = false,
    delegate: any HTTP2StreamDelegate
  ) throws(HTTP2Error) -> HTTP2Stream {
    assert(loop.isCurrent)
    guard role == .client, let session, !isDraining, !isClosing,
      nghttp2_session_check_request_allowed(session) != 0
    else { throw .noNewStreams }
    guard canOpenStream else { throw .tooManyStreams }
    guard headers.listBytes <= configuration.limits.maxSentHeaderListBytes else {
      throw .headersTooLong
    }
    let stream = HTTP2Stream(id: -1, connection: self, headersKind: .response)
    let user = Unmanaged.passUnretained(stream).toOpaque()
    var provider = stream.dataProvider()
    let id = headers.withFields { fields, count in
      withUnsafePointer(to: &provider) {
        nghttp2_submit_request(session, nil, fields, count, endStream ? nil : $0, user)
      }
    }
    guard id > 0 else { throw .noNewStreams }
    stream.id = id
    stream.delegate = delegate
    stream.didSubmitRequest(endStream: endStream)
    link(stream)
    if life.watchTimer == nil, isReady { watchLife() }
    transport.setNeedsFlush()
    if id >= configuration.limits.lastStreamID { useUp() }
    return stream
  }

  /// The stream ids are running out (RFC 9113, section 5.1.1): only a new connection has more.
  private func useUp() {
    isDraining = true
    // Not at once: whoever is opening streams shall not lose its connection in the middle of it.
    loop.execute { [self] in
      guard !isClosed else { return }
      delegate?.connection(self, didReceiveGoAway: .noError)
      submitFinalGoAway()
    }
  }

  func link(_ stream: HTTP2Stream) {
    stream.next = firstStream
    firstStream?.previous = stream
    firstStream = stream
    openStreamCount += 1
  }

  func close(_ stream: HTTP2Stream, code: HTTP2ErrorCode) {
    guard !stream.isClosed else { return }
    if let previous = stream.previous {
      previous.next = stream.next
    } else {
      firstStream = stream.next
    }
    stream.next?.previous = stream.previous
    stream.next = nil
    stream.previous = nil
    openStreamCount -= 1
    life.lastStreamClosed = loop.now
    peerLost(stream)
    // nghttp2 may still be using its pointer further up the stack.
    loop.releaseAtEndOfTurn(stream)
    stream.closed(code)
    if isReady, role == .client { delegate?.connectionDidChangeCapacity(self) }
  }

  /// A throttled stream has sent enough; its user hears of it when this flush is over.
  func wake(_ stream: HTTP2Stream) {
    woken.append(stream)
  }

  func wakeStreams() {
    while !woken.isEmpty {
      let batch = woken
      woken.removeAll(keepingCapacity: true)
      for stream in batch { stream.becameWritable() }
    }
  }

  // MARK: What happened

  func becameReady() {
    guard !isReady else { return }
    isReady = true
    if life.isAcknowledged { stopPrefaceTimer() }
    watchLife()
    delegate?.connectionDidBecomeReady(self)
  }

  /// The peer has our SETTINGS.
  func settingsAcknowledged() {
    life.isAcknowledged = true
    if isReady { stopPrefaceTimer() }
  }

  private func stopPrefaceTimer() {
    life.prefaceTimer?.cancel()
    life.prefaceTimer = nil
  }

  /// The peer's SETTINGS, or its acknowledgement of ours, did not come.
  private func prefaceTimedOut() {
    guard isReady else { return fail(.transport(.timeout("HTTP/2 preface"))) }
    terminate(.settingsTimeout, .peerViolation(.settingsTimeout, "SETTINGS not acknowledged"))
  }

  func changedCapacity() {
    if role == .client { delegate?.connectionDidChangeCapacity(self) }
  }

  func receivedGoAway(_ code: HTTP2ErrorCode, _ text: String) {
    isDraining = true
    if code != .noError, failure == nil { failure = .goAway(code, text) }
    delegate?.connection(self, didReceiveGoAway: code)
  }

  func opened(_ stream: HTTP2Stream) {
    link(stream)
    peerOpened(stream.id)
    stream.delegate = delegate?.connection(self, didOpen: stream)
  }
}

// MARK: The transport speaks

extension HTTP2Connection: TransportDelegate {
  package func transportDidOpen(_ transport: Transport) {
    life.lastRead = loop.now
    life.prefaceTimer = loop.schedule(after: configuration.limits.prefaceTimeout) { [self] in
      prefaceTimedOut()
    }
    switch (role, transport.applicationProtocol) {
    case (.client, _), (.server, .http2): startSession()
    case (.server, .http1): phase = .http1(newHTTP1Answer())
    case (.server, nil): phase = .guessing([])
    }
  }

  package func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {
    life.lastRead = loop.now
    life.unansweredSince = nil
    switch phase {
    case .http2:
      feed(bytes)
    case .guessing(var head):
      let known = head.count
      head.append(contentsOf: bytes.prefix(24 - known))
      switch ProtocolGuess(firstBytes: head) {
      case .needsMore: phase = .guessing(head)
      case .http2:
        startSession()
        head.withUnsafeBytes { feed($0) }
        feed(UnsafeRawBufferPointer(rebasing: bytes[(head.count - known)...]))
      case .other:
        phase = .http1(newHTTP1Answer())
        answerHTTP1(head)
        answerHTTP1(bytes[(head.count - known)...])
      }
    case .http1:
      answerHTTP1(bytes)
    case .opening, .closed:
      break
    }
  }

  package func transportDidReachEnd(_ transport: Transport) {
    if case .http2 = phase, openStreamCount > 0 || !isReady {
      return transport.close(error: .closedByPeer)
    }
    transport.closeInOrder()
  }

  package func transportWillFlush(_ transport: Transport) {
    flush()
  }

  package func transportDidFallQuiet(_ transport: Transport) {
    guard let unfoldedSession, run?.fold() == true else { return }
    foldedSession = unfoldedSession
    self.unfoldedSession = nil
  }

  package func transportDidClose(_ transport: Transport, error: NetError?) {
    phase = .closed
    isReady = false
    isClosing = true
    life.cancelTimers()
    while let stream = firstStream { close(stream, code: .connectionLost) }
    freeSession()
    let delegate = self.delegate
    self.delegate = nil
    let pings = life.pings
    life.pings = []
    for ping in pings { ping.completion(nil) }
    delegate?.connectionDidClose(self, error: failure ?? error.map { .transport($0) })
  }

  private func newHTTP1Answer() -> HTTP1Answer {
    HTTP1Answer(
      text: configuration.http1Text,
      maxHeadBytes: configuration.limits.maxHTTP1HeadBytes
    )
  }

  private func answerHTTP1(_ bytes: some Collection<UInt8>) {
    guard case .http1(var answer) = phase else { return }
    let response = answer.receive(bytes)
    phase = .http1(answer)
    guard let response else { return }
    phase = .closed
    response.withUnsafeBytes { transport.write($0) }
    transport.closeInOrder()
  }
}

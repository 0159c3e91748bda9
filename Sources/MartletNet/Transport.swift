internal import CLinux
internal import Glibc

/// Whom a transport tells.
///
/// Every call comes on the transport's loop.
package protocol TransportDelegate: AnyObject {
  /// Connected, and under TLS the handshake is done: bytes may flow.
  ///
  /// Comes once, unless the transport closes first.
  func transportDidOpen(_ transport: Transport)
  /// Bytes came. The buffer is the loop's and is valid only during the call.
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer)
  /// The peer ended its side in order. Nothing more will be read.
  func transportDidReachEnd(_ transport: Transport)
  /// Call `write` now with what there is to say.
  ///
  /// Comes at the end of a turn after `setNeedsFlush()`, and when the kernel has taken all that was
  /// pending.
  func transportWillFlush(_ transport: Transport)
  /// Nothing has come or gone for `NetLimits.foldDelay`: give back what memory can be spared.
  ///
  /// Whoever needs it again says so with `noteUse()`.
  func transportDidFallQuiet(_ transport: Transport)
  /// The last call. `error` is nil after an orderly close by us or by the peer.
  func transportDidClose(_ transport: Transport, error: NetError?)
}

extension TransportDelegate {
  package func transportDidFallQuiet(_ transport: Transport) {}
}

/// A connection that carries bytes: a socket or one end of an in-memory pipe, with or without TLS.
///
/// Bytes go through three places. What a carrier (socket or pipe) brings is read into the loop's
/// shared input buffer; under TLS it is decrypted into another shared buffer; the delegate gets it.
/// What the delegate writes is encrypted into the loop's shared output buffer, which is handed to
/// the carrier before the call returns (or, during a flush, when the flush ends). Only what the
/// carrier does not take is kept, in `pending`.
///
/// Confined to its loop, which keeps it, and it keeps its delegate, until it is closed. Nothing is
/// freed within a call: closing marks, and `transportDidClose` comes from the loop's job list.
package final class Transport: EventSource, @unchecked Sendable {
  enum State { case idle, connecting, handshaking, open, lingering, closed }

  package let loop: EventLoop
  /// Who is at the other end.
  package let peerAddress: SocketAddress
  /// nil before `open` and after `transportDidClose`.
  @exclusivity(unchecked) package private(set) var delegate: (any TransportDelegate)?

  @exclusivity(unchecked) private(set) var state = State.idle
  @exclusivity(unchecked) private var carrier: Carrier
  private let countsAsAccepted: Bool
  private var isCounted = false
  @exclusivity(unchecked) private var tls: TLSSession?
  private var timer: LoopTimer?

  @exclusivity(unchecked) private var pending: [UInt8] = []
  @exclusivity(unchecked) private var pendingStart = 0
  private var watchesWriting = false
  /// Between `pauseReading` and `resumeReading`.
  @exclusivity(unchecked) package private(set) var isReadingPaused = false
  /// Bytes that the carrier has taken, to see whether it takes any.
  @exclusivity(unchecked) package private(set) var sentByteCount: UInt64 = 0
  private var sawEnd = false
  /// When something last happened, good to a turn's length.
  @exclusivity(unchecked) private(set) var lastUse: MonotonicTime
  /// Where the loop's watch for quiet transports holds it; -1 while it does not.
  @exclusivity(unchecked) var watchPlace = -1
  private let folds: Bool
  @exclusivity(unchecked) private var needsFlush = false
  @exclusivity(unchecked) private var isFlushing = false
  private var closesAfterFlush = false
  private var lingerBytes = 0
  /// Its place in its peer's count, until it closes.
  var lease: PeerLease?
  /// The address that the client connected to, where a PROXY header says so.
  var proxiedAddress: SocketAddress?

  init(
    loop: EventLoop,
    carrier: Carrier,
    peerAddress: SocketAddress,
    isAccepted: Bool = false,
    tls: TLSSession? = nil
  ) {
    self.loop = loop
    self.carrier = carrier
    self.peerAddress = peerAddress
    self.tls = tls
    countsAsAccepted = isAccepted
    folds = loop.limits.foldDelay != nil
    lastUse = MonotonicTime(nanoseconds: 0)
    super.init()
    carrier.pipeEnd?.transport = self
  }

  deinit {
    // One that was never opened still owns its descriptor.
    carrier.release()
  }

  // MARK: Opening

  /// Starts an accepted or piped transport, once it has its delegate.
  ///
  /// On the loop.
  package func open(delegate: any TransportDelegate) {
    assert(loop.isCurrent)
    precondition(state == .idle, "a transport opens once")
    self.delegate = delegate
    if countsAsAccepted {
      loop.acceptedCount += 1
      isCounted = true
    }
    guard watchCarrier(events: martlet_epoll_in) else { return }
    beginHandshake()
  }

  /// The client's start: `connect` was called on the socket, its outcome is still to come.
  func awaitConnection(delegate: any TransportDelegate) {
    assert(loop.isCurrent)
    self.delegate = delegate
    state = .connecting
    guard watchCarrier(events: martlet_epoll_out) else { return }
    startTimer(loop.limits.connectTimeout, "connect")
  }

  /// For a transport that failed before it had a carrier: the delegate hears of it all the same.
  func fail(delegate: any TransportDelegate, error: NetError) {
    self.delegate = delegate
    close(error: error)
  }

  private func watchCarrier(events: Int) -> Bool {
    do throws(NetError) {
      switch carrier {
      case .socket(let descriptor):
        try loop.register(self, descriptor: descriptor, events: UInt32(events))
      case .pipe(let end):
        loop.hold(self)
        end.setReading(true)
      case .none:
        throw .closedByPeer
      }
      return true
    } catch {
      close(error: error)
      return false
    }
  }

  private func finishConnecting(_ descriptor: Int32) {
    let code = martlet_socket_error(descriptor)
    guard code == 0 else {
      return close(error: .systemCall(name: "connect", code: code))
    }
    timer?.cancel()
    updateInterest()
    beginHandshake()
  }

  private func beginHandshake() {
    guard let tls else { return didOpen() }
    state = .handshaking
    startTimer(loop.limits.handshakeTimeout, "TLS handshake")
    tls.transport = self
    if countsAsAccepted { loop.handshakes.enter(self)?.close(error: .limit("handshakes")) }
    advance(tls)
  }

  private func didOpen() {
    timer?.cancel()
    timer = nil
    let wasHandshaking = state == .handshaking
    state = .open
    if wasHandshaking, countsAsAccepted { loop.handshakes.leave() }
    updateInterest()
    noteUse()
    delegate?.transportDidOpen(self)
  }

  private func startTimer(_ delay: Duration, _ step: String) {
    timer = loop.schedule(after: delay) { [unowned self] in
      close(error: state == .lingering ? nil : .timeout(step))
    }
  }

  // MARK: What it is

  /// True from `transportDidOpen` until closed.
  package var isOpen: Bool { state == .open }
  package var isClosed: Bool { state == .closed }
  package var isSecure: Bool { tls != nil }
  /// What TLS negotiated; nil without TLS or where the peer sent no ALPN.
  package var applicationProtocol: ApplicationProtocol? { tls?.applicationProtocol }
  /// The peer's verified certificate; read it while the transport is open.
  package var peerCertificate: PeerCertificate? { tls?.peerCertificate }
  /// Whether TLS resumed an earlier connection's session.
  package var isResumed: Bool { tls?.isResumed ?? false }
  /// `TLSv1.3`, `TLSv1.2`; nil without TLS.
  package var tlsVersion: String? { tls?.version }
  /// The name that the client asks for, or asked us for (SNI), in lower case.
  package var serverName: String? { tls?.serverName }
  /// Nil for a pipe, and once closed.
  var socketDescriptor: Int32? {
    if case .socket(let descriptor) = carrier { descriptor } else { nil }
  }
  /// Our end's address; nil once closed.
  package var localAddress: SocketAddress? { proxiedAddress ?? carrier.localAddress }

  // MARK: Events

  override func handleEvents(_ events: UInt32) {
    guard state != .closed, case .socket(let descriptor) = carrier else { return }
    if state == .connecting { return finishConnecting(descriptor) }
    // Later, behind the work of those that are open: epoll will say so again.
    if state == .handshaking, !loop.handshakes.takeStep() { return }
    if events & UInt32(martlet_epoll_in) != 0, !isReadingPaused, !sawEnd {
      readOnce(descriptor)
    } else if events & UInt32(martlet_epoll_error | martlet_epoll_hangup) != 0 {
      // Not reading, so nothing else would tell us, and epoll would repeat it for ever.
      return close(error: sawEnd ? nil : .closedByPeer)
    }
    if events & UInt32(martlet_epoll_out) != 0 { carrierBecameWritable() }
  }

  override func loopWillStop() {
    close(error: .stopped)
  }

  /// One read a turn, so that a busy peer does not keep the others waiting.
  private func readOnce(_ descriptor: Int32) {
    let input = loop.buffers.input
    let count = read(descriptor, input.baseAddress, input.count)
    if count > 0 { return received(UnsafeRawBufferPointer(rebasing: input[..<count])) }
    if count == 0 { return carrierReachedEnd() }
    let code = martlet_errno()
    if code == EAGAIN || code == EINTR { return }
    close(error: code == ECONNRESET ? .closedByPeer : .systemCall(name: "read", code: code))
  }

  /// Bytes from the carrier, which are gone after the call.
  func received(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .open, .handshaking:
      noteUse()
      if let tls {
        tls.input = bytes
        advance(tls)
      } else {
        delegate?.transport(self, didRead: bytes)
      }
    case .lingering:
      lingerBytes += bytes.count
      if lingerBytes > loop.limits.maxLingerBytes { close() }
    case .idle, .connecting, .closed:
      break
    }
  }

  func carrierReachedEnd() {
    guard !sawEnd, state != .closed else { return }
    sawEnd = true
    switch state {
    case .open:
      updateInterest()
      delegate?.transportDidReachEnd(self)
    case .lingering: close()
    case .idle, .connecting, .handshaking: close(error: .closedByPeer)
    case .closed: break
    }
  }

  // MARK: TLS

  /// Lets TLS use up its input: first for the handshake, then for the delegate.
  private func advance(_ tls: TLSSession) {
    do throws(NetError) {
      if state == .handshaking, try tls.handshake() {
        drainOutput()
        // The peer may be gone already, and that was noticed when this was sent.
        if state == .handshaking { didOpen() }
      }
      while state == .open {
        let bytes = try tls.read(into: loop.buffers.plaintext)
        guard let bytes else { break }
        delegate?.transport(self, didRead: bytes)
        if tls.isUsedUp { break }
      }
    } catch {
      // The alert that says why stands in the output.
      drainOutput()
      return close(error: error)
    }
    drainOutput()
    if tls.sawEnd { carrierReachedEnd() }
  }

  // MARK: Writing

  /// Asks for `transportWillFlush` at the end of this turn; cheap to repeat.
  package func setNeedsFlush() {
    assert(loop.isCurrent)
    guard !needsFlush, state == .open else { return }
    needsFlush = true
    loop.flushAtEndOfTurn(self)
  }

  /// Bytes that the peer did not take yet.
  package var pendingByteCount: Int { pending.count - pendingStart }

  /// Sends, or keeps what the carrier does not take.
  ///
  /// Nothing happens unless open.
  package func write(_ bytes: UnsafeRawBufferPointer) {
    assert(loop.isCurrent)
    guard state == .open, !bytes.isEmpty else { return }
    if let tls {
      do throws(NetError) { try tls.write(bytes) } catch { return close(error: error) }
    } else {
      appendOutput(bytes)
    }
    if !isFlushing { drainOutput() }
  }

  func flushAtTurnEnd() {
    needsFlush = false
    guard state == .open else { return }
    noteUse()
    if pendingByteCount == 0 {
      isFlushing = true
      delegate?.transportWillFlush(self)
      isFlushing = false
      drainOutput()
    }
    if closesAfterFlush, pendingByteCount == 0 { beginLinger() }
  }

  /// Adds bytes for the carrier; hands it what there is whenever the shared buffer is full.
  func appendOutput(_ bytes: UnsafeRawBufferPointer) {
    // Closed in the middle of a large write: OpenSSL goes on for a moment.
    guard state != .closed else { return }
    let buffers = loop.buffers
    if buffers.outputOwner !== self {
      buffers.outputOwner?.drainOutput()
      buffers.outputOwner = self
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      if buffers.outputCount == buffers.output.count {
        drainOutput()
        guard state != .closed else { return }
        buffers.outputOwner = self
      }
      let count = min(rest.count, buffers.output.count - buffers.outputCount)
      let room = buffers.output[buffers.outputCount..<buffers.outputCount + count]
      UnsafeMutableRawBufferPointer(rebasing: room)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
      buffers.outputCount += count
      rest = rest.dropFirst(count)
    }
  }

  private func drainOutput() {
    let buffers = loop.buffers
    guard buffers.outputOwner === self else { return }
    let bytes = UnsafeRawBufferPointer(rebasing: buffers.output[..<buffers.outputCount])
    buffers.outputCount = 0
    buffers.outputOwner = nil
    guard state != .closed else { return }
    var sent = 0
    if pendingByteCount == 0 {
      do throws(NetError) { sent = try carrier.send(bytes) } catch { return close(error: error) }
    }
    sentByteCount &+= UInt64(sent)
    guard sent < bytes.count else { return }
    pending.append(contentsOf: bytes[sent...])
    guard pendingByteCount <= loop.limits.maxPendingBytes else {
      return close(error: .limit("maxPendingBytes"))
    }
    setWatchesWriting(true)
  }

  func carrierBecameWritable() {
    while state != .closed, pendingByteCount > 0 {
      let result = pending.withUnsafeBytes { all in
        Result { () throws(NetError) in
          try carrier.send(UnsafeRawBufferPointer(rebasing: all[pendingStart...]))
        }
      }
      switch result {
      case .failure(let error): return close(error: error)
      case .success(0): return
      case .success(let sent):
        pendingStart += sent
        sentByteCount &+= UInt64(sent)
      }
    }
    guard state != .closed else { return }
    pending = []
    pendingStart = 0
    setWatchesWriting(false)
    setNeedsFlush()
  }

  // MARK: Quiet

  /// Something happens here, or in what the delegate keeps of it.
  package func noteUse() {
    lastUse = loop.now
    if watchPlace < 0, folds, state == .open { loop.watchQuiet(self) }
  }

  /// Nothing has happened for a while.
  func fold() {
    guard state == .open, pendingByteCount == 0, !needsFlush else { return }
    tls?.fold()
    delegate?.transportDidFallQuiet(self)
  }

  // MARK: What epoll watches

  /// Stops reading from the next turn on, so that the peer feels it.
  package func pauseReading() {
    assert(loop.isCurrent)
    guard !isReadingPaused else { return }
    isReadingPaused = true
    updateInterest()
  }

  package func resumeReading() {
    assert(loop.isCurrent)
    guard isReadingPaused else { return }
    isReadingPaused = false
    updateInterest()
  }

  private func setWatchesWriting(_ value: Bool) {
    guard value != watchesWriting else { return }
    watchesWriting = value
    updateInterest()
  }

  private func updateInterest() {
    let reads = !isReadingPaused && !sawEnd
    switch carrier {
    case .socket(let descriptor):
      let events = (reads ? martlet_epoll_in : 0) | (watchesWriting ? martlet_epoll_out : 0)
      if place >= 0 { loop.modify(self, descriptor: descriptor, events: UInt32(events)) }
    case .pipe(let end): end.setReading(reads)
    case .none: break
    }
  }

  // MARK: Closing

  /// Sends what is pending, ends our side, reads the peer's rest for a while, then closes.
  ///
  /// The lingering matters: a socket closed with unread bytes sends a reset, which can destroy our
  /// last words on their way.
  package func closeInOrder() {
    assert(loop.isCurrent)
    guard state == .open else {
      if state != .lingering { close() }
      return
    }
    closesAfterFlush = true
    setNeedsFlush()
  }

  private func beginLinger() {
    tls?.sendCloseNotify()
    drainOutput()
    guard state == .open, pendingByteCount == 0 else { return }
    if sawEnd { return close() }
    state = .lingering
    carrier.endWriting()
    if isReadingPaused { resumeReading() }
    startTimer(loop.limits.lingerTimeout, "linger")
  }

  /// Closes now and drops what is pending; `transportDidClose` follows from the loop's job list.
  package func close(error: NetError? = nil) {
    assert(loop.isCurrent)
    guard state != .closed else { return }
    if isCounted { loop.acceptedCount -= 1 }
    isCounted = false
    let wasHandshaking = state == .handshaking
    state = .closed
    loop.unwatchQuiet(self)
    if wasHandshaking, countsAsAccepted { loop.handshakes.leave() }
    lease = nil
    if loop.buffers.outputOwner === self {
      loop.buffers.outputCount = 0
      loop.buffers.outputOwner = nil
    }
    timer?.cancel()
    timer = nil
    pending = []
    pendingStart = 0
    if place >= 0 {
      if case .socket(let descriptor) = carrier {
        loop.unregister(self, descriptor: descriptor)
      } else {
        loop.letGo(self)
      }
    }
    carrier.release()
    loop.execute { [self] in
      let delegate = self.delegate
      self.delegate = nil
      self.tls = nil
      delegate?.transportDidClose(self, error: error)
    }
  }
}

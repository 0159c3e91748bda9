internal import CNGHTTP2
internal import MartletNet

/// Timers and PINGs of one connection.
struct ConnectionLife {
  var lastRead: MonotonicTime
  /// When the first byte was sent that nothing has come after.
  var unansweredSince: MonotonicTime?
  /// When a stalled connection was last asked for a sign of life.
  var lastProbe: MonotonicTime?
  /// Whether the peer's streams have said something since.
  var mayProbe = true
  var lastStreamClosed: MonotonicTime
  var prefaceTimer: LoopTimer?
  /// Whether the peer has acknowledged our SETTINGS.
  var isAcknowledged = false
  var watchTimer: LoopTimer?
  var keepaliveTimer: LoopTimer?
  var drainTimer: LoopTimer?
  var closeTimer: LoopTimer?
  var graceTimer: LoopTimer?
  var frameTimer: LoopTimer?
  var writeTimer: LoopTimer?
  var opened: MonotonicTime
  /// Where in the jitter of its age a connection lies, -1 to 1.
  let ageDraw = Double.random(in: -1...1)
  var lastStreamCheck: MonotonicTime
  var pings: [Ping] = []
  var nextPing: UInt64 = 1

  struct Ping {
    var payload: [UInt8]
    var sent: MonotonicTime
    var completion: (Duration?) -> Void
  }

  init(now: MonotonicTime) {
    lastRead = now
    lastStreamClosed = now
    opened = now
    lastStreamCheck = now
  }

  func cancelTimers() {
    let timers = [
      prefaceTimer, watchTimer, keepaliveTimer, drainTimer, closeTimer, graceTimer, frameTimer,
      writeTimer,
    ]
    for timer in timers { timer?.cancel() }
  }
}

// A connection's life: PING, keepalive, idleness, drain.
extension HTTP2Connection {
  // MARK: PING

  /// Sends a PING; `completion` gets the round trip's time.
  ///
  /// It gets nil if the connection closes first, or at once if `HTTP2Limits.maxPings` are under way.
  package func ping(_ completion: @escaping (Duration?) -> Void) {
    assert(loop.isCurrent)
    guard let session, !isClosing, life.pings.count < configuration.limits.maxPings else {
      return completion(nil)
    }
    let payload = withUnsafeBytes(of: life.nextPing.bigEndian) { Array($0) }
    life.nextPing += 1
    life.pings.append(
      ConnectionLife.Ping(payload: payload, sent: .read(), completion: completion)
    )
    settle(nghttp2_submit_ping(session, noFlags, payload))
  }

  func receivedPong(_ payload: [UInt8]) {
    guard let index = life.pings.firstIndex(where: { $0.payload == payload }) else { return }
    let ping = life.pings.remove(at: index)
    ping.completion(.read() - ping.sent)
  }

  /// A PING of the peer's.
  func receivedPing() {
    guard role == .server, !isClosing else { return }
    let rules = configuration
    let interval = openStreamCount > 0 ? rules.minPingInterval : rules.minIdlePingInterval
    guard let interval, rules.minPingInterval != nil,
      !pingGuard.receivedPing(
        now: loop.now,
        minInterval: interval,
        maxStrikes: rules.maxPingStrikes
      )
    else { return }
    terminate(.enhanceYourCalm, .peerViolation(.enhanceYourCalm, "too_many_pings"))
  }

  // MARK: Keepalive, idleness, age

  /// Looks after the connection now and then.
  ///
  /// One timer that looks at when something last happened is cheaper than one that every frame
  /// pushes back.
  func watchLife() {
    life.watchTimer = nil
    let now = loop.now
    let delays = [
      checkKeepalive(now), checkStall(now), checkIdleness(now), checkAge(now), checkStreams(now),
    ]
    guard let next = delays.compactMap({ $0 }).min(), !isClosing else { return }
    life.watchTimer = loop.schedule(after: next) { [self] in watchLife() }
  }

  /// Each check returns when to look again.
  private func checkKeepalive(_ now: MonotonicTime) -> Duration? {
    guard let interval = configuration.keepaliveInterval else { return nil }
    guard configuration.keepaliveWithoutStreams || openStreamCount > 0 else { return interval }
    let silent = now - life.lastRead
    guard silent >= interval else { return interval - silent }
    if life.keepaliveTimer == nil { sendKeepalive() }
    return interval
  }

  /// A peer that is there acknowledges or answers what it gets sooner or later; one that says
  /// nothing at all is asked.
  ///
  /// Soon, where an answer is owed and none has been asked for since a stream said something; seldom
  /// else, for a server need not bear more. Either way no connection with an open stream is silent
  /// for ever: nothing that the peer said before puts the question off for longer.
  private func checkStall(_ now: MonotonicTime) -> Duration? {
    guard let timeout = configuration.stallTimeout else { return nil }
    // Without a stream an idle process sleeps; the next stream begins the watch anew.
    guard openStreamCount > 0 else { return configuration.keepaliveInterval.map { _ in timeout } }
    let seldom = configuration.stallProbeInterval
    let isOwed = life.unansweredSince != nil || isResponseAwaited
    let silentSince = life.unansweredSince ?? life.lastRead
    var due = silentSince + (isOwed ? timeout : seldom)
    if !(life.mayProbe && isOwed), let last = life.lastProbe { due = max(due, last + seldom) }
    guard due <= now else { return min(timeout, due - now) }
    if life.keepaliveTimer == nil {
      life.mayProbe = false
      life.lastProbe = now
      sendKeepalive()
    }
    return timeout
  }

  /// Whether some stream has heard nothing of its peer yet.
  ///
  /// A frame for the connection alone (PING, SETTINGS, WINDOW_UPDATE) shows that the peer was there,
  /// and answers nobody.
  private var isResponseAwaited: Bool {
    guard role == .client else { return false }
    var stream = firstStream
    while let candidate = stream {
      if candidate.headersKind == .response { return true }
      stream = candidate.next
    }
    return false
  }

  /// What the peer's GOAWAY said, if it named an error.
  package var goAwayText: String? {
    if case .goAway(_, let text) = failure { return text }
    return nil
  }

  private func checkIdleness(_ now: MonotonicTime) -> Duration? {
    guard let maxIdle = configuration.maxIdle, !isDraining else { return nil }
    let idle = openStreamCount > 0 ? .zero : now - life.lastStreamClosed
    if idle < maxIdle { return maxIdle - idle }
    drain()
    return nil
  }

  private func checkAge(_ now: MonotonicTime) -> Duration? {
    guard role == .server, let maxAge = configuration.maxAge, !isDraining else { return nil }
    let age = now - life.opened
    let limit = maxAge * (1 + configuration.ageJitter * life.ageDraw)
    if age < limit { return limit - age }
    drain()
    if let grace = configuration.maxAgeGrace {
      life.graceTimer = loop.schedule(after: grace) { [self] in close() }
    }
    return nil
  }

  /// Ends the streams whose peer has taken none of their bytes for one whole interval.
  private func checkStreams(_ now: MonotonicTime) -> Duration? {
    guard role == .server, let interval = configuration.limits.streamStallTimeout else {
      return nil
    }
    let elapsed = now - life.lastStreamCheck
    guard elapsed >= interval else { return interval - elapsed }
    life.lastStreamCheck = now
    // While the kernel takes nothing, the windows are not to blame.
    guard transport.pendingByteCount == 0 else { return interval }
    var stream = firstStream
    while let candidate = stream {
      stream = candidate.next
      if candidate.stalls() { candidate.reset(.enhanceYourCalm) }
    }
    return interval
  }

  // MARK: Slow peers

  /// Sees to it that a frame which has begun ends in time (a server's defence against "slowloris").
  ///
  /// The timer only looks: what was unfinished when it was set may have ended, and another begun.
  func watchFrames() {
    guard life.frameTimer == nil, progress.unfinished != nil, isReady, !isClosing else { return }
    let limits = configuration.limits
    checkFrames(after: min(limits.headerTimeout, limits.frameTimeout))
  }

  private func checkFrames(after delay: Duration) {
    life.frameTimer = loop.schedule(after: delay) { [self] in
      life.frameTimer = nil
      checkFrames()
    }
  }

  private func checkFrames() {
    guard let unfinished = progress.unfinished, !isClosing else { return }
    // What we do not read may well be there.
    if transport.isReadingPaused { progress.forgive(now: loop.now) }
    let limits = configuration.limits
    let isHead = unfinished == .head
    let left = (isHead ? limits.headerTimeout : limits.frameTimeout) - (loop.now - progress.begun)
    guard left <= .zero else { return checkFrames(after: min(left, limits.headerTimeout)) }
    let name = isHead ? "headerTimeout" : "frameTimeout"
    terminate(.enhanceYourCalm, .peerViolation(.enhanceYourCalm, name))
  }

  /// Cuts a connection whose kernel takes none of the bytes that wait.
  func watchWriting() {
    guard life.writeTimer == nil, transport.pendingByteCount > 0,
      let timeout = configuration.limits.writeStallTimeout
    else { return }
    let before = transport.sentByteCount
    life.writeTimer = loop.schedule(after: timeout) { [self] in
      life.writeTimer = nil
      guard transport.pendingByteCount > 0, transport.sentByteCount == before else {
        return watchWriting()
      }
      transport.close(error: .timeout("the peer takes no bytes"))
    }
  }

  /// Whether a stream may have `count` more bytes waiting.
  func mayBuffer(_ count: Int) -> Bool {
    role == .client || bufferedBytes + count <= configuration.limits.maxBufferedBytes
  }

  /// So many more of the streams' bytes wait, or fewer.
  func bufferedMore(_ count: Int) {
    bufferedBytes += count
    loop.unsentMore(count)
  }

  private func sendKeepalive() {
    life.keepaliveTimer = loop.schedule(after: configuration.keepaliveTimeout) { [self] in
      fail(.keepaliveTimeout)
      // The peer is not there: there is nobody to wait for.
      transport.close()
    }
    ping { [weak self] answer in
      guard answer != nil else { return }
      self?.life.keepaliveTimer?.cancel()
      self?.life.keepaliveTimer = nil
    }
  }

  // MARK: Drain

  /// Takes no new streams, lets those that are open end, then closes.
  ///
  /// A server first sends a notice (a GOAWAY that excludes nothing) and waits a round trip for
  /// requests that were under way; only then comes the GOAWAY that counts (RFC 9113, section 6.8).
  package func drain() {
    assert(loop.isCurrent)
    guard !isDraining else { return }
    guard let session, transport.isOpen else { return transport.closeInOrder() }
    isDraining = true
    guard role == .server else { return submitFinalGoAway() }
    settle(nghttp2_submit_shutdown_notice(session))
    life.drainTimer = loop.schedule(after: configuration.limits.drainNotice) { [self] in
      submitFinalGoAway()
    }
    ping { [weak self] answer in
      guard answer != nil, let self else { return }
      life.drainTimer?.cancel()
      submitFinalGoAway()
    }
  }

  func submitFinalGoAway() {
    guard let session, !isClosing else { return }
    submitGoAway(.noError, session)
  }

  // MARK: What was sent

  /// nghttp2 ends a session by itself when the peer breaks the protocol.
  func sentGoAway(_ code: HTTP2ErrorCode) {
    if code == lastGoAway { hasSaidLast = true }
    guard code != .noError else { return }
    isDraining = true
    if failure == nil { failure = .peerViolation(code, "see RFC 9113, section 7") }
  }

  /// Resets that the peer provoked count as its own ("MadeYouReset", CVE-2025-8671).
  func sentReset(_ code: HTTP2ErrorCode) {
    guard role == .server, code != .noError, code != .cancel else { return }
    charge(.reset)
  }

  func requestNotSent(_ id: Int32) {
    var stream = firstStream
    while let candidate = stream, candidate.id != id { stream = candidate.next }
    if let stream { close(stream, code: .refusedStream) }
  }
}

// MARK: Header lists

extension HTTP2Stream {
  func beginHeaders() {
    isInterim = false
    headerBytes = 0
  }

  /// One field; false when the list has become too long and the stream was reset for it.
  func receivedHeader(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
    // RFC 9113, section 6.5.2: 32 bytes of overhead a field.
    headerBytes += name.count + value.count + 32
    guard headerBytes <= connection.configuration.limits.maxHeaderListBytes else {
      reset(.enhanceYourCalm)
      return false
    }
    // No other pseudo-header is a response's.
    if headersKind == .response, name.first == UInt8(ascii: ":") {
      isInterim = value.first == UInt8(ascii: "1")
    }
    if hearsFrames, !isInterim { delegate?.stream(self, headerName: name, value: value) }
    return true
  }

  func endedHeaders(endStream: Bool) {
    // A server may send as many 1xx as it likes, and they do no work.
    guard !isInterim else { return connection.charge(.idle) }
    let kind = headersKind
    headersKind = .trailers
    connection.life.mayProbe = true
    if hearsFrames { delegate?.stream(self, didEndHeaders: kind, endStream: endStream) }
  }
}

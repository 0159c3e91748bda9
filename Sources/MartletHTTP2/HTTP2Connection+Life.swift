internal import CNGHTTP2
internal import MartletNet

/// Timers and PINGs of one connection.
struct ConnectionLife {
  var lastRead: MonotonicTime
  var lastStreamClosed: MonotonicTime
  var prefaceTimer: LoopTimer?
  /// Whether the peer has acknowledged our SETTINGS.
  var isAcknowledged = false
  var watchTimer: LoopTimer?
  var keepaliveTimer: LoopTimer?
  var drainTimer: LoopTimer?
  var closeTimer: LoopTimer?
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
  }

  func cancelTimers() {
    for timer in [prefaceTimer, watchTimer, keepaliveTimer, drainTimer, closeTimer] {
      timer?.cancel()
    }
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

  // MARK: Keepalive and idleness

  /// Looks after the connection now and then.
  ///
  /// One timer that looks at when something last happened is cheaper than one that every frame
  /// pushes back.
  func watchLife() {
    let now = loop.now
    var next: Duration?
    if let interval = configuration.keepaliveInterval {
      let silent = now - life.lastRead
      if silent >= interval, life.keepaliveTimer == nil { sendKeepalive() }
      next = silent >= interval ? interval : interval - silent
    }
    if let maxIdle = configuration.maxIdle, !isDraining {
      let idle = openStreamCount > 0 ? .zero : now - life.lastStreamClosed
      if idle >= maxIdle { return drain() }
      next = min(next ?? maxIdle, maxIdle - idle)
    }
    guard let next else { return }
    life.watchTimer = loop.schedule(after: next) { [self] in watchLife() }
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

  private func submitFinalGoAway() {
    guard let session, !isClosing else { return }
    let last = nghttp2_session_get_last_proc_stream_id(session)
    let code = HTTP2ErrorCode.noError.rawValue
    settle(nghttp2_submit_goaway(session, noFlags, last, code, nil, 0))
  }

  // MARK: What was sent

  /// nghttp2 ends a session by itself when the peer breaks the protocol.
  func sentGoAway(_ code: HTTP2ErrorCode) {
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
    if headersKind == .response, name.elementsEqual(":status".utf8) {
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
    if hearsFrames { delegate?.stream(self, didEndHeaders: kind, endStream: endStream) }
  }
}

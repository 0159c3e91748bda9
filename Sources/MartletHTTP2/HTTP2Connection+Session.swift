internal import CNGHTTP2
internal import MartletNet

// The connection's dealings with nghttp2: start a session, feed it, let it send, end it.
extension HTTP2Connection {
  func startSession() {
    var option: OpaquePointer?
    guard nghttp2_option_new(&option) == 0, let option else {
      return transport.close(error: .limit("memory"))
    }
    defer { nghttp2_option_del(option) }
    let limits = configuration.limits
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_no_closed_streams(option, 1)
    nghttp2_option_set_max_outbound_ack(option, limits.maxPendingAcknowledgements)
    nghttp2_option_set_max_settings(option, limits.maxSettingsEntries)
    nghttp2_option_set_max_continuations(option, limits.maxContinuations)
    if role == .server {
      nghttp2_option_set_max_deflate_dynamic_table_size(option, limits.maxResponseTableBytes)
    }
    // Behind ours, which says ENHANCE_YOUR_CALM where nghttp2 says INTERNAL_ERROR.
    nghttp2_option_set_stream_reset_rate_limit(
      option,
      UInt64(clamping: 2 * limits.resetBurst),
      UInt64(clamping: limits.resetsPerSecond)
    )
    let user = Unmanaged.passUnretained(self).toOpaque()
    let memory = SessionMemory.of(loop)
    blocks = memory.blocks
    var made: OpaquePointer?
    if loop.limits.foldDelay != nil { run = FoldableRun(pageCount: 3) }
    let code = memory.lend(&run) { memory in
      role == .server
        ? nghttp2_session_server_new3(&made, sessionCallbacks, user, option, memory)
        : nghttp2_session_client_new3(&made, sessionCallbacks, user, option, memory)
    }
    guard code == 0, let made else { return transport.close(error: .limit("memory")) }
    session = made
    phase = .http2
    if role == .client { sendPreface() }
    submitSettings()
  }

  /// A client's session puts the preface into the shared frame buffer when it is made, so it has to
  /// be out of there before the loop makes another session.
  private func sendPreface() {
    var preface: UnsafePointer<UInt8>?
    let count = nghttp2_session_mem_send(session, &preface)
    if count > 0 { transport.write(UnsafeRawBufferPointer(start: preface, count: count)) }
  }

  private func submitSettings() {
    let limits = configuration.limits
    var entries = [
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindowBytes),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes),
    ]
    if limits.maxFrameBytes != 16_384 {
      entries.append(entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, limits.maxFrameBytes))
    }
    switch role {
    case .server:
      entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams))
      // The priority tree of RFC 7540 costs memory and serves nobody.
      entries.append(entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1))
    case .client:
      entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    }
    settle(nghttp2_submit_settings(session, noFlags, entries, entries.count))
    setWindow(limits.connectionWindowBytes)
  }

  private func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
  }

  // MARK: In

  /// Lets nghttp2 read whole frames or parts of them; false when it gives the peer up.
  func give(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let session, let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
      return true
    }
    let used = nghttp2_session_mem_recv(session, start, bytes.count)
    guard used >= 0 else {
      violated(by: Int32(clamping: used))
      return false
    }
    if consumable > 0 {
      check(nghttp2_session_consume_connection(session, consumable))
      consumable = 0
    }
    return true
  }

  /// nghttp2 gave up on what the peer sent.
  private func violated(by code: Int32) {
    let text = String(cString: nghttp2_strerror(code))
    switch nghttp2_error(rawValue: code) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      terminate(.protocolError, .notHTTP2)
    case NGHTTP2_ERR_FLOODED, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      terminate(.enhanceYourCalm, .peerViolation(.enhanceYourCalm, text))
    case NGHTTP2_ERR_NOMEM:
      transport.close(error: .limit("memory"))
    default:
      terminate(.internalError, .peerViolation(.internalError, text))
    }
  }

  /// Counts a frame of the peer's that does no work.
  func charge(_ charge: FrameBudget.Charge, count: Int = 1) {
    guard !isClosing, !budget.spend(charge, count, now: loop.now) else { return }
    let name = charge == .reset ? "resetsPerSecond" : "idleFramesPerSecond"
    terminate(.enhanceYourCalm, .peerViolation(.enhanceYourCalm, name))
  }

  // MARK: Windows

  private func setWindow(_ count: Int) {
    windowBytes = count
    settle(nghttp2_session_set_local_window_size(session, noFlags, 0, Int32(clamping: count)))
  }

  /// One stream may send `count` bytes ahead; the others shall have their room beside it.
  func widen(for count: Int) {
    let limits = configuration.limits
    let width = min(count + limits.connectionWindowBytes, limits.maxConnectionWindowBytes)
    if width > windowBytes { setWindow(width) }
  }

  /// Race: DATA came on a stream that has ended.
  func receivedInVain(_ data: UnsafeRawBufferPointer) {
    consumable += data.count
  }

  func received(_ data: UnsafeRawBufferPointer, on stream: HTTP2Stream) {
    life.mayProbe = true
    unconsumed += data.count
    if unconsumed <= configuration.limits.maxUnconsumedBytes {
      consumable += data.count
    } else {
      withheld += data.count
    }
    stream.received(data)
  }

  /// Returns bytes to a stream's window.
  func giveBack(_ count: Int, on stream: Int32) {
    guard let session else { return }
    settle(nghttp2_session_consume_stream(session, stream, count))
  }

  /// Returns bytes of any stream to the connection's window, from which they may be withheld.
  func giveBack(_ count: Int) {
    unconsumed -= count
    guard withheld > 0, let session,
      unconsumed <= configuration.limits.maxUnconsumedBytes
    else { return }
    settle(nghttp2_session_consume_connection(session, withheld))
    withheld = 0
  }

  // MARK: Out

  /// After something was queued in nghttp2: see that it is sent.
  func settle(_ code: Int32) {
    check(code)
    withTransport { $0.setNeedsFlush() }
  }

  /// Errors short of "out of memory" say that the stream has ended meanwhile; its close is reported.
  func check(_ code: Int32) {
    if code == NGHTTP2_ERR_NOMEM.rawValue { transport.close(error: .limit("memory")) }
  }

  /// Sends what nghttp2 has, as long as the kernel takes it, up to a turn's share.
  func flush() {
    guard let session else { return }
    gathered = 0
    flushBudget = configuration.limits.maxFlushBytesPerTurn
    blocks?.pointee.isSending = true
    let isSound = gatherFrames(session)
    blocks?.pointee.isSending = false
    guard isSound else { return transport.close(error: .limit("memory")) }
    if gathered > 0 { pushGathered() }
    wakeStreams()
    if flushBudget <= 0 { transport.setNeedsFlush() }
    regulateReading()
    watchWriting()
    if hasSaidLast
      || nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    {
      transport.closeInOrder()
    }
  }

  /// Copies frame by frame; false when nghttp2 has no memory left.
  private func gatherFrames(_ session: OpaquePointer) -> Bool {
    while maySendMore {
      var frame: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &frame)
      if count < 0 { return false }
      // DATA frames do not come this way: `gatherData` was called for them meanwhile.
      guard count > 0 else { break }
      gather(UnsafeRawBufferPointer(start: frame, count: count))
      flushBudget -= count
    }
    return true
  }

  private var maySendMore: Bool {
    flushBudget > 0 && !hasSaidLast
      && withTransport { !$0.isClosed && $0.pendingByteCount == 0 }
  }

  /// A DATA frame: its 9 bytes of header, then its payload straight from the stream's queue.
  ///
  /// It always takes the frame, whose header stands in a buffer that all sessions share
  /// (`SessionMemory`); nil, or "pause" when no other frame shall follow it.
  func gatherData(
    header: UnsafeRawBufferPointer,
    count: Int,
    from stream: HTTP2Stream
  ) -> nghttp2_error? {
    guard stream.bufferedBytes >= count else { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE }
    if stream.isInPlace(count, behind: header.count) {
      sendInPlace(header: header, count: count, from: stream)
    } else {
      let target = room(for: header.count + count)
      target.copyMemory(from: header)
      stream.takeOutbound(into: UnsafeMutableRawBufferPointer(rebasing: target[header.count...]))
    }
    flushBudget -= header.count + count
    pingGuard.sentSomething()
    return maySendMore ? nil : NGHTTP2_ERR_PAUSE
  }

  /// Apart, so that small frames do not pay for what it holds.
  @inline(never)
  private func sendInPlace(header: UnsafeRawBufferPointer, count: Int, from stream: HTTP2Stream) {
    stream.takeOutbound(count, behind: header) { frame in
      pushGathered()
      transport.write(frame)
    }
  }

  /// Puts one more piece into the loop's gather buffer.
  func gather(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= loop.gatherBuffer.count else {
      pushGathered()
      return transport.write(bytes)
    }
    room(for: bytes.count).copyMemory(from: bytes)
  }

  /// The next `count` bytes of the gather buffer, which is emptied into the transport if need be.
  func room(for count: Int) -> UnsafeMutableRawBufferPointer {
    if loop.gatherBuffer.count - gathered < count { pushGathered() }
    defer { gathered += count }
    return UnsafeMutableRawBufferPointer(
      rebasing: loop.gatherBuffer[gathered..<gathered + count]
    )
  }

  private func pushGathered() {
    if life.unansweredSince == nil { life.unansweredSince = loop.now }
    guard gathered > 0 else { return }
    transport.write(UnsafeRawBufferPointer(rebasing: loop.gatherBuffer[..<gathered]))
    gathered = 0
  }

  /// Pauses reading while the peer does not take what is said.
  ///
  /// Looked at after every read: as long as the transport holds bytes nothing is flushed, and each
  /// frame that the peer sends meanwhile may queue an answer in nghttp2.
  func regulateReading() {
    guard role == .server else { return }
    let limits = configuration.limits
    let pending = withTransport { $0.pendingByteCount }
    if pending == 0 {
      withTransport { $0.resumeReading() }
    } else if pending > limits.maxOutboundBacklogBytes
      || nghttp2_session_get_outbound_queue_size(session) > limits.maxOutboundBacklogFrames
    {
      transport.pauseReading()
    }
  }

  // MARK: End

  /// GOAWAY with `code`, then close.
  ///
  /// What the peer sends from now on is ignored.
  func terminate(_ code: HTTP2ErrorCode, _ reason: HTTP2Error?) {
    assert(loop.isCurrent)
    guard !isClosing else { return }
    isClosing = true
    isDraining = true
    if failure == nil { failure = reason }
    guard let session, transport.isOpen else { return transport.close() }
    lastGoAway = code
    submitGoAway(code, session, text: reason?.debugText ?? "")
    // So that nghttp2 looks at nothing more, even of what it is reading now; its own GOAWAY, which
    // has no text, is not sent.
    settle(nghttp2_session_terminate_session(session, code.rawValue))
    life.closeTimer = loop.schedule(after: configuration.limits.closeTimeout) { [self] in
      transport.close()
    }
  }

  func submitGoAway(_ code: HTTP2ErrorCode, _ session: OpaquePointer, text: String = "") {
    var text = text
    let last = nghttp2_session_get_last_proc_stream_id(session)
    settle(
      text.withUTF8 {
        nghttp2_submit_goaway(session, noFlags, last, code.rawValue, $0.baseAddress, $0.count)
      }
    )
  }

  func fail(_ reason: HTTP2Error) {
    if failure == nil { failure = reason }
    guard case .http2 = phase else { return transport.close() }
    terminate(.protocolError, reason)
  }

  /// Cuts the connection: GOAWAY with `code` if it can still be sent, all streams closed.
  package func close(_ code: HTTP2ErrorCode = .noError) {
    assert(loop.isCurrent)
    terminate(code, nil)
  }
}

let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)

internal import CNGHTTP2
package import MartletNet

/// What a header list that has just ended was.
package enum HTTP2HeadersKind: Sendable { case request, response, trailers }

/// The user of one stream.
///
/// Every call comes on the connection's loop.
///
/// Buffers are valid only during the call. It is safe to call any method of the stream or of its
/// connection from here: nothing is freed before the turn ends, and nothing calls back at once.
package protocol HTTP2StreamDelegate: AnyObject {
  /// One header field, pseudo-header fields (`:method`, `:path`, `:status`…) included.
  ///
  /// Interim (1xx) responses are not reported.
  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  )
  /// The header list is complete. With `endStream`, `streamDidReachEnd` follows.
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool)
  /// A piece of the body. Give its bytes back with `consume` when they have been used up.
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer)
  /// The peer has said all (after its trailers, if it sent any).
  func streamDidReachEnd(_ stream: HTTP2Stream)
  /// `bufferedBytes` fell to the low-water mark after it had reached the high one.
  func streamDidBecomeWritable(_ stream: HTTP2Stream)
  /// The last call: `noError` once both sides have ended, else the code of the reset.
  ///
  /// `refusedStream` means that the server has not touched the request; `connectionLost` that the
  /// connection ended below the stream.
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode)
}

/// One request and its response.
///
/// Confined to the connection's loop.
///
/// After `streamDidClose`, every method does nothing.
package final class HTTP2Stream: @unchecked Sendable {
  package let loop: EventLoop
  @exclusivity(unchecked) package internal(set) var id: Int32
  package let connection: HTTP2Connection
  /// Released when the stream closes.
  @exclusivity(unchecked) package var delegate: (any HTTP2StreamDelegate)?

  @exclusivity(unchecked) package private(set) var isClosed = false
  /// The peer has ended its side.
  @exclusivity(unchecked) package internal(set) var isRemoteEnded = false

  // The connection's list of its streams.
  @exclusivity(unchecked) var next: HTTP2Stream?
  @exclusivity(unchecked) unowned(unsafe) var previous: HTTP2Stream?

  // What is coming in.
  @exclusivity(unchecked) var headersKind: HTTP2HeadersKind
  @exclusivity(unchecked) var isInterim = false
  @exclusivity(unchecked) var headerBytes = 0
  @exclusivity(unchecked) private(set) var unconsumed = 0
  /// Consumed bytes that nghttp2 does not know of yet.
  @exclusivity(unchecked) private var untold = 0
  /// How far the peer may send ahead.
  @exclusivity(unchecked) private var windowBytes: Int

  // What goes out.
  @exclusivity(unchecked) private var outbound = OutboundQueue()
  @exclusivity(unchecked) private var trailers: HTTP2HeaderList?
  @exclusivity(unchecked) private var isFinished = false
  @exclusivity(unchecked) private var sending = Sending.queued
  @exclusivity(unchecked) private var hasSubmitted = false
  @exclusivity(unchecked) private var isReset = false
  @exclusivity(unchecked) private(set) var isThrottled = false
  /// Bytes wait, and none was taken since the connection last looked.
  @exclusivity(unchecked) private var isStalled = false

  /// What nghttp2 knows of bytes to come.
  private enum Sending {
    /// It will ask for them.
    case queued
    /// It asked before there were any, and waits to be told.
    case deferred
    /// It has sent all there was, and knows of no more: asking once more to hear that there is
    /// nothing would cost as much as a frame.
    case idle
  }

  init(id: Int32, connection: HTTP2Connection, headersKind: HTTP2HeadersKind) {
    self.id = id
    self.connection = connection
    self.headersKind = headersKind
    loop = connection.loop
    windowBytes = connection.configuration.limits.streamWindowBytes
  }

  private var session: OpaquePointer? {
    assert(loop.isCurrent)
    return isReset || isClosed ? nil : connection.session
  }

  // MARK: Out

  /// Sends the response's head; with `endStream` that is all (trailers-only).
  ///
  /// A list over `HTTP2Limits.maxSentHeaderListBytes` resets the stream.
  package func submitResponse(_ headers: HTTP2HeaderList, endStream: Bool = false) {
    guard let session, !hasSubmitted else { return }
    guard isSendable(headers) else { return reset(.internalError) }
    hasSubmitted = true
    isFinished = endStream
    var provider = dataProvider()
    let code = headers.withFields { fields, count in
      withUnsafePointer(to: &provider) {
        nghttp2_submit_response(session, id, fields, count, endStream ? nil : $0)
      }
    }
    settle(code)
  }

  /// For the client: the request has gone to nghttp2.
  func didSubmitRequest(endStream: Bool) {
    hasSubmitted = true
    isFinished = endStream
  }

  func dataProvider() -> nghttp2_data_provider {
    var provider = nghttp2_data_provider()
    provider.source.ptr = Unmanaged.passUnretained(self).toOpaque()
    provider.read_callback = readOutbound
    return provider
  }

  /// Queues a piece of the body; it goes out as flow control allows.
  ///
  /// Takes the array, copies nothing. Ignored after `finish`.
  package func write(_ bytes: [UInt8]) {
    guard session != nil, !isFinished else { return }
    guard connection.mayBuffer(bytes.count) else { return reset(.enhanceYourCalm) }
    connection.bufferedMore(bytes.count)
    outbound.append(bytes)
    if outbound.count >= highWater { isThrottled = true }
    resume()
  }

  /// The same for a piece that is copied: many small ones leave in one DATA frame.
  package func write(copying bytes: UnsafeRawBufferPointer) {
    guard session != nil, !isFinished else { return }
    guard connection.mayBuffer(bytes.count) else { return reset(.enhanceYourCalm) }
    connection.bufferedMore(bytes.count)
    outbound.append(copying: bytes)
    if outbound.count >= highWater { isThrottled = true }
    resume()
  }

  /// Ends our side after what was written, with trailers if there are any.
  ///
  /// Trailers over `HTTP2Limits.maxSentHeaderListBytes` reset the stream.
  package func finish(trailers: HTTP2HeaderList? = nil) {
    guard session != nil, !isFinished else { return }
    guard isSendable(trailers) else { return reset(.internalError) }
    isFinished = true
    self.trailers = trailers
    resume()
  }

  /// Ends both sides at once; `streamDidClose` follows.
  ///
  /// What was not sent is dropped, and nothing more is reported but the close.
  package func reset(_ code: HTTP2ErrorCode) {
    guard let session else { return }
    isReset = true
    let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    settle(nghttp2_submit_rst_stream(session, flag, id, code.rawValue))
  }

  /// Bytes written that no frame has taken yet.
  package var bufferedBytes: Int { outbound.count }
  /// False from the high-water mark until the low-water mark.
  package var isWritable: Bool { !isThrottled && !isClosed && !isFinished }

  private func isSendable(_ headers: HTTP2HeaderList?) -> Bool {
    (headers?.listBytes ?? 0) <= connection.configuration.limits.maxSentHeaderListBytes
  }

  private var highWater: Int { connection.configuration.limits.streamHighWaterBytes }

  private func resume() {
    guard sending != .queued, let session else { return }
    if sending == .deferred {
      settle(nghttp2_session_resume_data(session, id))
    } else if outbound.count == 0, let trailers {
      settle(trailers.withFields { nghttp2_submit_trailer(session, id, $0, $1) })
      self.trailers = nil
    } else {
      // The flag lets the frame end the stream that `nextFrame` says is the last.
      let flag = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
      var provider = dataProvider()
      settle(nghttp2_submit_data(session, flag, id, &provider))
    }
    sending = .queued
  }

  private func settle(_ code: Int32) {
    connection.settle(code)
  }

  // MARK: In

  /// Gives `count` received bytes back to the peer's window.
  ///
  /// Never more than were received; what a closed stream did not consume is given back by itself.
  package func consume(_ count: Int) {
    assert(loop.isCurrent)
    let count = min(count, unconsumed)
    guard count > 0, !isClosed else { return }
    unconsumed -= count
    connection.giveBack(count)
    guard !isRemoteEnded else { return }
    untold += count
    // nghttp2 tells the peer when half of the window is free: every small message need not count.
    guard untold >= windowBytes / 16 else { return }
    connection.giveBack(untold, on: id)
    untold = 0
  }

  /// Opens the stream's window to `count` bytes, and the connection's with it, if they are not so
  /// wide already: that much of one message is still to come, and who waits for it takes it all.
  ///
  /// Otherwise each window's worth would cost a round trip. Up to `HTTP2Limits.maxStreamWindowBytes`;
  /// the stream keeps the window that it has got.
  package func expect(_ count: Int) {
    let width = min(count, connection.configuration.limits.maxStreamWindowBytes)
    guard width > windowBytes, !isRemoteEnded, let session else { return }
    windowBytes = width
    connection.widen(for: width)
    let flag = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    settle(nghttp2_session_set_local_window_size(session, flag, id, Int32(clamping: width)))
  }

  func received(_ data: UnsafeRawBufferPointer) {
    unconsumed += data.count
    if !isReset { delegate?.stream(self, didReceive: data) }
  }

  func reachedEnd() {
    guard !isRemoteEnded else { return }
    isRemoteEnded = true
    if !isReset { delegate?.streamDidReachEnd(self) }
  }

  var hearsFrames: Bool { !isReset }

  func becameWritable() {
    guard isThrottled, !isClosed else { return }
    isThrottled = false
    if !isReset { delegate?.streamDidBecomeWritable(self) }
  }

  /// Whether its bytes have waited since this was last asked, and none was taken.
  func stalls() -> Bool {
    defer { isStalled = outbound.count > 0 }
    return isStalled && outbound.count > 0
  }

  /// The connection has forgotten the stream.
  func closed(_ code: HTTP2ErrorCode) {
    guard !isClosed else { return }
    isClosed = true
    connection.giveBack(unconsumed)
    unconsumed = 0
    connection.bufferedMore(-outbound.count)
    outbound.removeAll()
    trailers = nil
    let delegate = self.delegate
    self.delegate = nil
    delegate?.streamDidClose(self, errorCode: code)
  }

  // MARK: nghttp2 asks for bytes

  /// How many bytes the next DATA frame takes, and what follows it.
  fileprivate func nextFrame(_ limit: Int, _ flags: UnsafeMutablePointer<UInt32>) -> Int {
    guard outbound.count > 0 || isFinished else {
      sending = .deferred
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    let count = min(limit, outbound.count, Self.maxFramePayload)
    if count > 0 { flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue }
    guard count == outbound.count else { return count }
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    guard isFinished else {
      flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      sending = .idle
      return count
    }
    if let trailers, let session {
      flags.pointee |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
      // They leave with the frame that is being made: no further flush has to be asked for.
      connection.check(trailers.withFields { nghttp2_submit_trailer(session, id, $0, $1) })
      self.trailers = nil
    }
    return count
  }

  /// With its header, a frame fills one TLS record.
  private static let maxFramePayload = 16_384 - FrameHead.length
  /// From this size on, a payload is worth a write of its own.
  private static let smallestInPlace = 8 << 10

  /// Moves a frame's payload to where the connection gathers frames.
  func takeOutbound(into target: UnsafeMutableRawBufferPointer) {
    outbound.move(into: target)
    took(target.count)
  }

  /// Whether a frame's payload need not be moved.
  @inline(__always)
  func isInPlace(_ count: Int, behind header: Int) -> Bool {
    count >= Self.smallestInPlace && outbound.isInPlace(count, behind: header)
  }

  /// Gives `body` a frame where its payload stands, if `isInPlace` said so.
  func takeOutbound(
    _ count: Int,
    behind header: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    outbound.take(count, behind: header, body)
    took(count)
  }

  @inline(__always)
  private func took(_ count: Int) {
    connection.bufferedMore(-count)
    isStalled = false
    if isThrottled, outbound.count <= connection.configuration.limits.streamLowWaterBytes {
      connection.wake(self)
    }
  }
}

private func readOutbound(
  _ session: OpaquePointer?,
  _ id: Int32,
  _ buffer: UnsafeMutablePointer<UInt8>?,
  _ limit: Int,
  _ flags: UnsafeMutablePointer<UInt32>?,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?,
  _ user: UnsafeMutableRawPointer?
) -> Int {
  guard let pointer = source?.pointee.ptr, let flags else {
    return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }
  return Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef {
    $0.nextFrame(limit, flags)
  }
}

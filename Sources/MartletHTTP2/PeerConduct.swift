internal import CNGHTTP2
internal import MartletNet

/// What is remembered of a peer's streams after they have ended, to tell its violations from races.
///
/// nghttp2 could keep closed streams for this, at some 200 bytes each; three numbers do.
struct PeerConduct {
  /// The highest stream that the peer has opened.
  private(set) var newestStream: Int32 = 0
  /// Which of the 64 newest streams are open, the newest in the lowest bit: spares the look-up for
  /// most frames.
  private var openStreams: UInt64 = 0
  /// The highest stream that we ended before the peer had ended its side.
  ///
  /// Race: its frames, and for want of a longer memory those of earlier streams, may have been under
  /// way.
  var newestCutShort: Int32 = 0

  mutating func opened(_ id: Int32) {
    guard id > newestStream else { return }
    openStreams = openStreams << age(id: newestStream, newest: id) | 1
    newestStream = id
  }

  mutating func closed(_ id: Int32) {
    if id <= newestStream { openStreams &= ~(1 << age(id: id, newest: newestStream)) }
  }

  /// Whether the stream, which the peer has opened, is known to be open; false also if that was long
  /// ago.
  func isOpen(_ id: Int32) -> Bool {
    openStreams >> age(id: id, newest: newestStream) & 1 == 1
  }

  /// How many streams of the peer's have come after it: their numbers are odd.
  private func age(id: Int32, newest: Int32) -> Int32 { newest >> 1 - id >> 1 }
}

extension HTTP2Connection {
  /// Gives the peer's bytes to nghttp2, and looks at each of their frames before that does.
  func feed(_ bytes: UnsafeRawBufferPointer) {
    guard session != nil, !isClosing, !bytes.isEmpty else { return }
    var given = 0
    var position = 0
    var ended: Int32 = 0
    var newest = conduct.newestStream
    while let head = progress.next(in: bytes, &position, now: loop.now) {
      let isOld = head.isHeaders ? head.stream <= newest : head.isData && head.stream == ended
      if isOld {
        // What is right for this frame hangs on those before it: nghttp2 gets them first.
        let start = max(given, position - FrameHead.length)
        guard give(UnsafeRawBufferPointer(rebasing: bytes[given..<start])) else { return }
        given = start
      }
      peerBegan(head)
      if head.isPriority { peerDepends(head, bytes[position...]) }
      guard !isClosing else { return }
      if head.isHeaders { newest = max(newest, head.stream) }
      if head.endsStream { ended = head.stream }
    }
    guard give(UnsafeRawBufferPointer(rebasing: bytes[given...])) else { return }
    withTransport { $0.setNeedsFlush() }
    regulateReading()
    if role == .server { watchFrames() }
  }

  /// A frame begins: counts one that does no work, and ends the connection for one that cannot be.
  private func peerBegan(_ frame: FrameHead) {
    switch nghttp2_frame_type(rawValue: UInt32(frame.type)) {
    case NGHTTP2_CONTINUATION, NGHTTP2_WINDOW_UPDATE: break
    case NGHTTP2_HEADERS: peerUses(frame.stream)
    case NGHTTP2_DATA:
      if frame.payloadLength == 0, !frame.endsStream { charge(.idle) }
      peerUses(frame.stream)
    case NGHTTP2_RST_STREAM: peerResets(frame.stream)
    case NGHTTP2_SETTINGS: charge(.idle, count: 1 + frame.payloadLength / settingsEntryLength)
    case NGHTTP2_PRIORITY where frame.stream == 0:
      // nghttp2 ignores PRIORITY altogether (RFC 9113, section 6.3).
      terminate(.protocolError, .peerViolation(.protocolError, "PRIORITY on stream 0"))
    default: charge(.idle)
    }
  }

  /// PRIORITY, of which nothing counts but that no stream depends on itself (RFC 7540, section
  /// 5.3.1); HEADERS that do are nghttp2's.
  ///
  /// A frame that is cut in two is not looked at: nothing hangs on it.
  private func peerDepends(_ frame: FrameHead, _ payload: Slice<UnsafeRawBufferPointer>) {
    let bytes = UnsafeRawBufferPointer(rebasing: payload)
    guard role == .server, bytes.count >= 4 else { return }
    let other = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) & 0x7fff_ffff
    guard other == UInt32(frame.stream), frame.payloadLength == 5 else { return }
    terminate(.protocolError, .peerViolation(.protocolError, "a stream depends on itself"))
  }

  /// A stream ends.
  ///
  /// A client's reset may end work that was only begun. A server's ends a request of ours, if there
  /// is one: it may refuse, or answer early, as many as we send.
  private func peerResets(_ id: Int32) {
    if role == .server { return charge(.reset) }
    if nghttp2_session_get_stream_user_data(session, id) == nil { charge(.idle) }
  }

  /// DATA that was all padding.
  func peerPadded(_ frame: nghttp2_data) {
    let isEmpty = frame.hd.length > 0 && Int(frame.hd.length) == frame.padlen
    if isEmpty, UInt32(frame.hd.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0 { charge(.idle) }
  }

  func peerOpened(_ id: Int32) {
    conduct.opened(id)
  }

  func peerLost(_ stream: HTTP2Stream) {
    if role == .server { conduct.closed(stream.id) }
    if !stream.isRemoteEnded { cutShort(stream.id) }
  }

  func cutShort(_ id: Int32) {
    conduct.newestCutShort = max(conduct.newestCutShort, id)
  }

  /// HEADERS or DATA on a stream that the peer itself has ended, or has passed over, are an error of
  /// the connection (RFC 9113, sections 5.1 and 5.1.1).
  private func peerUses(_ id: Int32) {
    guard role == .server, id <= conduct.newestStream, id > conduct.newestCutShort, id & 1 == 1,
      !conduct.isOpen(id), nghttp2_session_get_stream_user_data(session, id) == nil
    else { return }
    terminate(.streamClosed, .peerViolation(.streamClosed, "a frame on a stream that has ended"))
  }
}

private let settingsEntryLength = 6

extension FrameHead {
  fileprivate var isData: Bool { type == UInt8(NGHTTP2_DATA.rawValue) }
  fileprivate var isHeaders: Bool { type == UInt8(NGHTTP2_HEADERS.rawValue) }
  fileprivate var isPriority: Bool { type == UInt8(NGHTTP2_PRIORITY.rawValue) }

  /// Whether the peer says nothing more on the stream after it.
  fileprivate var endsStream: Bool {
    if type == UInt8(NGHTTP2_RST_STREAM.rawValue) { return true }
    return (isData || isHeaders) && UInt32(flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
  }
}

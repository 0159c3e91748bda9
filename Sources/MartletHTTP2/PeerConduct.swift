internal import CNGHTTP2

/// What is remembered of a peer's streams after they have ended, to tell its violations from races.
///
/// nghttp2 could keep closed streams for this, at some 200 bytes each; three numbers do.
struct PeerConduct {
  /// The highest stream that the peer has opened.
  var newestStream: Int32 = 0
  /// Spares the look-up for the frames that follow a request's head.
  var isNewestOpen = false
  /// The highest stream that we ended before the peer had ended its side.
  ///
  /// Race: its frames, and for want of a longer memory those of earlier streams, may have been under
  /// way.
  var newestCutShort: Int32 = 0
}

extension HTTP2Connection {
  /// A frame begins: counts one that does no work, and ends the connection for one that cannot be.
  func peerBegan(_ frame: nghttp2_frame_hd) {
    let endsStream = UInt32(frame.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
    switch nghttp2_frame_type(rawValue: UInt32(frame.type)) {
    case NGHTTP2_CONTINUATION, NGHTTP2_WINDOW_UPDATE: break
    case NGHTTP2_HEADERS: peerUses(frame.stream_id)
    case NGHTTP2_DATA:
      if frame.length == 0, !endsStream { charge(.idle) }
      peerUses(frame.stream_id)
    case NGHTTP2_RST_STREAM: charge(.reset)
    case NGHTTP2_SETTINGS: charge(.idle, count: 1 + Int(frame.length) / settingsEntryLength)
    case NGHTTP2_PRIORITY where frame.stream_id == 0:
      // nghttp2 ignores PRIORITY altogether (RFC 9113, section 6.3).
      terminate(.protocolError, .peerViolation(.protocolError, "PRIORITY on stream 0"))
    default: charge(.idle)
    }
  }

  /// DATA that was all padding.
  func peerPadded(_ frame: nghttp2_data) {
    let isEmpty = frame.hd.length > 0 && Int(frame.hd.length) == frame.padlen
    if isEmpty, UInt32(frame.hd.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0 { charge(.idle) }
  }

  func peerOpened(_ id: Int32) {
    conduct.newestStream = max(conduct.newestStream, id)
    conduct.isNewestOpen = true
  }

  func peerLost(_ stream: HTTP2Stream) {
    if stream.id == conduct.newestStream { conduct.isNewestOpen = false }
    if !stream.isRemoteEnded { cutShort(stream.id) }
  }

  func cutShort(_ id: Int32) {
    conduct.newestCutShort = max(conduct.newestCutShort, id)
  }

  /// HEADERS or DATA on a stream that the peer itself has ended, or has passed over, are an error of
  /// the connection (RFC 9113, sections 5.1 and 5.1.1).
  private func peerUses(_ id: Int32) {
    guard role == .server, id <= conduct.newestStream, id > conduct.newestCutShort, id & 1 == 1,
      !(id == conduct.newestStream && conduct.isNewestOpen), !isClosing,
      nghttp2_session_get_stream_user_data(session, id) == nil
    else { return }
    terminate(.streamClosed, .peerViolation(.streamClosed, "a frame on a stream that has ended"))
  }
}

private let settingsEntryLength = 6

internal import MartletNet

/// Follows a peer's frames, byte by byte, to know whether it has stopped in the middle of one.
///
/// A value without I/O. It looks at heads (RFC 9113, section 4.1) and judges nothing. nghttp2 does,
/// but passes over some frames without a word: those of unknown types, and DATA on streams that have
/// ended. Whoever is to count them has to see them himself.
struct FrameProgress {
  /// What was begun and is not complete.
  enum Unfinished: Equatable {
    /// A frame's header, or a header block with all its frames.
    case head
    /// Any other frame.
    case frame
  }

  private var payloadLeft: Int
  /// Bytes of a frame's header that have come, if not all of them have.
  private var headCount = 0
  /// Length, type and flags, the first five bytes of the header.
  private var head: UInt64 = 0
  /// The stream, the last four.
  private var stream: UInt32 = 0
  private var isBlockOpen = false
  private var isHeaders = false
  /// When the unfinished frame, or the header block that it belongs to, began.
  private(set) var begun: MonotonicTime

  /// `prefaceBytes` are before the first frame.
  init(prefaceBytes: Int, now: MonotonicTime) {
    payloadLeft = prefaceBytes
    begun = now
  }

  var unfinished: Unfinished? {
    if isBlockOpen || headCount > 0 { return .head }
    guard payloadLeft > 0 else { return nil }
    return isHeaders ? .head : .frame
  }

  /// Starts the clock anew: what is missing may have come, and we did not read it.
  mutating func forgive(now: MonotonicTime) {
    begun = now
  }

  /// The next head that is complete within `bytes` from `position` on, which moves behind it; nil at
  /// the end of `bytes`.
  mutating func next(
    in bytes: UnsafeRawBufferPointer,
    _ position: inout Int,
    now: MonotonicTime
  ) -> FrameHead? {
    while position < bytes.count {
      if payloadLeft > 0 {
        let step = min(payloadLeft, bytes.count - position)
        payloadLeft -= step
        position += step
      } else if headCount == 0, bytes.count - position >= FrameHead.length {
        if !isBlockOpen { begun = now }
        let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        let low = bytes.loadUnaligned(fromByteOffset: position + 5, as: UInt32.self)
        position += FrameHead.length
        return beginFrame(UInt64(bigEndian: word) >> 24, UInt32(bigEndian: low))
      } else {
        takeHeadByte(bytes[position], now)
        position += 1
        if headCount == 0 { return beginFrame(head, stream) }
      }
    }
    return nil
  }

  private mutating func takeHeadByte(_ byte: UInt8, _ now: MonotonicTime) {
    if headCount == 0 {
      head = 0
      if !isBlockOpen { begun = now }
    }
    if headCount < 5 {
      head = head << 8 | UInt64(byte)
    } else {
      stream = stream << 8 | UInt32(byte)
    }
    headCount = (headCount + 1) % FrameHead.length
  }

  private mutating func beginFrame(_ head: UInt64, _ stream: UInt32) -> FrameHead {
    payloadLeft = Int(head >> 16)
    let frame = FrameHead(
      payloadLength: payloadLeft,
      type: UInt8(truncatingIfNeeded: head >> 8),
      flags: UInt8(truncatingIfNeeded: head),
      // The highest bit means nothing.
      stream: Int32(truncatingIfNeeded: stream & 0x7fff_ffff)
    )
    // HEADERS or CONTINUATION, and END_HEADERS.
    isHeaders = frame.type == 1 || frame.type == 9
    isBlockOpen = isHeaders && frame.flags & 4 == 0
    return frame
  }
}

/// The first nine bytes of a frame.
struct FrameHead {
  static let length = 9

  var payloadLength: Int
  var type: UInt8
  var flags: UInt8
  var stream: Int32
}

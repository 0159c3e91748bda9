internal import MartletNet

/// Follows a peer's frames, byte by byte, to know whether it has stopped in the middle of one.
///
/// A value without I/O. It looks at lengths, types and flags (RFC 9113, section 4.1) and judges
/// nothing: that is nghttp2's.
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

  mutating func received(_ bytes: UnsafeRawBufferPointer, now: MonotonicTime) {
    var index = 0
    while index < bytes.count {
      if payloadLeft > 0 {
        let step = min(payloadLeft, bytes.count - index)
        payloadLeft -= step
        index += step
      } else if headCount == 0, bytes.count - index >= 9 {
        if !isBlockOpen { begun = now }
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        beginFrame(UInt64(bigEndian: word) >> 24)
        index += 9
      } else {
        takeHeadByte(bytes[index], now)
        index += 1
      }
    }
  }

  private mutating func takeHeadByte(_ byte: UInt8, _ now: MonotonicTime) {
    if headCount == 0 {
      head = 0
      if !isBlockOpen { begun = now }
    }
    if headCount < 5 { head = head << 8 | UInt64(byte) }
    headCount += 1
    guard headCount == 9 else { return }
    headCount = 0
    beginFrame(head)
  }

  private mutating func beginFrame(_ head: UInt64) {
    payloadLeft = Int(head >> 16)
    let type = head >> 8 & 0xff
    // HEADERS or CONTINUATION, and END_HEADERS.
    isHeaders = type == 1 || type == 9
    isBlockOpen = isHeaders && head & 4 == 0
  }
}

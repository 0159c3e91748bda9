/// The five bytes before each message: one of flags, four of length (PROTOCOL-HTTP2.md, "Length-
/// Prefixed-Message").
package enum Envelope {
  package static let prefixLength = 5

  /// Writes the prefix over the first five bytes of `frame`, whose other bytes are the message.
  package static func seal(_ frame: inout [UInt8], isCompressed: Bool = false) {
    precondition(frame.count >= prefixLength && frame.count - prefixLength <= UInt32.max)
    let length = UInt32(frame.count - prefixLength)
    frame[0] = isCompressed ? 1 : 0
    frame[1] = UInt8(truncatingIfNeeded: length >> 24)
    frame[2] = UInt8(truncatingIfNeeded: length >> 16)
    frame[3] = UInt8(truncatingIfNeeded: length >> 8)
    frame[4] = UInt8(truncatingIfNeeded: length)
  }
}

/// Why the bytes of a stream are not the next message.
package enum EnvelopeError: Error, Hashable {
  /// The prefix announces more bytes than are allowed.
  ///
  /// Nothing was reserved for them.
  case tooLarge(length: Int, limit: Int)
}

/// Cuts a stream of bytes, which may arrive split anywhere, into messages.
///
/// It knows the prefix and nothing of what its flags mean. It holds the bytes that were appended
/// and not yet taken, no more: a length that lies costs no memory, and how far the peer may send
/// ahead is flow control's business.
package struct EnvelopeReader {
  /// The largest message taken, bytes.
  package let maxMessageBytes: Int

  private var bytes: [UInt8] = []
  private var start = 0

  /// Above this an empty buffer is given back rather than kept for the next message.
  private static let keptCapacity = 4096

  package init(maxMessageBytes: Int) {
    self.maxMessageBytes = maxMessageBytes
  }

  /// Bytes appended and not yet taken.
  package var bufferedBytes: Int { bytes.count - start }

  /// Whether `take` would give a message or throw: it has no need of more bytes.
  package var isReady: Bool {
    front != .incomplete
  }

  /// What stands at the front, for who must judge it before taking it.
  package enum Front: Hashable {
    /// Less than a message.
    case incomplete
    /// A message, and whether bytes of another follow it.
    case message(isFollowed: Bool)
    /// A prefix that announces too much.
    case tooLarge(length: Int)
  }

  package var front: Front {
    guard let length = announcedLength else { return .incomplete }
    guard length <= maxMessageBytes else { return .tooLarge(length: length) }
    let extra = bufferedBytes - Envelope.prefixLength - length
    return extra < 0 ? .incomplete : .message(isFollowed: extra > 0)
  }

  package mutating func append(_ chunk: UnsafeRawBufferPointer) {
    if start > 0, start >= bytes.count / 2 {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes.append(contentsOf: chunk)
  }

  /// Gives the next whole message to `body`; nil when its bytes have not all arrived.
  package mutating func take<Result>(
    _ body: (_ flags: UInt8, _ message: UnsafeRawBufferPointer) -> Result
  ) throws(EnvelopeError) -> Result? {
    guard let length = announcedLength else { return nil }
    guard length <= maxMessageBytes else {
      throw .tooLarge(length: length, limit: maxMessageBytes)
    }
    guard bufferedBytes - Envelope.prefixLength >= length else { return nil }
    let flags = bytes[start]
    let first = start + Envelope.prefixLength
    let result = bytes.withUnsafeBytes { buffer in
      body(flags, UnsafeRawBufferPointer(rebasing: buffer[first..<first + length]))
    }
    start = first + length
    if start == bytes.count { removeAll() }
    return result
  }

  /// Forgets what was not taken.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
    start = 0
  }

  private var announcedLength: Int? {
    guard bufferedBytes >= Envelope.prefixLength else { return nil }
    return Int(bytes[start + 1]) << 24 | Int(bytes[start + 2]) << 16
      | Int(bytes[start + 3]) << 8 | Int(bytes[start + 4])
  }
}

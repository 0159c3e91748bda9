internal import Glibc

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

  /// The same for a message that is not compressed, in any memory.
  static func seal(_ frame: UnsafeMutableRawBufferPointer) {
    precondition(frame.count >= prefixLength && frame.count - prefixLength <= UInt32.max)
    let length = UInt32(frame.count - prefixLength)
    frame.storeBytes(of: 0, as: UInt8.self)
    frame.storeBytes(of: length.bigEndian, toByteOffset: 1, as: UInt32.self)
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
package struct EnvelopeReader: ~Copyable {
  /// The largest message taken, bytes.
  package let maxMessageBytes: Int

  /// What arrived and was not taken stands from `start` to `end`.
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private var end = 0

  private static let firstCapacity = 128
  /// Above this an empty buffer is given back rather than kept for the next message.
  private static let keptCapacity = 1024

  package init(maxMessageBytes: Int) {
    self.maxMessageBytes = maxMessageBytes
  }

  deinit { free(memory) }

  /// Bytes appended and not yet taken.
  package var bufferedBytes: Int { end - start }

  /// Whether `take` would give a message or throw: it has no need of more bytes.
  package var isReady: Bool {
    guard let length = announcedLength else { return false }
    return length > maxMessageBytes || bufferedBytes - Envelope.prefixLength >= length
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

  /// How much of the message at the front is still to come, bytes; 0 while its length is unknown or
  /// too much.
  package var missingBytes: Int {
    guard let length = announcedLength, length <= maxMessageBytes else { return 0 }
    return max(0, Envelope.prefixLength + length - bufferedBytes)
  }

  /// Bytes of memory taken: at most four times what arrived, whatever a prefix announces.
  package var reservedBytes: Int { capacity }

  package mutating func append(_ chunk: UnsafeRawBufferPointer) {
    guard let source = chunk.baseAddress, chunk.count > 0 else { return }
    if capacity - end < chunk.count { makeRoom(for: chunk.count) }
    memory?.advanced(by: end).copyMemory(from: source, byteCount: chunk.count)
    end += chunk.count
  }

  /// The next message where it stands, if all of it is here and its flags are 0; valid until the
  /// reader changes.
  @inline(__always)
  package var plainFront: UnsafeRawBufferPointer? {
    guard let memory, let length = announcedLength, length <= maxMessageBytes,
      bufferedBytes - Envelope.prefixLength >= length,
      memory.load(fromByteOffset: start, as: UInt8.self) == 0
    else { return nil }
    return UnsafeRawBufferPointer(start: memory + start + Envelope.prefixLength, count: length)
  }

  /// Takes away the next message, which is `length` bytes long.
  @inline(__always)
  package mutating func dropFront(length: Int) {
    precondition(length + Envelope.prefixLength <= bufferedBytes, "the message is all here")
    start += Envelope.prefixLength + length
    if start == end { removeAll() }
  }

  /// Gives the next whole message to `body`; nil when its bytes have not all arrived.
  package mutating func take<Result>(
    _ body: (_ flags: UInt8, _ message: UnsafeRawBufferPointer) -> Result
  ) throws(EnvelopeError) -> Result? {
    guard let memory, let length = announcedLength else { return nil }
    guard length <= maxMessageBytes else {
      throw .tooLarge(length: length, limit: maxMessageBytes)
    }
    guard bufferedBytes - Envelope.prefixLength >= length else { return nil }
    let flags = memory.load(fromByteOffset: start, as: UInt8.self)
    let first = memory + start + Envelope.prefixLength
    let result = body(flags, UnsafeRawBufferPointer(start: first, count: length))
    dropFront(length: length)
    return result
  }

  /// The whole messages that were not taken, and their bytes.
  ///
  /// - Complexity: O(messages).
  package var untaken: (messages: Int, bytes: Int) {
    var (messages, bytes) = (0, 0)
    var place = start
    while let memory, end - place >= Envelope.prefixLength {
      let announced = memory.loadUnaligned(fromByteOffset: place + 1, as: UInt32.self)
      let length = Int(UInt32(bigEndian: announced))
      guard length <= maxMessageBytes, end - place - Envelope.prefixLength >= length else { break }
      place += Envelope.prefixLength + length
      messages += 1
      bytes += length
    }
    return (messages, bytes)
  }

  /// All that was not taken.
  package var buffered: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.map { $0 + start }, count: memory == nil ? 0 : end - start)
  }

  /// The whole messages at the front whose flags are 0, up to `maxBytes` with their prefixes, and
  /// how many they are; valid until the reader changes.
  package func plainMessages(maxBytes: Int) -> (bytes: UnsafeRawBufferPointer, count: Int) {
    var (count, place) = (0, start)
    while let memory, end - place >= Envelope.prefixLength {
      let announced = memory.loadUnaligned(fromByteOffset: place + 1, as: UInt32.self)
      let length = Int(UInt32(bigEndian: announced))
      let next = place + Envelope.prefixLength + length
      guard memory.load(fromByteOffset: place, as: UInt8.self) == 0, length <= maxMessageBytes,
        next <= end, next - start <= maxBytes
      else { break }
      place = next
      count += 1
    }
    return (UnsafeRawBufferPointer(rebasing: buffered.prefix(place - start)), count)
  }

  /// Takes away bytes of whole messages.
  package mutating func drop(bytes: Int) {
    precondition(bytes <= bufferedBytes, "they are all here")
    start += bytes
    if start == end { removeAll() }
  }

  /// Puts bytes before all others.
  package mutating func prepend(_ bytes: UnsafeRawBufferPointer) {
    var whole = EnvelopeReader(maxMessageBytes: maxMessageBytes)
    whole.append(bytes)
    whole.append(buffered)
    self = whole
  }

  /// Forgets what was not taken.
  package mutating func removeAll() {
    start = 0
    end = 0
    guard capacity > Self.keptCapacity else { return }
    free(memory)
    memory = nil
    capacity = 0
  }

  @inline(__always)
  private var announcedLength: Int? {
    guard let memory, bufferedBytes >= Envelope.prefixLength else { return nil }
    let length = memory.loadUnaligned(fromByteOffset: start + 1, as: UInt32.self)
    return Int(UInt32(bigEndian: length))
  }

  /// Moves what is held to the front, or, unless that frees half, to more memory: for a long
  /// message up to four times as much, and no more than it needs.
  private mutating func makeRoom(for count: Int) {
    let held = bufferedBytes
    if let memory, start >= capacity / 2, held + count <= capacity {
      memory.copyMemory(from: memory + start, byteCount: held)
    } else {
      let needed = held + count
      let whole = held + missingBytes
      let grown =
        whole > needed
        ? max(needed, min(whole, needed * 4), Self.firstCapacity)
        : max(needed, capacity * 2, Self.firstCapacity)
      if let memory, start > 0 { memory.copyMemory(from: memory + start, byteCount: held) }
      // Often in place: a long message is alone at the end of the heap.
      guard let fresh = realloc(memory, grown) else { fatalError("no memory for a message") }
      memory = fresh
      capacity = grown
    }
    start = 0
    end = held
  }
}

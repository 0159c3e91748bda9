import Testing

@testable import MartletRPC

@Suite struct EnvelopeTests {
  static func frame(_ message: [UInt8], flags: UInt8 = 0) -> [UInt8] {
    var frame = [0, 0, 0, 0, 0] + message
    Envelope.seal(&frame)
    frame[0] = flags
    return frame
  }

  @Test("messages come out whole, however the bytes were split", arguments: 1...9)
  func split(size: Int) throws {
    let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 300), [2, 3], []]
    let stream = messages.flatMap { Self.frame($0) }
    var reader = EnvelopeReader(maxMessageBytes: 300)
    var found: [[UInt8]] = []
    for start in stride(from: 0, to: stream.count, by: size) {
      reader.append(stream[start..<min(start + size, stream.count)])
      while let message = try reader.take({ _, bytes in Array(bytes) }) { found.append(message) }
      let isReady = reader.isReady
      #expect(!isReady)
    }
    #expect(found == messages)
    let buffered = reader.bufferedBytes
    #expect(buffered == 0)
  }

  @Test("a whole stream at once gives the same messages")
  func whole() throws {
    var reader = EnvelopeReader(maxMessageBytes: 10)
    reader.append((0..<100).flatMap { Self.frame([UInt8($0)], flags: UInt8($0 % 2)) }[...])
    for index in 0..<100 {
      let found = try reader.take { flags, bytes in [flags] + Array(bytes) }
      #expect(found == [UInt8(index % 2), UInt8(index)])
    }
    let more = try reader.take { _, _ in true }
    #expect(more == nil)
  }

  @Test("a length over the limit is refused when the prefix is there, before any of the message")
  func tooLarge() {
    var reader = EnvelopeReader(maxMessageBytes: 1000)
    reader.append([0, 0xff, 0xff, 0xff])
    let isReady = reader.isReady
    #expect(!isReady)
    reader.append([0xff])
    let isReadyToThrow = reader.isReady
    #expect(isReadyToThrow)
    #expect(throws: EnvelopeError.tooLarge(length: 0xffff_ffff, limit: 1000)) {
      try reader.take { _, _ in true }
    }
    let buffered = reader.bufferedBytes
    #expect(buffered == 5)
  }

  @Test("a message of exactly the limit passes, one byte more does not")
  func limit() throws {
    var reader = EnvelopeReader(maxMessageBytes: 4)
    reader.append((Self.frame([1, 2, 3, 4]) + Self.frame([1, 2, 3, 4, 5]))[...])
    let taken = try reader.take { _, bytes in bytes.count }
    #expect(taken == 4)
    #expect(throws: EnvelopeError.self) { try reader.take { _, _ in true } }
  }

  @Test("a message is given where it stands only when it is whole, in bounds and not compressed")
  func plainFront() {
    var reader = EnvelopeReader(maxMessageBytes: 4)
    let stream = Self.frame([1, 2]) + Self.frame([]) + Self.frame([3], flags: 1)
    for byte in stream.prefix(6) {
      reader.append([byte])
      let front = reader.plainFront
      #expect(front == nil)
    }
    reader.append(stream[6...])
    let first = reader.plainFront.map { Array($0) }
    #expect(first == [1, 2])
    reader.dropFront(length: 2)
    let second = reader.plainFront.map { Array($0) }
    #expect(second == [])
    reader.dropFront(length: 0)
    let compressed = reader.plainFront
    #expect(compressed == nil)
    let taken = try? reader.take { flags, bytes in [flags] + Array(bytes) }
    #expect(taken == [1, 3])
    reader.append([0, 0, 0, 0, 5, 1, 2, 3, 4, 5])
    let large = reader.plainFront
    #expect(large == nil)
  }

  @Test("what is not yet taken survives every growth of the memory")
  func growth() throws {
    var reader = EnvelopeReader(maxMessageBytes: 100_000)
    var sent: [[UInt8]] = []
    var found: [[UInt8]] = []
    for index in 0..<300 {
      let message = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index * 37 % 5000)
      sent.append(message)
      reader.append(Self.frame(message)[...])
      guard index % 3 != 0 else { continue }
      while found.count < sent.count - 2, let next = try reader.take({ Array($1) }) {
        found.append(next)
      }
    }
    while let next = try reader.take({ Array($1) }) { found.append(next) }
    #expect(found == sent)
  }
}

extension EnvelopeReader {
  mutating func append(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { append($0) }
  }
}

@Suite struct EnvelopeMemoryTests {
  private func prefix(_ length: Int) -> [UInt8] {
    [0] + withUnsafeBytes(of: UInt32(length).bigEndian) { Array($0) }
  }

  @Test("a long message is told how much of it is missing, and takes no more memory than it needs")
  func long() throws {
    var reader = EnvelopeReader(maxMessageBytes: 1 << 22)
    let message = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    let bytes = prefix(message.count) + message
    var moves = 0
    var reserved = 0
    for start in stride(from: 0, to: bytes.count, by: 16_000) {
      bytes[start..<min(bytes.count, start + 16_000)].withUnsafeBytes { reader.append($0) }
      #expect(reader.missingBytes == max(0, bytes.count - reader.bufferedBytes))
      #expect(reader.reservedBytes <= max(128, reader.bufferedBytes * 4))
      if reader.reservedBytes != reserved { moves += 1 }
      reserved = reader.reservedBytes
    }
    #expect(moves <= 6 && reserved == bytes.count)
    let taken = try reader.take { _, whole in whole.elementsEqual(message) }
    #expect(taken == true && reader.reservedBytes == 0)
  }

  @Test(
    "a length that lies reserves four times what came, and one over the limit announces nothing"
  )
  func lies() {
    var reader = EnvelopeReader(maxMessageBytes: 1 << 22)
    (prefix(1 << 22) + [1, 2, 3]).withUnsafeBytes { reader.append($0) }
    #expect(reader.reservedBytes <= 128 && reader.missingBytes == 1 << 22 - 3)
    var greedy = EnvelopeReader(maxMessageBytes: 1 << 22)
    (prefix(1 << 22 + 1) + [1, 2, 3]).withUnsafeBytes { greedy.append($0) }
    #expect(greedy.missingBytes == 0)
  }

  @Test("whole plain messages are taken together, up to one that is compressed or too much")
  func batch() {
    var reader = EnvelopeReader(maxMessageBytes: 100)
    let plain = prefix(2) + [1, 2] + prefix(0) + prefix(1) + [3]
    (plain + [1, 0, 0, 0, 1, 9] + prefix(2)).withUnsafeBytes { reader.append($0) }
    #expect(reader.plainMessages(maxBytes: 12).count == 2)
    let batch = reader.plainMessages(maxBytes: 1000)
    #expect(batch.count == 3 && Array(batch.bytes) == plain)
    reader.drop(bytes: plain.count)
    #expect(reader.plainMessages(maxBytes: 1000).count == 0)
    plain.withUnsafeBytes { reader.prepend($0) }
    #expect(reader.plainMessages(maxBytes: 1000).count == 3)
    #expect(reader.bufferedBytes == plain.count + 11)
  }
}

@Suite struct ReceiveWindowTests {
  @Test("a reader that does not read gives nothing back")
  func idle() {
    var window = ReceiveWindow()
    for _ in 0..<10 { window.received(1000) }
    #expect(window.heldBytes == 10_000)
  }

  @Test("taking messages gives back exactly their bytes")
  func taking() {
    var window = ReceiveWindow()
    window.received(100)
    #expect(window.taken(bufferedBytes: 70) == 30)
    #expect(window.taken(bufferedBytes: 0) == 70)
    #expect(window.heldBytes == 0)
  }

  @Test("waiting for the rest of a message gives back what is here, once")
  func waiting() {
    var window = ReceiveWindow()
    window.received(100)
    #expect(window.waiting() == 100)
    window.received(50)
    // The 120 bytes taken are the oldest, 100 of which were given back before.
    #expect(window.taken(bufferedBytes: 30) == 20)
    #expect(window.taken(bufferedBytes: 0) == 30)
  }
}

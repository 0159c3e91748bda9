import MartletWire
import Testing
import WireTestSchema

@Suite("Length-delimited streams")
struct DelimitedReaderTests {
  private let messages = [
    Sample.scalars(), Scalars(), Scalars.with { $0.fBytes = [UInt8](repeating: 7, count: 20_000) },
    Scalars.with { $0.fString = "last" },
  ]

  private var stream: [UInt8] {
    var bytes: [UInt8] = []
    for message in messages { message.appendDelimited(to: &bytes) }
    return bytes
  }

  @Test("messages come out in order, whatever the pieces", arguments: [1, 2, 7, 1000, 100_000])
  func pieces(size: Int) throws {
    var reader = DelimitedReader()
    var read: [Scalars] = []
    var rest = stream[...]
    while !rest.isEmpty {
      reader.append(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let message = try reader.next(Scalars.self) { read.append(message) }
    }
    #expect(read == messages)
    #expect(reader.waitingBytes == 0)
    try reader.finish()
  }

  @Test("a message is its length, then its bytes")
  func format() {
    var bytes: [UInt8] = [9]
    Scalars.with { $0.fInt32 = 150 }.appendDelimited(to: &bytes)
    #expect(bytes == [9, 3, 0x18, 0x96, 0x01])
    Scalars.with { $0.fBytes = [UInt8](repeating: 1, count: 126) }.appendDelimited(to: &bytes)
    #expect(bytes[5...].starts(with: [0x80, 0x01, 0x7a, 126, 1]))
  }

  @Test("a stream that ends inside a length or a message is truncated")
  func truncated() throws {
    for count in 1..<10 {
      var reader = DelimitedReader()
      reader.append(stream.prefix(count))
      #expect(try reader.next(Scalars.self) == nil)
      #expect(throws: WireError.truncated) { try reader.finish() }
    }
  }

  @Test("a malformed message is passed over")
  func malformedMessage() throws {
    var reader = DelimitedReader()
    reader.append([2, 0x18, 0x80, 2, 0x18, 0x05])
    #expect(throws: WireError.truncated) { try reader.next(Scalars.self) }
    #expect(try reader.next(Scalars.self)?.fInt32 == 5)
    try reader.finish()
  }

  @Test("a length beyond the limit is refused before its message is there, and ends the stream")
  func tooLarge() throws {
    var reader = DelimitedReader(limits: DecodingLimits(maximumBytes: 3))
    reader.append([3, 0x18, 0x96, 0x01, 4])
    #expect(try reader.next(Scalars.self)?.fInt32 == 150)
    #expect(throws: WireError.tooLarge) { try reader.next(Scalars.self) }
    reader.append([0, 0, 0, 0, 0])
    #expect(throws: WireError.tooLarge) { try reader.next(Scalars.self) }
    #expect(throws: WireError.tooLarge) { try reader.finish() }
  }

  @Test(
    "a malformed length ends the stream",
    arguments: ["80 80 80 80 80", "ff ff ff ff 1f", "80 80 80 80 80 00"]
  )
  func malformedLength(hex: String) throws {
    var reader = DelimitedReader()
    for byte in bytes(hex).prefix(4) {
      reader.append([byte])
      #expect(try reader.next(Scalars.self) == nil)
    }
    reader.append(bytes(hex).dropFirst(4))
    #expect(throws: WireError.malformedVarint) { try reader.next(Scalars.self) }
    #expect(throws: WireError.malformedVarint) { try reader.finish() }
  }

  @Test("an overlong length of five bytes is read")
  func overlong() throws {
    var reader = DelimitedReader()
    reader.append(bytes("82 80 80 80 00 18 05"))
    #expect(try reader.next(Scalars.self)?.fInt32 == 5)
  }

  @Test("what was read does not stay in memory")
  func compaction() throws {
    var reader = DelimitedReader()
    var count = 0
    for _ in 0..<2000 {
      reader.append([2, 0x18, 5, 2])
      while try reader.next(Scalars.self) != nil { count += 1 }
      reader.append([0x18, 6])
      while try reader.next(Scalars.self) != nil { count += 1 }
      #expect(reader.waitingBytes <= 2)
    }
    #expect(count == 4000)
  }
}

import MartletWire
import Testing
import WireTestSchema

@Suite("Where a message is encoded to")
struct OutputTests {
  private let message = Sample.lists()

  @Test("the end of an array")
  func append() {
    var bytes: [UInt8] = [1, 2]
    message.append(to: &bytes)
    #expect(bytes == [1, 2] + message.encoded())
    Empty().append(to: &bytes)
    #expect(bytes == [1, 2] + message.encoded())
  }

  @Test("a large message is the same as elsewhere, behind any prefix, and wastes little room")
  func large() throws {
    var long = Scalars()
    long.fBytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    // The bound takes ten bytes for each, one is written.
    var short = Lists()
    short.fInt32 = [Int32](repeating: 1, count: 50_000)
    for message in [long, short] as [any Message] {
      var buffer = [UInt8](repeating: 0xee, count: message.encodedSizeBound + 100)
      let count = try buffer.withUnsafeMutableBytes { try message.encode(into: $0) }
      for prefix in [0, 5] {
        let encoded = message.encoded(prefix: prefix)
        #expect(encoded.elementsEqual([UInt8](repeating: 0, count: prefix) + buffer[..<count]))
        #expect(encoded.capacity <= encoded.count + encoded.count / 7 + 64)
      }
    }
  }

  @Test("a buffer of any size that holds it, and no smaller one")
  func buffer() throws {
    let encoded = message.encoded()
    for size in [encoded.count, encoded.count + 1, message.encodedSizeBound + 100] {
      // A canary behind the buffer.
      var storage = [UInt8](repeating: 0xee, count: size + 64)
      let count = try storage.withUnsafeMutableBytes { bytes in
        try message.encode(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]))
      }
      #expect(Array(storage[..<count]) == encoded)
      #expect(storage[size...].allSatisfy { $0 == 0xee })
    }
    for size in [0, 1, encoded.count - 1] {
      var storage = [UInt8](repeating: 0xee, count: size + 64)
      #expect(throws: WireError.noRoom) {
        try storage.withUnsafeMutableBytes { bytes in
          _ = try message.encode(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]))
        }
      }
      #expect(storage[size...].allSatisfy { $0 == 0xee })
    }
    let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    #expect(try Empty().encode(into: none) == 0)
  }

  @Test("a span, after what it holds; a message that does not fit leaves it as it was")
  func span() throws {
    let encoded = message.encoded()
    var storage = [UInt8](repeating: 0, count: encoded.count + 6)
    let count = try storage.withUnsafeMutableBytes { bytes in
      var output = OutputRawSpan(buffer: bytes, initializedCount: 0)
      output.append(7 as UInt8, as: UInt8.self)
      try message.encode(into: &output)
      #expect(throws: WireError.noRoom) { try message.encode(into: &output) }
      return output.finalize(for: bytes)
    }
    #expect(Array(storage[..<count]) == [7] + encoded)
  }

  @Test("nested messages whose lengths grow from one byte to two and back")
  func lengths() throws {
    for sizes in [[1, 130, 1, 130, 130, 1], [20_000, 1, 200], [126, 127, 128, 16_383, 16_384]] {
      let lists = Lists.with { lists in
        lists.fMessage = sizes.map { size in
          .with { $0.fBytes = [UInt8](repeating: 5, count: size) }
        }
      }
      #expect(try Lists(decoding: lists.encoded()) == lists)
    }
  }

  @Test("varints of every length", arguments: 0..<64)
  func varints(bits: Int) throws {
    let power: UInt64 = 1 << UInt64(bits)
    let values: [UInt64] = [power, power - 1, UInt64.max >> UInt64(63 - bits)]
    for value in values {
      let scalars = Scalars.with {
        $0.fUint64 = value
        $0.fSint64 = Int64(bitPattern: value)
        $0.fInt64 = -Int64(bitPattern: value >> 1)
      }
      #expect(try Scalars(decoding: scalars.encoded()) == scalars)
      let flat = Flat.with { $0.fUint64 = value }
      var expected: [UInt8] = value == 0 ? [] : [8]
      var rest = value
      while rest >= 0x80 {
        expected.append(UInt8(rest & 0x7f | 0x80))
        rest >>= 7
      }
      if value != 0 { expected.append(UInt8(rest)) }
      #expect(flat.encoded() == expected)
    }
  }
}

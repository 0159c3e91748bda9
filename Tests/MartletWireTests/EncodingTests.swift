import MartletWire
import Testing
import WireTestSchema

/// Bytes written as text: "08 96 01".
func bytes(_ hex: String) -> [UInt8] {
  hex.split(separator: " ").map { UInt8($0, radix: 16) ?? 0 }
}

/// The expected bytes are those of protobuf's own documentation, or follow from its rules by hand.
@Suite("Encoding")
struct EncodingTests {
  @Test("an int32 of 150 in field 3 is 18 96 01")
  func documentedVarint() {
    #expect(Scalars.with { $0.fInt32 = 150 }.encoded() == bytes("18 96 01"))
  }

  @Test(
    "varints take a byte for every seven bits",
    arguments: [
      (1, "30 01"), (127, "30 7f"), (128, "30 80 01"), (16_383, "30 ff 7f"),
      (16_384, "30 80 80 01"), (1 << 35, "30 80 80 80 80 80 01"),
      (UInt64.max, "30 ff ff ff ff ff ff ff ff ff 01"),
    ] as [(UInt64, String)]
  )
  func varintWidths(value: UInt64, hex: String) throws {
    let message = Scalars.with { $0.fUint64 = value }
    #expect(message.encoded() == bytes(hex))
    #expect(try Scalars(decoding: bytes(hex)) == message)
  }

  @Test("negative int32 and enum values take ten bytes, negative sint32 few")
  func negativeNumbers() {
    let minusOne = "ff ff ff ff ff ff ff ff ff 01"
    #expect(Scalars.with { $0.fInt32 = -1 }.encoded() == bytes("18 \(minusOne)"))
    #expect(Scalars.with { $0.fLevel = .below }.encoded() == bytes("80 01 \(minusOne)"))
    #expect(Scalars.with { $0.fSint32 = -1 }.encoded() == bytes("38 01"))
    #expect(Scalars.with { $0.fSint32 = .min }.encoded() == bytes("38 ff ff ff ff 0f"))
    #expect(Scalars.with { $0.fSint64 = -2 }.encoded() == bytes("40 03"))
  }

  @Test("fixed-width values are little-endian")
  func fixedWidth() {
    #expect(Scalars.with { $0.fFixed32 = 0x0102_0304 }.encoded() == bytes("4d 04 03 02 01"))
    #expect(Scalars.with { $0.fSfixed64 = -2 }.encoded() == bytes("61 fe ff ff ff ff ff ff ff"))
    #expect(Scalars.with { $0.fFloat = 1 }.encoded() == bytes("15 00 00 80 3f"))
    #expect(Scalars.with { $0.fDouble = -2 }.encoded() == bytes("09 00 00 00 00 00 00 00 c0"))
  }

  @Test("text is its UTF-8 bytes after their length")
  func text() {
    let message = Scalars.with { $0.fString = "testing" }
    #expect(message.encoded() == bytes("72 07 74 65 73 74 69 6e 67"))
    #expect(Scalars.with { $0.fString = "ž" }.encoded() == bytes("72 02 c5 be"))
  }

  @Test("a field with its default value is not written, with presence it is")
  func presence() throws {
    #expect(Scalars().encoded().isEmpty)
    let message = Optionals.with {
      $0.fInt32 = 0
      $0.fString = ""
      $0.fMessage = Scalars()
    }
    #expect(message.encoded() == bytes("18 00 72 00 8a 01 00"))
    #expect(try Optionals(decoding: message.encoded()) == message)
    #expect(try Optionals(decoding: [] as [UInt8]).fInt32 == nil)
  }

  @Test("minus zero is not the default")
  func minusZero() throws {
    let encoded = Scalars.with { $0.fDouble = -0.0 }.encoded()
    #expect(encoded.count == 9)
    #expect(try Scalars(decoding: encoded).fDouble.sign == .minus)
  }

  @Test("a NaN keeps its bits")
  func notANumber() throws {
    let pattern: UInt64 = 0x7ff0_0000_0000_0001
    let encoded = Scalars.with { $0.fDouble = Double(bitPattern: pattern) }.encoded()
    #expect(try Scalars(decoding: encoded).fDouble.bitPattern == pattern)
  }

  @Test("a packed list is one field, an unpacked one a field for each value")
  func lists() {
    let packed = Lists.with { $0.fInt32 = [3, 270, 86_942] }
    #expect(packed.encoded() == bytes("1a 06 03 8e 02 9e a7 05"))
    let unpacked = Unpacked.with { $0.fInt32 = [3, 270] }
    #expect(unpacked.encoded() == bytes("18 03 18 8e 02"))
    #expect(Lists.with { $0.fBool = [true, false] }.encoded() == bytes("6a 02 01 00"))
  }

  @Test(
    "a packed list is right on both sides of every width of its length",
    arguments: [0, 1, 63, 64, 127, 128, 8191, 8192, 16_383, 16_384, 300_000]
  )
  func packedLengths(count: Int) throws {
    for value in [1, 200] as [UInt32] {
      let message = Lists.with { $0.fUint32 = Array(repeating: value, count: count) }
      #expect(try Lists(decoding: message.encoded()) == message)
    }
  }

  @Test(
    "a nested message is right on both sides of every width of its length",
    arguments: [0, 1, 124, 125, 126, 127, 16_380, 16_381, 16_382, 2_097_146, 2_097_148]
  )
  func nestedLengths(count: Int) throws {
    let message = Tree.with {
      $0.left = .with { $0.name = String(repeating: "x", count: count) }
      $0.children = [.with { $0.left = $0 }, .with { $0.name = "after" }]
    }
    let encoded = message.encoded()
    #expect(try Tree(decoding: encoded) == message)
  }

  @Test("the prefix is zero bytes before the message")
  func prefix() {
    let message = Scalars.with { $0.fBool = true }
    #expect(message.encoded(prefix: 5) == bytes("00 00 00 00 00 68 01"))
    #expect(Empty().encoded(prefix: 5) == bytes("00 00 00 00 00"))
    #expect(Empty().encoded().isEmpty)
  }

  @Test("fields are written in order of their numbers, those of a oneof among them")
  func order() {
    let message = Choice.with {
      $0.picked = .flag(true)
      $0.second = .real(0)
      $0.before = 1
      $0.between = 2
    }
    #expect(
      message.encoded() == bytes("08 01 38 02 49 00 00 00 00 00 00 00 00 80 7d 01")
    )
  }

  @Test("deterministic output has maps in order of their keys")
  func deterministicMaps() {
    var first = Maps()
    var second = Maps()
    for key in 0..<200 as Range<Int32> {
      first.int32Int32[key * 7919 % 200 - 100] = 1
      second.int32Int32[99 - key] = 1
      first.stringLevel["k\(key)"] = .low
      second.stringLevel["k\(199 - key)"] = .low
    }
    first.boolUint64 = [true: 1, false: 2]
    second.boolUint64 = [false: 2, true: 1]
    #expect(first == second)
    let encoded = first.encoded(deterministic: true)
    #expect(encoded == second.encoded(deterministic: true))
    #expect(encoded.starts(with: bytes("0a 0d 08 9c ff ff ff ff ff ff ff ff 01 10 01")))
  }
}

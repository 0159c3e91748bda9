import MartletWire
import Testing
import WireTestSchema

@Suite("Malformed input")
struct MalformedInputTests {
  @Test(
    "is refused with its reason",
    arguments: [
      ("00 01", .invalidTag),
      ("01 00 00 00 00 00 00 00 00", .invalidTag),
      ("06", .invalidTag),
      ("0e", .invalidTag),
      ("0f 00", .invalidTag),
      ("18", .truncated),
      ("18 80", .truncated),
      ("18 ff ff ff ff ff ff ff ff ff", .truncated),
      ("18 ff ff ff ff ff ff ff ff ff 02", .malformedVarint),
      ("18 ff ff ff ff ff ff ff ff ff ff 01", .malformedVarint),
      ("18 80 80 80 80 80 80 80 80 80 80 80 80 80 80", .malformedVarint),
      ("80", .truncated),
      ("98 80 80 80 80 00 01", .malformedVarint),
      ("98 80 80 80 10 01", .malformedVarint),
      ("09 00 00 00 00 00 00 00", .truncated),
      ("15 00 00 00", .truncated),
      ("72", .truncated),
      ("72 05 61 62 63 64", .truncated),
      ("72 ff ff ff ff 0f", .truncated),
      ("72 ff ff ff ff 1f", .malformedVarint),
      ("72 ff ff ff ff ff ff ff ff 7f", .malformedVarint),
      ("72 80 80 80 80 80 00", .malformedVarint),
      ("72 01 ff", .invalidUTF8),
      ("72 01 80", .invalidUTF8),
      ("72 02 c0 80", .invalidUTF8),
      ("72 03 e2 82", .truncated),
      ("72 02 e2 82", .invalidUTF8),
      ("72 03 ed a0 80", .invalidUTF8),
      ("72 04 f4 90 80 80", .invalidUTF8),
      ("a3 06", .truncated),
      ("a3 06 08 01", .truncated),
      ("a3 06 ac 06", .unmatchedEndGroup),
      ("a4 06", .unmatchedEndGroup),
      ("a3 06 00 01 a4 06", .invalidTag),
      ("a0 06 80", .truncated),
      ("a2 06 02 00", .truncated),
      ("a5 06 00 00", .truncated),
      ("a1 06 00 00 00 00", .truncated),
    ] as [(String, WireError)]
  )
  func refused(hex: String, error: WireError) {
    #expect(throws: error) { try Scalars(decoding: bytes(hex)) }
    // The same inside of a message, in a list and in a map.
    let inner = bytes(hex)
    for tag in [[0x8a, 0x01], [0x1a]] as [[UInt8]] {
      let nested = tag + [UInt8(inner.count)] + inner
      if tag.count == 2 {
        #expect(throws: error) { try Optionals(decoding: nested) }
        #expect(throws: error) { try Lists(decoding: nested) }
      }
    }
    let entry = [0x6a, UInt8(inner.count + 2), 0x12, UInt8(inner.count)] + inner
    #expect(throws: error) { try Maps(decoding: entry) }
  }

  @Test(
    "in packed lists is refused with its reason",
    arguments: [
      ("1a 01 80", .truncated),
      ("1a 02 01", .truncated),
      ("1a 0a ff ff ff ff ff ff ff ff ff 02", .malformedVarint),
      ("1a 0b 80 80 80 80 80 80 80 80 80 80 00", .malformedVarint),
      ("1a 0c 01 80 80 80 80 80 80 80 80 80 80 01", .malformedVarint),
      ("1a 14 80 80 80 80 80 80 80 80 80 80 00 01 01 01 01 01 01 01 01 01", .malformedVarint),
      ("12 03 00 00 00", .truncated),
      ("0a 09 00 00 00 00 00 00 00 00 00", .truncated),
      ("6a ff ff ff ff 07", .truncated),
    ] as [(String, WireError)]
  )
  func refusedPacked(hex: String, error: WireError) {
    #expect(throws: error) { try Lists(decoding: bytes(hex)) }
    #expect(throws: error) { try Unpacked(decoding: bytes(hex)) }
  }

  @Test("overlong tags and lengths of up to five bytes are read, as protobuf reads them")
  func overlong() throws {
    #expect(try Scalars(decoding: bytes("98 80 80 80 00 01")).fInt32 == 1)
    #expect(try Scalars(decoding: bytes("72 81 80 80 80 00 61")).fString == "a")
    #expect(try Scalars(decoding: bytes("18 81 80 80 80 80 80 80 80 80 00")).fInt32 == 1)
  }

  @Test("every prefix of a message is read or refused, none traps")
  func prefixes() throws {
    let whole = Sample.everything()
    for encoded in [whole.lists.encoded(), whole.maps.encoded(), whole.tree.encoded()] {
      for count in 0...encoded.count {
        // Exactly as many bytes as there are, so that a read past them is a sanitizer's finding.
        let prefix = Array(encoded[..<count])
        _ = try? Lists(decoding: prefix)
        _ = try? Maps(decoding: prefix)
        _ = try? Tree(decoding: prefix)
      }
    }
    #expect(throws: WireError.truncated) {
      try Tree(decoding: whole.tree.encoded().dropLast())
    }
  }

  @Test("every byte of a message may change without a trap", arguments: [0x01, 0x80, 0xff])
  func flippedBytes(mask: UInt8) {
    let whole = Sample.everything()
    for var encoded in [whole.lists.encoded(), whole.maps.encoded(), whole.tree.encoded()] {
      for index in encoded.indices {
        encoded[index] ^= mask
        if let message = try? Lists(decoding: encoded) { _ = message.encoded() }
        if let message = try? Maps(decoding: encoded) { _ = message.encoded() }
        if let message = try? Tree(decoding: encoded) { _ = message.encoded() }
        encoded[index] ^= mask
      }
    }
  }

  @Test("a hostile length takes no memory")
  func hostileLengths() {
    for tag in ["0a", "12", "1a", "22", "2a", "4a", "6a", "72", "7a"] {
      let hex = "\(tag) ff ff ff ff 07 01 01 01"
      #expect(throws: WireError.truncated) { try Lists(decoding: bytes(hex)) }
    }
  }
}

extension Array<UInt8> {
  fileprivate func dropLast() -> [UInt8] { Array(self[..<(count - 1)]) }
}

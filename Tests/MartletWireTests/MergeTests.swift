import MartletWire
import Testing
import WireTestSchema

@Suite("Merging and unknown fields")
struct MergeTests {
  @Test("every kind of field comes back as it was")
  func roundTrip() throws {
    let scalars = Sample.scalars()
    #expect(try Scalars(decoding: scalars.encoded()) == scalars)
    let whole = Sample.everything()
    #expect(try Lists(decoding: whole.lists.encoded()) == whole.lists)
    #expect(try Maps(decoding: whole.maps.encoded()) == whole.maps)
    #expect(try Tree(decoding: whole.tree.encoded()) == whole.tree)
  }

  @Test("of a single value the last one wins")
  func lastWins() throws {
    #expect(try Scalars(decoding: bytes("18 01 18 02")).fInt32 == 2)
    #expect(try Optionals(decoding: bytes("18 01 18 00")).fInt32 == 0)
  }

  @Test("lists grow, packed, unpacked or mixed, whatever the schema says")
  func listsGrow() throws {
    let mixed = bytes("1a 02 01 02 18 03 1a 00 1a 01 04")
    #expect(try Lists(decoding: mixed).fInt32 == [1, 2, 3, 4])
    #expect(try Unpacked(decoding: mixed).fInt32 == [1, 2, 3, 4])
    let fixed = bytes("4d 01 00 00 00 4a 08 02 00 00 00 03 00 00 00")
    #expect(try Lists(decoding: fixed).fFixed32 == [1, 2, 3])
  }

  @Test("nested messages merge field by field")
  func messagesMerge() throws {
    var first = Optionals.with {
      $0.fMessage = .with {
        $0.fInt32 = 1; $0.fString = "kept"
      }
    }
    let second = Optionals.with { $0.fMessage = .with { $0.fInt32 = 2 } }
    try first.merge(decoding: second.encoded())
    #expect(first.fMessage?.fInt32 == 2)
    #expect(first.fMessage?.fString == "kept")
  }

  @Test("a oneof's last field wins; the same message twice merges")
  func oneofs() throws {
    let number = Choice.with { $0.picked = .number(1) }
    let scalars = Choice.with { $0.picked = .scalars(.with { $0.fInt32 = 5 }) }
    let more = Choice.with { $0.picked = .scalars(.with { $0.fBool = true }) }
    #expect(try Choice(decoding: scalars.encoded() + number.encoded()) == number)
    let merged = try Choice(decoding: number.encoded() + scalars.encoded() + more.encoded())
    let both = Scalars.with {
      $0.fInt32 = 5
      $0.fBool = true
    }
    #expect(merged.picked == .scalars(both))
    let broken = try Choice(decoding: scalars.encoded() + number.encoded() + more.encoded())
    #expect(broken.picked == .scalars(.with { $0.fBool = true }))
  }

  @Test("a map's entry may lack its key, its value or both; the last entry of a key wins")
  func mapEntries() throws {
    #expect(try Maps(decoding: bytes("0a 00")).int32Int32 == [0: 0])
    #expect(try Maps(decoding: bytes("0a 02 10 05")).int32Int32 == [0: 5])
    #expect(try Maps(decoding: bytes("0a 02 08 05")).int32Int32 == [5: 0])
    #expect(try Maps(decoding: bytes("0a 04 10 07 08 05")).int32Int32 == [5: 7])
    #expect(
      try Maps(decoding: bytes("0a 04 08 01 10 01 0a 04 08 01 10 02")).int32Int32 == [1: 2]
    )
  }

  @Test("a map's entry with more than key and value is kept whole as unknown")
  func strangeEntries() throws {
    let encoded = bytes("0a 06 08 01 10 02 18 03")
    let message = try Maps(decoding: encoded)
    #expect(message.int32Int32.isEmpty)
    #expect(message.encoded() == encoded)
  }

  @Test("keys that Swift holds equal are one key: canonically equivalent text")
  func equivalentKeys() throws {
    // "é" as one scalar and as two.
    let encoded = bytes("62 06 0a 02 c3 a9 10 01 62 07 0a 03 65 cc 81 10 01")
    #expect(try Maps(decoding: encoded).stringLevel.count == 1)
  }

  @Test("unknown fields of every wire type come back verbatim, in order")
  func unknownFields() throws {
    let unknown = bytes(
      "98 0c 96 01 99 0c 01 02 03 04 05 06 07 08 9a 0c 02 61 62 9b 0c 08 01 9b 0c 9c 0c 9c 0c "
        + "9d 0c 01 02 03 04 98 8c 80 00 01"
    )
    for message in [
      try Scalars(decoding: unknown), try Scalars(decoding: bytes("68 01") + unknown),
    ] {
      #expect(message.unknownFields.bytes == unknown)
      #expect(message.encoded().suffix(unknown.count) == unknown[...])
      #expect(try Scalars(decoding: message.encoded()) == message)
    }
    #expect(try Empty(decoding: unknown).encoded() == unknown)
  }

  @Test("a known field with the wrong wire type is unknown")
  func wrongWireType() throws {
    for hex in ["1a 01 01", "0d 01 00 00 00", "70 01", "19 01 02 03 04 05 06 07 08", "6b 6c"] {
      let message = try Scalars(decoding: bytes(hex))
      #expect(message.unknownFields.bytes == bytes(hex))
      #expect(message.encoded() == bytes(hex))
    }
  }

  @Test("a number that no enum value has is kept")
  func openEnums() throws {
    let message = try Scalars(decoding: bytes("80 01 4d"))
    #expect(message.fLevel.rawValue == 77)
    #expect(message.fLevel != .low)
    #expect("\(message.fLevel)" == "77")
    #expect(message.encoded() == bytes("80 01 4d"))
    #expect("\(Level.small)" == "LEVEL_LOW")
    #expect(Level.allNamed == [.unspecified, .low, .high, .below, .deep])
  }

  @Test("bits beyond a type's width are dropped as protobuf drops them")
  func narrowing() throws {
    let wide = "ff ff ff ff ff ff ff ff 7f"
    #expect(try Scalars(decoding: bytes("18 \(wide)")).fInt32 == -1)
    #expect(try Scalars(decoding: bytes("28 \(wide)")).fUint32 == .max)
    #expect(try Scalars(decoding: bytes("68 80 80 80 80 80 80 80 80 40")).fBool)
  }
}

import MartletWire
import Testing
import WireTestSchema

/// Flat messages are read through a window while enough bytes follow, else field by field: what
/// follows must make no difference.
@Suite("Flat messages")
struct WindowTests {
  static let full = Flat.with {
    $0.fUint64 = .max
    $0.fSint32 = .min
    $0.fDouble = -0.0
    $0.oInt32 = 0
    $0.fBool = true
    $0.fFixed32 = 7
    $0.fLevel = .deep
    $0.fSint64 = .min
    $0.fUint32 = 300
    $0.oSfixed64 = -1
    $0.fFloat = 1.5
    $0.fInt64 = -1
  }

  /// What becomes of bytes as the message in field 2 of `Flats`, with `following` more bytes.
  private func read(
    _ message: [UInt8],
    merging start: Flat?,
    following: [UInt8]
  ) -> Result<Flat?, WireError> {
    var bytes: [UInt8] = []
    for part in [start?.encoded(), message].compactMap(\.self) {
      bytes += [0x12] + lengthPrefix(part.count) + part
    }
    do throws(WireError) {
      return .success(try Flats(decoding: bytes + following).one)
    } catch {
      return .failure(error)
    }
  }

  /// What becomes of bytes as the only message in the list in field 1 of `Flats`.
  private func readInList(_ message: [UInt8], following: [UInt8]) -> Result<[Flat], WireError> {
    do throws(WireError) {
      let bytes = [0x0a] + lengthPrefix(message.count) + message + following
      return .success(try Flats(decoding: bytes).many)
    } catch {
      return .failure(error)
    }
  }

  private func lengthPrefix(_ count: Int) -> [UInt8] {
    count < 0x80 ? [UInt8(count)] : [UInt8(count & 0x7f | 0x80), UInt8(count >> 7)]
  }

  /// Unknown fields of several kinds, all of whose first bytes are tags that `Flat` has, too.
  private func padding(_ tag: UInt8) -> [UInt8] {
    // Field 1000 holds 300 bytes, all the same.
    [0xc2, 0x3e, 0xac, 0x02] + [UInt8](repeating: tag, count: 300)
  }

  /// Holds a message's bytes alone to the same bytes with more behind them, and in a list.
  private func check(_ message: [UInt8], merging start: Flat? = nil) {
    let alone = read(message, merging: start, following: [])
    let listed = read(message, merging: nil, following: []).map { [$0 ?? Flat()] }
    #expect(readInList(message, following: []) == listed, "\(message) in a list")
    for tag in [0x08, 0x10, 0x19, 0x28, 0x35, 0x80, 0xff] as [UInt8] {
      let followed = read(message, merging: start, following: padding(tag))
      #expect(followed == alone, "\(message) before \(tag)")
      let inList = readInList(message, following: padding(tag))
      #expect(inList == listed, "\(message) in a list before \(tag)")
    }
  }

  @Test("every field survives, with and without bytes behind")
  func roundTrip() throws {
    let full = Self.full.encoded()
    let padded = read(full, merging: nil, following: padding(0))
    #expect(try padded.get() == Self.full)
    #expect(try read(full, merging: nil, following: []).get() == Self.full)
    #expect(try padded.get()?.fDouble.sign == .minus)
  }

  @Test("a window is open with just enough bytes and shut with one less")
  func edge() throws {
    let message = Self.full.encoded()
    for following in 0...300 {
      let bytes = [0x0a] + lengthPrefix(message.count) + message
      let rest = following < 3 ? [] : [0xc2, 0x3e] + lengthPrefix(following)
      let flats = try Flats(
        decoding: bytes + rest + [UInt8](repeating: 8, count: rest.isEmpty ? 0 : following)
      )
      #expect(flats.many == [Self.full])
    }
  }

  @Test("each field alone, absent, repeated and out of order")
  func fields() throws {
    let parts = try fieldsOfFull()
    #expect(parts.flatMap(\.self) == Self.full.encoded())
    for index in parts.indices {
      check(parts[index])
      check(parts[index], merging: Self.full)
      var others = parts
      others.remove(at: index)
      check(others.flatMap(\.self))
      check(others.flatMap(\.self) + parts[index])
      check(parts[index] + parts.flatMap(\.self))
      check(parts[...index].flatMap(\.self), merging: Self.full)
    }
    check(parts.reversed().flatMap(\.self))
    check([])
    check([], merging: Self.full)
  }

  @Test("every prefix, which cuts a field off at the message's end")
  func prefixes() {
    let message = Self.full.encoded()
    for count in 0...message.count {
      check(Array(message[..<count]))
      check(Array(message[..<count]), merging: Flat.with { $0.fFloat = 3 })
    }
  }

  @Test("every varint from one byte to eleven, overlong ones among them")
  func varints() {
    for tag in [[0x08], [0x10], [0x20], [0x28], [0x38], [0x78], [0x80, 0x01], [0xf8, 0x7f]]
      as [[UInt8]]
    {
      for count in 1...11 {
        for last in [0x00, 0x01, 0x02, 0x7f] as [UInt8] {
          for byte in [0x80, 0xff, 0x81] as [UInt8] {
            check(tag + [UInt8](repeating: byte, count: count - 1) + [last])
          }
        }
      }
      check(tag + [UInt8](repeating: 0x80, count: 20))
    }
  }

  @Test("every byte changed, every pair of bytes dropped")
  func mutations() {
    let message = Self.full.encoded()
    for index in message.indices {
      for change in [0x01, 0x04, 0x80, 0xff] as [UInt8] {
        var changed = message
        changed[index] ^= change
        check(changed)
      }
      var shorter = message
      shorter.removeSubrange(index..<min(index + 2, message.count))
      check(shorter, merging: Self.full)
    }
  }

  @Test("unknown fields, groups and wrong wire types between the known ones")
  func unknown() throws {
    let parts = try fieldsOfFull()
    for extra in ["4a 02 08 01", "4b 08 01 4c", "0a 01 08", "0d 01 02 03 04", "88 00 05", "14"] {
      for index in 0...parts.count {
        let message = parts[..<index] + [bytes(extra)] + parts[index...]
        check(message.flatMap(\.self))
      }
    }
  }

  @Test("in lists, maps and oneofs")
  func places() throws {
    let flats = Flats.with {
      $0.many = [Self.full, Flat(), Self.full]
      $0.one = Flat()
      $0.numbered = [1: Self.full, -5: Flat()]
      $0.either = .that(Self.full)
      $0.later = Array(repeating: Self.full, count: 200)
    }
    let encoded = flats.encoded(deterministic: true)
    #expect(try Flats(decoding: encoded) == flats)
    // Runs that other fields interrupt grow the same lists.
    let mixed = try Flats(decoding: encoded + encoded + bytes("0a 00 18 01 0a 00 a2 06 00"))
    #expect(mixed.many.count == 8 && mixed.later.count == 401 && mixed.numbered.count == 2)
  }

  /// The fields of `full`, tag and value each.
  private func fieldsOfFull() throws -> [[UInt8]] {
    let empty = Flat()
    let changes: [(inout Flat) -> Void] = [
      { $0.fUint64 = Self.full.fUint64 }, { $0.fSint32 = Self.full.fSint32 },
      { $0.fDouble = Self.full.fDouble }, { $0.oInt32 = Self.full.oInt32 },
      { $0.fBool = Self.full.fBool }, { $0.fFixed32 = Self.full.fFixed32 },
      { $0.fLevel = Self.full.fLevel }, { $0.fSint64 = Self.full.fSint64 },
      { $0.fUint32 = Self.full.fUint32 }, { $0.oSfixed64 = Self.full.oSfixed64 },
      { $0.fFloat = Self.full.fFloat }, { $0.fInt64 = Self.full.fInt64 },
    ]
    return changes.map { change in
      var message = empty
      change(&message)
      return message.encoded()
    }
  }
}

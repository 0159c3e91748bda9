/// A UUID (RFC 9562): 16 bytes, written as 36 characters of lower-case text.
///
/// Ids are made on devices, so any version is taken; only the nil UUID, which stands for a value
/// that was never set, is refused.
package struct UniqueID: Sendable, Hashable {
  /// Bytes 0 to 7, first byte most significant.
  package let high: UInt64
  /// Bytes 8 to 15, first byte most significant.
  package let low: UInt64

  /// Fails for the nil UUID.
  package init?(high: UInt64, low: UInt64) {
    guard high != 0 || low != 0 else { return nil }
    self.high = high
    self.low = low
  }

  /// Fails unless there are exactly 16 bytes and one of them is not zero.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    let words = bytes.enumerated().reduce(into: (high: UInt64(0), low: UInt64(0))) { words, byte in
      if byte.offset < 8 {
        words.high = words.high << 8 | UInt64(byte.element)
      } else {
        words.low = words.low << 8 | UInt64(byte.element)
      }
    }
    self.init(high: words.high, low: words.low)
  }

  /// Reads the 8-4-4-4-12 form; lower-case digits only, so that equal ids are equal texts.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count == 36 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    var digits = 0
    for (place, character) in text.utf8.enumerated() {
      if Self.hyphenPlaces.contains(place) {
        guard character == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Self.value(ofDigit: character) else { return nil }
      if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
      digits += 1
    }
    self.init(high: high, low: low)
  }

  /// Makes a version 7 UUID: 48 bits of time, then randomness, so that ids sort by their time.
  ///
  /// - Parameters:
  ///   - timeMs: milliseconds since 1970-01-01T00:00:00Z; its low 48 bits are used.
  ///   - generator: where the 74 random bits come from; a cryptographic one outside of tests.
  /// - Returns: the id; never the nil UUID, as its version bits are set.
  package static func version7(
    timeMs: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> UniqueID {
    let time = UInt64(truncatingIfNeeded: timeMs) << 16
    let high = time | 0x7000 | (generator.next() & 0x0FFF)
    let low = 0x8000_0000_0000_0000 | (generator.next() >> 2)
    return UniqueID(knownHigh: high, low: low)
  }

  /// The 16 bytes in order.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in
      stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
    }
  }

  /// The 8-4-4-4-12 form in lower case.
  package var text: String {
    var characters: [UInt8] = []
    characters.reserveCapacity(36)
    for digit in 0..<32 {
      if Self.hyphenPlaces.contains(characters.count) { characters.append(UInt8(ascii: "-")) }
      let word = digit < 16 ? high : low
      let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - digit % 16 * 4)) & 0xF
      characters.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
    }
    return String(decoding: characters, as: UTF8.self)
  }

  private init(knownHigh: UInt64, low: UInt64) {
    high = knownHigh
    self.low = low
  }

  private static let hyphenPlaces: Set<Int> = [8, 13, 18, 23]

  private static func value(ofDigit character: UInt8) -> UInt64? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(character - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(character - UInt8(ascii: "a") + 10)
    default: nil
    }
  }
}

extension UniqueID: Comparable {
  /// Orders as the bytes and the texts do.
  package static func < (left: UniqueID, right: UniqueID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

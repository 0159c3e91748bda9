/// Base64 without padding (RFC 4648, sections 4 and 5), read strictly: one text for one value.
package enum Base64 {
  /// The last two letters.
  package enum Alphabet: Sendable {
    /// `+` and `/`, as in PHC strings.
    case standard
    /// `-` and `_`, as in JSON Web Tokens.
    case url
  }

  private static let letters = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8
  )

  /// Encodes bytes.
  ///
  /// - Complexity: O(n).
  package static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .url) -> String {
    let table = letters + (alphabet == .url ? [UInt8]("-_".utf8) : [UInt8]("+/".utf8))
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var pending: UInt32 = 0
    var pendingBits = 0
    for byte in bytes {
      pending = (pending << 8 | UInt32(byte)) & 0xFFFF
      pendingBits += 8
      while pendingBits >= 6 {
        pendingBits -= 6
        text.append(table[Int(pending >> UInt32(pendingBits)) & 63])
      }
    }
    if pendingBits > 0 { text.append(table[Int(pending << UInt32(6 - pendingBits)) & 63]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Decodes text; nothing for a foreign letter, padding, an impossible length, or bits left over
  /// that are not zero.
  ///
  /// - Complexity: O(n).
  package static func decode(_ text: some StringProtocol, _ alphabet: Alphabet = .url) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 3 / 4)
    var pending: UInt32 = 0
    var pendingBits = 0
    for letter in text.utf8 {
      guard let value = value(of: letter, alphabet) else { return nil }
      pending = (pending << 6 | UInt32(value)) & 0xFFFF
      pendingBits += 6
      if pendingBits >= 8 {
        pendingBits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits)))
      }
    }
    guard pendingBits < 6, pending & (1 << UInt32(pendingBits) - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(of letter: UInt8, _ alphabet: Alphabet) -> UInt8? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): letter - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): letter - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): letter - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-") where alphabet == .url: 62
    case UInt8(ascii: "_") where alphabet == .url: 63
    case UInt8(ascii: "+") where alphabet == .standard: 62
    case UInt8(ascii: "/") where alphabet == .standard: 63
    default: nil
    }
  }
}

/// Base64 as `-bin` metadata uses it: RFC 4648 section 4, written without padding, read with or
/// without.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )

  /// How long so many bytes are without padding.
  package static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

  /// Encodes without padding.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(encodedCount(bytes.count))
    var accumulator: UInt32 = 0
    var bits: UInt32 = 0
    for byte in bytes {
      accumulator = (accumulator << 8 | UInt32(byte)) & 0xffff
      bits += 8
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[Int(accumulator >> bits & 0x3f)])
      }
    }
    if bits > 0 { text.append(alphabet[Int(accumulator << (6 - bits) & 0x3f)]) }
    return text
  }

  /// Decodes padded or unpadded text; nil for anything that is not base64.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    let padding = UInt8(ascii: "=")
    let digits = text.prefix { $0 != padding }
    let padded = text.count - digits.count
    guard digits.count % 4 != 1 else { return nil }
    guard padded == 0 || (padded <= 2 && text.count % 4 == 0) else { return nil }
    guard text.suffix(padded).allSatisfy({ $0 == padding }) else { return nil }

    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var accumulator: UInt32 = 0
    var bits: UInt32 = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      accumulator = (accumulator << 6 | value) & 0xfff
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(accumulator >> bits & 0xff))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

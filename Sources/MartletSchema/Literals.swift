// The values of tokens that the lexer has accepted.

/// Strings: escapes and their bytes.
enum StringLiteral {
  /// Escapes of one character.
  static let simpleEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    UInt8(ascii: "v"): 0x0B, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
    UInt8(ascii: "?"): UInt8(ascii: "?"), UInt8(ascii: "'"): UInt8(ascii: "'"),
    UInt8(ascii: "\""): UInt8(ascii: "\""),
  ]

  /// The bytes that a literal, quotes included, stands for.
  ///
  /// A malformed one, which has been reported, gives what can be read of it.
  static func value(of literal: ArraySlice<UInt8>) -> [UInt8] {
    guard let quote = literal.first else { return [] }
    var rest = literal.dropFirst()
    if rest.last == quote { rest = rest.dropLast() }
    var result: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\") {
        appendEscape(from: &rest, to: &result)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  private static func appendEscape(from rest: inout ArraySlice<UInt8>, to result: inout [UInt8]) {
    guard let kind = rest.popFirst() else { return }
    if let simple = simpleEscapes[kind] {
      result.append(simple)
      return
    }
    switch kind {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      result.append(UInt8(truncatingIfNeeded: takeHex(from: &rest, atMost: 2)))
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      appendCodePoint(kind, from: &rest, to: &result)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      var value = UInt32(kind & 7)
      for _ in 0..<2 {
        guard let digit = rest.first, digit & 0xF8 == UInt8(ascii: "0") else { break }
        value = value << 3 | UInt32(digit & 7)
        rest.removeFirst()
      }
      result.append(UInt8(truncatingIfNeeded: value))
    default:
      break
    }
  }

  private static func takeHex(from rest: inout ArraySlice<UInt8>, atMost count: Int) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = rest.first?.hexValue else { break }
      value = value << 4 | UInt32(digit)
      rest.removeFirst()
    }
    return value
  }

  /// A pair of surrogates, each with its own escape, is one code point.
  private static func appendCodePoint(
    _ kind: UInt8,
    from rest: inout ArraySlice<UInt8>,
    to result: inout [UInt8]
  ) {
    var value = takeHex(from: &rest, atMost: kind == UInt8(ascii: "u") ? 4 : 8)
    if (0xD800..<0xDC00).contains(value), rest.starts(with: Array("\\u".utf8)) {
      var ahead = rest.dropFirst(2)
      let low = takeHex(from: &ahead, atMost: 4)
      if (0xDC00..<0xE000).contains(low) {
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        rest = ahead
      }
    }
    let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    result.append(contentsOf: String(scalar).utf8)
  }
}

/// Integers in decimal, octal (leading 0) and hexadecimal.
enum IntegerLiteral {
  /// Whether it is neither octal nor hexadecimal.
  static func isDecimal(_ literal: ArraySlice<UInt8>) -> Bool {
    literal.first != UInt8(ascii: "0") || literal.count == 1
  }

  /// nil when it does not fit into 64 bits or is malformed.
  static func value(of literal: ArraySlice<UInt8>) -> UInt64? {
    var digits = literal
    var radix: UInt64 = 10
    if digits.first == UInt8(ascii: "0"), digits.count > 1 {
      digits = digits.dropFirst()
      radix = 8
      if digits.first.map({ $0 | 0x20 }) == UInt8(ascii: "x") {
        digits = digits.dropFirst()
        radix = 16
      }
    }
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      guard let digit = byte.hexValue, UInt64(digit) < radix else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }
}

/// Numbers with a point or an exponent.
enum FloatLiteral {
  /// The nearest number; infinity beyond the largest.
  static func value(of literal: ArraySlice<UInt8>) -> Double {
    Double(String(decoding: literal, as: UTF8.self)) ?? .nan
  }
}

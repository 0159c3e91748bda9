// Floating-point numbers and bytes as descriptors spell them.

/// The decimal text of a number, with as few digits as bring it back, within C's `%g`: 6 digits for
/// a float or 9, 15 for a double or 17.
enum FloatText {
  static func text(of value: Float) -> String {
    text(of: Double(value), digits: 6, orElse: 9) {
      // C reports a subnormal number as out of range, which protoc takes for a bad text.
      value.isNormal && Float($0) == value
    }
  }

  static func text(of value: Double) -> String {
    text(of: value, digits: 15, orElse: 17) { Double($0) == value }
  }

  private static func text(
    of value: Double,
    digits: Int,
    orElse more: Int,
    isSame: (String) -> Bool
  ) -> String {
    if value.isNaN { return "nan" }
    let sign = value.sign == .minus ? "-" : ""
    if value.isInfinite { return sign + "inf" }
    if value == 0 { return sign + "0" }
    let exact = ExactDecimal(value.magnitude)
    let short = sign + exact.general(digits: digits)
    return isSame(short) ? short : sign + exact.general(digits: more)
  }
}

/// All decimal digits of a positive finite number: 0.d1d2d3… × 10^point.
private struct ExactDecimal {
  private var digits: [UInt8]
  private let point: Int

  /// - Complexity: O(exponent²), some microseconds for common numbers.
  init(_ value: Double) {
    // value = significand × 2^exponent = significand × 5^-exponent ÷ 10^-exponent.
    let significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
    let exponent = max(Int(value.exponentBitPattern), 1) - 1075
    var whole = [UInt32(significand % 1_000_000_000), UInt32(significand / 1_000_000_000)]
    for _ in 0..<exponent.magnitude { Self.multiply(&whole, by: exponent < 0 ? 5 : 2) }
    digits = []
    for limb in whole {
      var rest = limb
      for _ in 0..<9 {
        digits.append(UInt8(rest % 10))
        rest /= 10
      }
    }
    while digits.last == 0 { digits.removeLast() }
    digits.reverse()
    point = digits.count + min(exponent, 0)
  }

  /// Limbs of nine digits, the lowest first.
  private static func multiply(_ whole: inout [UInt32], by factor: UInt64) {
    var carry: UInt64 = 0
    for index in whole.indices {
      let product = UInt64(whole[index]) * factor + carry
      whole[index] = UInt32(product % 1_000_000_000)
      carry = product / 1_000_000_000
    }
    if carry > 0 { whole.append(UInt32(carry)) }
  }

  /// Rounded to the nearest, to the even one halfway; the digits and the power of ten of the first.
  private func rounded(to count: Int) -> (digits: [UInt8], exponent: Int) {
    guard digits.count > count else { return (digits, point - 1) }
    var result = Array(digits[..<count])
    let rest = digits[count...].dropFirst()
    let isHalf = digits[count] == 5 && rest.allSatisfy { $0 == 0 }
    let goesUp = isHalf ? result[count - 1] % 2 == 1 : digits[count] >= 5
    guard goesUp else { return (result, point - 1) }
    var index = count - 1
    while index >= 0, result[index] == 9 {
      result[index] = 0
      index -= 1
    }
    guard index >= 0 else { return ([1], point) }
    result[index] += 1
    return (result, point - 1)
  }

  /// As `%.{count}g` writes it.
  func general(digits count: Int) -> String {
    var (rounded, exponent) = rounded(to: count)
    while rounded.count > 1, rounded.last == 0 { rounded.removeLast() }
    let text = rounded.map { Character(Unicode.Scalar(UInt8(ascii: "0") + $0)) }
    guard (-4..<count).contains(exponent) else {
      let fraction = text.count > 1 ? "." + String(text.dropFirst()) : ""
      let power = String(exponent.magnitude)
      let padded = power.utf8.count < 2 ? "0" + power : power
      return "\(text[0])\(fraction)e\(exponent < 0 ? "-" : "+")\(padded)"
    }
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + String(text) }
    let wholeCount = exponent + 1
    if text.count <= wholeCount {
      return String(text) + String(repeating: "0", count: wholeCount - text.count)
    }
    return String(text.prefix(wholeCount)) + "." + String(text.dropFirst(wholeCount))
  }
}

/// Bytes as C writes them in a string: octal for what cannot be printed.
enum BytesText {
  static func escaped(_ bytes: [UInt8]) -> String {
    var result = ""
    for byte in bytes { result += escape(of: byte) }
    return result
  }

  private static func escape(of byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: "\n"): return "\\n"
    case UInt8(ascii: "\r"): return "\\r"
    case UInt8(ascii: "\t"): return "\\t"
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"):
      return "\\" + String(Unicode.Scalar(byte))
    case 0x20..<0x7F: return String(Unicode.Scalar(byte))
    default:
      let octal = String(byte, radix: 8)
      return "\\" + String(repeating: "0", count: 3 - octal.utf8.count) + octal
    }
  }
}

/// Parses one number: `-`, digits without a leading zero, a fraction, an exponent (RFC 8259,
/// section 6).
///
/// Functions leave the position behind what they understood; what follows is for the caller.
@safe
struct JSONNumber {
  private(set) var position: UnsafeRawPointer
  private let end: UnsafeRawPointer
  private(set) var isNegative = false

  init(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) {
    unsafe position = start
    unsafe self.end = end
  }

  /// Whether a number goes on with this byte, or is spoilt by it.
  @inline(__always)
  static func continues(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  @inline(__always)
  private var digit: UInt64? {
    guard unsafe position < end else { return nil }
    let value = unsafe position.load(as: UInt8.self) &- UInt8(ascii: "0")
    return value < 10 ? UInt64(value) : nil
  }

  @inline(__always)
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard unsafe position < end, unsafe position.load(as: UInt8.self) == UInt8(ascii: character)
    else { return false }
    unsafe position += 1
    return true
  }

  /// A sign and up to 18 digits; nil when there are none, more, or a leading zero.
  @inline(__always)
  mutating func simpleInteger() -> UInt64? {
    isNegative = take("-")
    guard let first = digit else { return nil }
    unsafe position += 1
    if first == 0 { return 0 }
    var value = first
    var count = 1
    while let digit {
      guard count < 18 else { return nil }
      value = value &* 10 &+ digit
      count &+= 1
      unsafe position += 1
    }
    return value
  }

  /// An integer's magnitude, exactly, whatever its form.
  mutating func integer() throws(JSONError.Reason) -> UInt64 {
    let decimal = try decimal()
    if decimal.mantissa == 0 && !decimal.isTruncated { return 0 }
    guard !decimal.isTruncated, decimal.exponent >= 0, decimal.exponent < 20 else {
      throw .outOfRange
    }
    var value = decimal.mantissa
    for _ in 0..<decimal.exponent {
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      guard !isTooLarge else { throw .outOfRange }
      value = product
    }
    return value
  }

  /// Goes past a number of any size.
  mutating func skip() throws(JSONError.Reason) { _ = try decimal() }

  /// A number as its digits, without zeros at either end, times a power of ten.
  private struct Decimal {
    var mantissa: UInt64 = 0
    var exponent = 0
    /// Whether there are more digits than the mantissa holds.
    var isTruncated = false
    /// Zeros that count only when another digit follows.
    private var zeros = 0

    init() {}

    mutating func append(_ digit: UInt64) {
      if digit == 0 {
        if mantissa != 0 { zeros &+= 1 }
        exponent &+= mantissa == 0 ? 0 : 1
        return
      }
      for _ in 0..<min(zeros, 20) { multiply(adding: 0) }
      multiply(adding: digit)
      exponent &-= zeros
      zeros = 0
    }

    private mutating func multiply(adding digit: UInt64) {
      guard !isTruncated else { return }
      let (product, isTooLarge) = mantissa.multipliedReportingOverflow(by: 10)
      let (sum, isTooLargeToo) = product.addingReportingOverflow(digit)
      if isTooLarge || isTooLargeToo {
        isTruncated = true
      } else {
        mantissa = sum
      }
    }
  }

  private mutating func decimal() throws(JSONError.Reason) -> Decimal {
    var decimal = Decimal()
    isNegative = take("-")
    guard let first = digit else { throw .malformed }
    unsafe position += 1
    decimal.append(first)
    if first != 0 {
      while let digit {
        decimal.append(digit)
        unsafe position += 1
      }
    }
    if take(".") {
      guard digit != nil else { throw .malformed }
      while let digit {
        decimal.append(digit)
        decimal.exponent &-= 1
        unsafe position += 1
      }
    }
    decimal.exponent &+= try exponent()
    return decimal
  }

  /// An exponent, 0 when there is none; beyond a million it says no more than that it is large.
  private mutating func exponent() throws(JSONError.Reason) -> Int {
    guard take("e") || take("E") else { return 0 }
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard digit != nil else { throw .malformed }
    var value = 0
    while let digit {
      if value < 1_000_000 { value = value &* 10 &+ Int(digit) }
      unsafe position += 1
    }
    return isNegative ? -value : value
  }

  /// Powers of ten that are exact.
  private static func power(_ exponent: Int) -> Double {
    var value = 1.0
    for _ in 0..<exponent { value *= 10 }
    return value
  }

  /// The nearest `double`.
  mutating func double() throws(JSONError.Reason) -> Double {
    let start = unsafe position
    let decimal = try decimal()
    if let value = Self.exact(decimal) { return isNegative ? -value : value }
    guard let value = unsafe Double(text(from: start)), value.isFinite else { throw .outOfRange }
    return value
  }

  /// The nearest `float`, from the decimal: by way of a `double` it would be rounded twice.
  mutating func float() throws(JSONError.Reason) -> Float {
    let start = unsafe position
    let decimal = try decimal()
    if decimal.mantissa < 1 << 24, let value = Self.exact(decimal) {
      let float = Float(value)
      if Double(float) == value { return isNegative ? -float : float }
    }
    guard let value = unsafe Float(text(from: start)), value.isFinite else { throw .outOfRange }
    return value
  }

  /// The value where one exact operation on two exact numbers gives it.
  @inline(__always)
  private static func exact(_ decimal: Decimal) -> Double? {
    if decimal.mantissa == 0 && !decimal.isTruncated { return 0 }
    guard decimal.mantissa < 1 << 53, !decimal.isTruncated else { return nil }
    let mantissa = Double(decimal.mantissa)
    if decimal.exponent >= 0, decimal.exponent <= 22 { return mantissa * power(decimal.exponent) }
    if decimal.exponent < 0, decimal.exponent >= -22 { return mantissa / power(-decimal.exponent) }
    return nil
  }

  private func text(from start: UnsafeRawPointer) -> String {
    unsafe String(
      decoding: UnsafeRawBufferPointer(start: start, count: position - start),
      as: UTF8.self
    )
  }
}

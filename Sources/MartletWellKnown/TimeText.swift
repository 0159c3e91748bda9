/// Reads ASCII from front to back; what does not fit stays.
///
/// Valid only as long as the text that it was made of. Each byte is checked to be inside of it.
@safe
package struct TimeScanner {
  private let text: UnsafeRawBufferPointer
  private var position = 0

  package init(_ text: UnsafeRawBufferPointer) { unsafe self.text = text }

  var isAtEnd: Bool { unsafe position == text.count }

  /// Passes a character, if it stands here.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard unsafe position < text.count, unsafe UInt32(text[position]) == character.value else {
      return false
    }
    position += 1
    return true
  }

  /// Exactly `count` digits.
  mutating func digits(_ count: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<count {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// One digit or more; nil when an `Int64` does not hold their number.
  mutating func integer() -> Int64? {
    guard var value = digit() else { return nil }
    while let digit = digit() {
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowOfSum) = tenfold.addingReportingOverflow(digit)
      if overflow || overflowOfSum { return nil }
      value = sum
    }
    return value
  }

  /// `.` and one to nine digits as nanoseconds, 0 when there is no point.
  mutating func fraction() -> Int32? {
    guard take(".") else { return 0 }
    var value: Int64 = 0
    var count = 0
    while let digit = digit() {
      value = value * 10 + digit
      count += 1
      if count > 9 { return nil }
    }
    guard count > 0 else { return nil }
    for _ in count..<9 { value *= 10 }
    return Int32(value)
  }

  private mutating func digit() -> Int64? {
    guard unsafe position < text.count else { return nil }
    let digit = unsafe text[position] &- UInt8(ascii: "0")
    guard digit < 10 else { return nil }
    position += 1
    return Int64(digit)
  }
}

/// The text of a time or a duration as it grows, without memory of its own.
package struct TimeText {
  /// Room for the longest: a timestamp has up to 30 bytes.
  package static let capacity = 32

  // A vector as an array of fixed size: in 6.3.1 the optimiser may lose what an initialiser stores
  // in an `InlineArray`.
  private var bytes = SIMD32<UInt8>()
  package private(set) var count = 0

  /// ASCII.
  package subscript(index: Int) -> UInt8 { bytes[index] }

  var string: String { String(decoding: (0..<count).map { bytes[$0] }, as: UTF8.self) }

  mutating func append(_ character: Unicode.Scalar) {
    bytes[count] = UInt8(ascii: character)
    count += 1
  }

  /// A number that is not negative, with zeros in front up to a width.
  mutating func append(digits value: Int64, width: Int) {
    var rest = UInt64(value)
    for place in stride(from: count + width - 1, through: count, by: -1) {
      bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    count += width
  }

  /// A mark and two digits.
  mutating func append(_ mark: Unicode.Scalar, digits value: Int64) {
    append(mark)
    append(digits: value, width: 2)
  }

  /// A point and 3, 6 or 9 digits; nothing for 0.
  mutating func append(fractionOfNanos nanos: Int32) {
    if nanos == 0 { return }
    append(".")
    let nanos = Int64(nanos)
    if nanos % 1_000_000 == 0 {
      append(digits: nanos / 1_000_000, width: 3)
    } else if nanos % 1000 == 0 {
      append(digits: nanos / 1000, width: 6)
    } else {
      append(digits: nanos, width: 9)
    }
  }
}

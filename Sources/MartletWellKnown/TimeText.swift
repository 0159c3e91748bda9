/// Reads ASCII from front to back; what does not fit stays.
struct TextScanner {
  /// Longer texts are no times and durations: the longest has 35 bytes.
  static let maximumCount = 48

  private var text = InlineArray<48, UInt8>(repeating: 0)
  private var count = 0
  private var position = 0

  /// Takes a text over; nil when it is too long.
  init?(_ text: Span<UInt8>) {
    guard text.count <= Self.maximumCount else { return nil }
    for index in text.indices { self.text[index] = text[index] }
    count = text.count
  }

  /// Takes a text over; nil when it is too long.
  init?(_ text: String) {
    for byte in text.utf8 {
      guard count < Self.maximumCount else { return nil }
      self.text[count] = byte
      count += 1
    }
  }

  var isAtEnd: Bool { position == count }

  /// Passes a character, if it stands here.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < count, UInt32(text[position]) == character.value else { return false }
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
    guard position < count else { return nil }
    let digit = text[position] &- UInt8(ascii: "0")
    guard digit < 10 else { return nil }
    position += 1
    return Int64(digit)
  }
}

extension [UInt8] {
  /// A number that is not negative, with zeros in front up to a width.
  mutating func append(digits value: Int64, width: Int) {
    let start = count
    append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
    var rest = value
    for place in stride(from: start + width - 1, through: start, by: -1) {
      self[place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
  }

  /// A mark and two digits.
  mutating func append(_ mark: Unicode.Scalar, digits value: Int64) {
    append(UInt8(ascii: mark))
    append(UInt8(ascii: "0") + UInt8(value / 10))
    append(UInt8(ascii: "0") + UInt8(value % 10))
  }

  /// A point and 3, 6 or 9 digits; nothing for 0.
  mutating func append(fractionOfNanos nanos: Int32) {
    if nanos == 0 { return }
    append(UInt8(ascii: "."))
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

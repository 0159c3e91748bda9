// Digits. Two are made at a time: a division by 100 by multiplication, then both by another.

extension JSONWriter {
  /// Writes an integer into the slack.
  @inline(__always)
  mutating func decimal(_ value: Int64) {
    if value < 0 { byte("-") }
    decimal(value.magnitude)
  }

  /// Writes an integer into the slack.
  @inline(__always)
  mutating func decimal(_ value: UInt64) {
    if value < 10 { return store(UInt8(truncatingIfNeeded: value) &+ 0x30) }
    longDecimal(value)
  }

  @inline(never)
  private mutating func longDecimal(_ value: UInt64) {
    let count = Self.digitCount(value)
    unsafe Self.writeDigits(value, count, to: position)
    unsafe position += count
  }

  /// Writes `value` as exactly `count` digits.
  @inline(__always)
  private static func writeDigits(
    _ value: UInt64,
    _ count: Int,
    to start: UnsafeMutableRawPointer
  ) {
    var rest = value
    var end = count
    while end >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      let tens = (pair &* 103) &>> 10
      let digits = tens | (pair &- tens &* 10) &<< 8 | 0x3030
      end &-= 2
      unsafe start.storeBytes(
        of: UInt16(truncatingIfNeeded: digits),
        toByteOffset: end,
        as: UInt16.self
      )
      rest = quotient
    }
    if end == 1 {
      unsafe start.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x30, as: UInt8.self)
    }
  }

  /// How many digits a number of at least 1 has.
  private static func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var rest = value
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    if rest >= 1000 { return count &+ 3 }
    if rest >= 100 { return count &+ 2 }
    return rest >= 10 ? count &+ 1 : count
  }

  /// Writes a number of few digits: `value` divided by a power of ten, without zeros at the end.
  ///
  /// A decimal of up to 15 digits (6 for a `float`) that reads as a number is the shortest one that
  /// does: no two such decimals read as the same number.
  ///
  /// - Parameters:
  ///   - value: the digits.
  ///   - places: how many of them stand behind the point.
  mutating func fixedPoint(_ value: Int64, places: Int) {
    reserve(0)
    if value < 0 { byte("-") }
    let magnitude = value.magnitude
    var scale: UInt64 = 1
    for _ in 0..<places { scale &*= 10 }
    let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: scale)
    decimal(whole)
    guard fraction != 0 else { return }
    byte(".")
    unsafe Self.writeDigits(fraction, places, to: position)
    unsafe position += places
    while unsafe position.load(fromByteOffset: -1, as: UInt8.self) == 0x30 { unsafe position -= 1 }
  }

  /// Writes Swift's own text of a finite number, the shortest there is: `1e+16`, `0.1`.
  mutating func number(_ description: String) {
    reserve(0)
    var text = description
    if text.hasSuffix(".0") { text.removeLast(2) }
    for byte in text.utf8 { store(byte) }
  }
}

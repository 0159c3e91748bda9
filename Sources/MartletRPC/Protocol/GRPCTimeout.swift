/// The value of `grpc-timeout`: at most eight digits and a unit (PROTOCOL-HTTP2.md, "Timeout").
package enum GRPCTimeout {
  private static let maxDigits = 8
  private static let maxValue: Int64 = 99_999_999

  /// Each unit's letter and its length in nanoseconds, finest first.
  private static let units: [(letter: Character, nanoseconds: Int64)] = [
    ("n", 1),
    ("u", 1_000),
    ("m", 1_000_000),
    ("S", 1_000_000_000),
    ("M", 60_000_000_000),
    ("H", 3_600_000_000_000),
  ]

  /// The header for a duration, in the finest unit that eight digits can hold, rounded up so that
  /// the server never gives up before the client does.
  ///
  /// A duration not above zero is one nanosecond.
  package static func encode(_ duration: Duration) -> String {
    let nanoseconds = max(1, nanoseconds(of: duration))
    for unit in units {
      let whole = nanoseconds / unit.nanoseconds
      let value = nanoseconds % unit.nanoseconds == 0 ? whole : whole + 1
      if value <= maxValue { return "\(value)\(unit.letter)" }
    }
    return "\(maxValue)H"
  }

  /// Reads the header; nil for anything but one to eight digits and a known unit.
  ///
  /// A timeout longer than `Duration` nanoseconds can say (292 years) is cut to that.
  package static func decode(_ text: String) -> Duration? {
    guard let letter = text.last, let unit = units.first(where: { $0.letter == letter }) else {
      return nil
    }
    let digits = text.utf8.dropLast()
    let zero = UInt8(ascii: "0")
    guard (1...maxDigits).contains(digits.count) else { return nil }
    guard digits.allSatisfy({ $0 >= zero && $0 <= zero + 9 }) else { return nil }
    let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - zero) }
    let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
    return .nanoseconds(overflow ? Int64.max : nanoseconds)
  }

  /// Saturates at what 64 bits hold, and rounds a fraction of a nanosecond up.
  private static func nanoseconds(of duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let fraction = (attoseconds + 999_999_999) / 1_000_000_000
    let (sum, carried) = whole.addingReportingOverflow(fraction)
    guard overflow || carried else { return sum }
    return seconds > 0 ? Int64.max : 0
  }
}

/// XML Schema's dateTime, to milliseconds (<https://www.w3.org/TR/xmlschema11-2/#dateTime>).
enum XMLTime {
  /// Parses `2024-05-01T12:34:56.789Z`; nil when it is none or not in years 1 to 9999.
  ///
  /// Tolerated besides: a space or lower-case `t` for `T`, offsets without colon or minutes, no zone at all (UTC, as
  /// GPX prescribes), and second 60, which becomes the next minute's first. Fractions finer than a
  /// millisecond are cut, not rounded, so that no time moves into the next second.
  static func milliseconds(parsing text: String) -> Int64? {
    var cursor = Cursor(bytes: Array(text.utf8))
    guard let year = cursor.number(digits: 4), year >= 1, cursor.take("-"),
      let month = cursor.number(digits: 2), (1...12).contains(month), cursor.take("-"),
      let day = cursor.number(digits: 2), (1...daysIn(month: month, year: year)).contains(day),
      cursor.take("T") || cursor.take("t") || cursor.take(" "),
      let hour = cursor.number(digits: 2), hour <= 24, cursor.take(":"),
      let minute = cursor.number(digits: 2), minute <= 59, cursor.take(":"),
      let second = cursor.number(digits: 2), second <= 60,
      let fraction = cursor.fraction(),
      let offset = cursor.zoneOffsetMinutes(), cursor.isAtEnd
    else { return nil }
    if hour == 24, minute + second + fraction > 0 { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    let minutes = Int64(days) * 1440 + Int64(hour * 60 + minute - offset)
    return minutes * 60_000 + Int64(second * 1000 + fraction)
  }

  /// Writes `2024-05-01T12:34:56.789Z`, without the fraction when it is zero.
  ///
  /// For years 1 to 9999.
  static func text(milliseconds: Int64) -> String {
    let (days, rest) = floorDivided(milliseconds, by: 86_400_000)
    let date = date(daysSince1970: Int(days))
    let seconds = Int(rest / 1000)
    let fraction = Int(rest % 1000)
    return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
      + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
      + padded(seconds % 60, 2) + (fraction == 0 ? "" : "." + padded(fraction, 3)) + "Z"
  }

  private static func floorDivided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }

  private static func padded(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// The inverse of `daysSince1970`; years are counted from March there, too.
  static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar.
  ///
  /// Years are counted from March, so that the leap day is the last of its year; 719,468 is the
  /// number of days from 0000-03-01 to 1970-01-01.
  static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func daysIn(month: Int, year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private struct Cursor {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
      index += 1
      return true
    }

    mutating func digit() -> Int? {
      guard index < bytes.count, (0x30...0x39).contains(bytes[index]) else { return nil }
      index += 1
      return Int(bytes[index - 1] - 0x30)
    }

    mutating func number(digits: Int) -> Int? {
      var value = 0
      for _ in 0..<digits {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// Milliseconds after the decimal point; 0 without one, nil for a point without digits.
    mutating func fraction() -> Int? {
      guard take(".") || take(",") else { return 0 }
      guard var value = digit() else { return nil }
      var count = 1
      while let digit = digit() {
        if count < 3 {
          value = value * 10 + digit
          count += 1
        }
      }
      while count < 3 {
        value *= 10
        count += 1
      }
      return value
    }

    /// Minutes east of UTC.
    mutating func zoneOffsetMinutes() -> Int? {
      if isAtEnd || take("Z") || take("z") { return 0 }
      let sign: Int
      if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
      guard let hours = number(digits: 2), hours <= 14 else { return nil }
      _ = take(":")
      guard !isAtEnd else { return sign * hours * 60 }
      guard let minutes = number(digits: 2), minutes <= 59 else { return nil }
      return sign * (hours * 60 + minutes)
    }
  }
}

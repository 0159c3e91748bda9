import Glibc

/// Dates: typed by people in their zone, written for people in their zone and for programs in UTC.
enum Dates {
  /// `2026-05-03 08:12` in this computer's time zone.
  static func local(_ milliseconds: Int64) -> String {
    var seconds = time_t(floorDivide(milliseconds, 1000))
    var parts = unsafe tm()
    guard unsafe localtime_r(&seconds, &parts) != nil else { return "?" }
    return unsafe text(parts, separator: " ")
  }

  /// `2026-05-03T06:12:00.000Z`.
  static func utc(_ milliseconds: Int64) -> String {
    var seconds = time_t(floorDivide(milliseconds, 1000))
    var parts = unsafe tm()
    guard unsafe gmtime_r(&seconds, &parts) != nil else { return "?" }
    let remainder = milliseconds % 1000
    let rest = remainder < 0 ? remainder + 1000 : remainder
    let fraction = "\(rest < 100 ? "0" : "")\(Figures.padded(rest))"
    let minute = unsafe text(parts, separator: "T")
    return unsafe "\(minute):\(Figures.padded(parts.tm_sec)).\(fraction)Z"
  }

  /// Reads `2026-05-03` or `2026-05-03T08:12`, in this computer's time zone; nil for anything else.
  static func milliseconds(parsing text: String) -> Int64? {
    let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard date.count == 3, date.map(\.utf8.count) == [4, 2, 2],
      let year = number(date[0]), let month = number(date[1]), let day = number(date[2]),
      (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    var time = unsafe tm()
    unsafe time.tm_year = year - 1900
    unsafe time.tm_mon = month - 1
    unsafe time.tm_mday = day
    unsafe time.tm_isdst = -1
    if parts.count == 2 {
      let clock = parts[1].split(separator: ":", omittingEmptySubsequences: false)
      guard clock.map(\.utf8.count) == [2, 2], let hour = number(clock[0]),
        let minute = number(clock[1]), hour < 24, minute < 60
      else { return nil }
      unsafe time.tm_hour = hour
      unsafe time.tm_min = minute
    }
    let seconds = unsafe mktime(&time)
    // mktime moves the 31st of a shorter month into the next one.
    guard seconds != -1, unsafe time.tm_mday == day else { return nil }
    return Int64(seconds) * 1000
  }

  private static func number(_ text: Substring) -> Int32? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int32(text) : nil
  }

  private static func text(_ parts: tm, separator: String) -> String {
    let (month, day) = unsafe (parts.tm_mon + 1, parts.tm_mday)
    let (hour, minute) = unsafe (Figures.padded(parts.tm_hour), Figures.padded(parts.tm_min))
    let year = unsafe Int(parts.tm_year) + 1900
    return "\(year)-\(Figures.padded(month))-\(Figures.padded(day))\(separator)\(hour):\(minute)"
  }

  private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}

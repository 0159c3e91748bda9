// RFC 3339, section 5.6, as protobuf's JSON uses it: capital T and Z, up to nine digits after the
// second, any offset on input and Z on output.

extension ProtoTimestamp {
  /// Reads a time such as `2026-03-01T07:30:00.25+01:00`.
  ///
  /// - Parameter text: A date and time of the years 1 to 9999 with an offset from UTC, as RFC 3339
  ///   has it; nil results from anything else, leap seconds and digits below the nanosecond too.
  public init?(rfc3339 text: String) {
    var text = text
    let time = text.withUTF8 { bytes in
      unsafe Self(rfc3339: TimeScanner(UnsafeRawBufferPointer(bytes)))
    }
    guard let time else { return nil }
    self = time
  }

  /// The time as `2026-03-01T06:30:00.250Z`, with 0, 3, 6 or 9 digits after the second as
  /// needed; nil when the timestamp is not valid.
  public var rfc3339: String? { rfc3339Text?.string }

  /// For JSON: reads the whole of a text.
  package init?(rfc3339 scanner: TimeScanner) {
    var scanner = scanner
    guard let days = scanner.date(), scanner.take("T"), let second = scanner.timeOfDay(),
      let nanos = scanner.fraction(), let offset = scanner.offset(), scanner.isAtEnd
    else { return nil }
    self.init(seconds: days * 86400 + second - offset, nanos: nanos)
    guard isValid else { return nil }
  }

  /// For JSON: the bytes of `rfc3339`.
  package var rfc3339Text: TimeText? {
    guard isValid else { return nil }
    let (days, second) = Self.floored(seconds, by: 86400)
    let date = CivilDate(daysSince1970: days)
    var text = TimeText()
    text.append(digits: date.year, width: 4)
    text.append("-", digits: date.month)
    text.append("-", digits: date.day)
    text.append("T", digits: second / 3600)
    text.append(":", digits: second / 60 % 60)
    text.append(":", digits: second % 60)
    text.append(fractionOfNanos: nanos)
    text.append("Z")
    return text
  }
}

extension TimeScanner {
  /// `2026-03-01` as days since 1970; nil where there is no such day.
  fileprivate mutating func date() -> Int64? {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"),
      let day = digits(2), let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    return date.daysSince1970
  }

  /// `07:30:00` as seconds since midnight.
  fileprivate mutating func timeOfDay() -> Int64? {
    guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60,
      take(":"), let second = digits(2), second < 60
    else { return nil }
    return (hour * 60 + minute) * 60 + second
  }

  /// `Z`, `+01:00` or `-08:00` as seconds.
  fileprivate mutating func offset() -> Int64? {
    if take("Z") { return 0 }
    let isNegative = take("-")
    guard isNegative || take("+"), let hour = digits(2), hour < 24, take(":"),
      let minute = digits(2), minute < 60
    else { return nil }
    let seconds = (hour * 60 + minute) * 60
    return isNegative ? -seconds : seconds
  }
}

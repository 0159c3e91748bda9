/// A day of the Gregorian calendar, carried back to the year 1.
struct CivilDate {
  var year: Int64
  /// From 1.
  var month: Int64
  /// From 1.
  var day: Int64

  /// A day that exists; nil otherwise.
  init?(year: Int64, month: Int64, day: Int64) {
    guard (1...9999).contains(year), (1...12).contains(month),
      (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day so many days after 1970-01-01.
  ///
  /// Years are counted from March, so that the day that some years lack is their last one; every
  /// 400 of them have 146,097 days.
  init(daysSince1970 days: Int64) {
    let sinceMarch = days + Self.daysFromMarchOf0To1970
    let (era, dayOfEra) = ProtoTimestamp.floored(sinceMarch, by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - Self.days(inYearsOfEra: yearOfEra)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - Self.days(inMonthsFromMarch: monthFromMarch) + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int64 {
    let yearFromMarch = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = ProtoTimestamp.floored(yearFromMarch, by: 400)
    let monthFromMarch = month <= 2 ? month + 9 : month - 3
    return era * 146_097 + Self.days(inYearsOfEra: yearOfEra)
      + Self.days(inMonthsFromMarch: monthFromMarch) + day - 1 - Self.daysFromMarchOf0To1970
  }

  /// From 0000-03-01 to 1970-01-01.
  private static let daysFromMarchOf0To1970: Int64 = 719_468

  private static func days(inYearsOfEra years: Int64) -> Int64 {
    years * 365 + years / 4 - years / 100
  }

  /// Five months from March on have 153 days, and so have the next five.
  private static func days(inMonthsFromMarch months: Int64) -> Int64 { (153 * months + 2) / 5 }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

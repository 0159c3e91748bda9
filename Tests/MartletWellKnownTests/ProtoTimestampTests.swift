import MartletWellKnown
import Testing

@Suite struct ProtoTimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, 0),
      ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
      ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
      ("2000-02-29T12:00:00.500Z", 951_825_600, 500_000_000),
      ("1900-03-01T00:00:00.000001Z", -2_203_891_200, 1000),
      ("1969-12-31T23:59:59.999Z", -1, 999_000_000),
      ("2024-12-31T23:59:59.000000001Z", 1_735_689_599, 1),
    ] as [(String, Int64, Int32)]
  )
  func textAndPartsAreTheSameTime(text: String, seconds: Int64, nanos: Int32) throws {
    let time = ProtoTimestamp(seconds: seconds, nanos: nanos)
    #expect(ProtoTimestamp(rfc3339: text) == time)
    #expect(time.rfc3339 == text)
  }

  @Test func firstAndLastDaysOfAllMonthsLeadBackToThemselves() {
    // Days counted here one by one, years by the rule for leap years.
    var seconds = ProtoTimestamp.secondsRange.lowerBound
    var wrong: [String] = []
    for year in 1...9999 {
      let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
      for (month, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        .enumerated()
      {
        for day in [1, days] {
          func padded(_ number: Int, _ width: Int) -> String {
            String(repeating: "0", count: width - String(number).count) + String(number)
          }
          let text = "\(padded(year, 4))-\(padded(month + 1, 2))-\(padded(day, 2))T00:00:00Z"
          let time = ProtoTimestamp(seconds: seconds + Int64(day - 1) * 86400)
          if time.rfc3339 != text || ProtoTimestamp(rfc3339: text) != time {
            wrong.append(text)
          }
        }
        seconds += Int64(days) * 86400
      }
    }
    #expect(wrong == [])
    #expect(seconds == ProtoTimestamp.secondsRange.upperBound + 1)
  }

  @Test func offsetsAreTakenOff() {
    let noon = ProtoTimestamp(rfc3339: "2026-03-01T12:00:00Z")
    #expect(noon != nil)
    #expect(ProtoTimestamp(rfc3339: "2026-03-01T13:30:00+01:30") == noon)
    #expect(ProtoTimestamp(rfc3339: "2026-03-01T04:00:00-08:00") == noon)
    #expect(ProtoTimestamp(rfc3339: "2026-03-01T12:00:00-00:00") == noon)
  }

  @Test(arguments: [
    "", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01t12:00:00Z", "2026-03-01T12:00:00z",
    "2026-03-01 12:00:00Z", "2026-3-01T12:00:00Z", "2026-00-01T12:00:00Z",
    "2026-13-01T12:00:00Z", "2026-02-29T12:00:00Z", "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z", "2026-03-00T00:00:00Z", "2026-03-01T24:00:00Z",
    "2026-03-01T12:60:00Z", "2026-03-01T23:59:60Z", "2026-03-01T12:00:00.Z",
    "2026-03-01T12:00:00.1234567890Z", "2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00+1:00",
    "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00+01:60", "2026-03-01T12:00:00+0100",
    "2026-03-01T12:00:00Z ", " 2026-03-01T12:00:00Z", "2026-03-01T12:00:00ZZ",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01", "-001-01-01T00:00:00Z", "２026-03-01T12:00:00Z",
    String(repeating: "0", count: 1000),
  ])
  func textThatIsNoTimeIsRefused(text: String) {
    #expect(ProtoTimestamp(rfc3339: text) == nil)
  }

  @Test(
    arguments: [
      (0, -1), (0, 1_000_000_000), (-62_135_596_801, 0), (253_402_300_800, 0), (.min, .min),
      (.max, .max),
    ] as [(Int64, Int32)]
  )
  func invalidTimesHaveNoText(seconds: Int64, nanos: Int32) {
    let time = ProtoTimestamp(seconds: seconds, nanos: nanos)
    #expect(!time.isValid)
    #expect(time.rfc3339 == nil)
  }

  @Test func millisecondsRoundDownOnBothSidesOf1970() {
    #expect(
      ProtoTimestamp(millisecondsSince1970: -1)
        == ProtoTimestamp(seconds: -1, nanos: 999_000_000)
    )
    #expect(ProtoTimestamp(millisecondsSince1970: 1500).nanos == 500_000_000)
    for milliseconds: Int64 in [-1001, -1000, -999, -1, 0, 1, 999, 1000, 253_402_300_799_999] {
      let time = ProtoTimestamp(millisecondsSince1970: milliseconds)
      #expect(time.isValid)
      #expect(time.millisecondsSince1970 == milliseconds)
    }
    #expect(ProtoTimestamp(seconds: -1, nanos: 999_999_999).millisecondsSince1970 == -1)
  }

  @Test func hostileTimesDoNotTrap() {
    for seconds in [Int64.min, Int64.min + 1, -1, 0, Int64.max] {
      for nanos in [Int32.min, -1, 0, Int32.max] {
        let time = ProtoTimestamp(seconds: seconds, nanos: nanos)
        _ = time.millisecondsSince1970
        for other in [ProtoTimestamp(seconds: .max, nanos: .max), ProtoTimestamp(seconds: .min)] {
          _ = time.advanced(by: time.duration(to: other))
        }
        _ = time.advanced(by: .seconds(Int64.max))
        _ = time.advanced(by: .seconds(Int64.min))
      }
    }
    #expect(ProtoTimestamp(seconds: .max, nanos: .max).millisecondsSince1970 == .max)
    #expect(ProtoTimestamp(seconds: .min, nanos: .min).millisecondsSince1970 == .min)
  }

  @Test func timesAreInstants() {
    let start = ProtoTimestamp(seconds: -1, nanos: 750_000_000)
    let end = start.advanced(by: .milliseconds(500))
    #expect(end == ProtoTimestamp(seconds: 0, nanos: 250_000_000))
    #expect(start.duration(to: end) == .milliseconds(500))
    #expect(end.advanced(by: .milliseconds(-500)) == start)
    #expect(start < end)
  }

  @Test func nowIsThisCentury() {
    #expect(ProtoTimestamp.now > ProtoTimestamp(seconds: 1_700_000_000))
    #expect(ProtoTimestamp.now.isValid)
  }
}

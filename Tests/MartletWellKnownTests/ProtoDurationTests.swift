import MartletWellKnown
import Testing

@Suite struct ProtoDurationTests {
  @Test(
    arguments: [
      ("0s", 0, 0), ("1s", 1, 0), ("1.500s", 1, 500_000_000), ("-0.500s", 0, -500_000_000),
      ("-1.000001s", -1, -1000), ("0.000000001s", 0, 1),
      ("315576000000.999999999s", 315_576_000_000, 999_999_999),
      ("-315576000000.999999999s", -315_576_000_000, -999_999_999),
    ] as [(String, Int64, Int32)]
  )
  func textAndPartsAreTheSameDuration(text: String, seconds: Int64, nanos: Int32) {
    let duration = ProtoDuration(seconds: seconds, nanos: nanos)
    #expect(ProtoDuration(text: text) == duration)
    #expect(duration.text == text)
  }

  @Test func anyNumberOfDigitsUpToNineIsRead() {
    #expect(ProtoDuration(text: "1.5s")?.nanos == 500_000_000)
    #expect(ProtoDuration(text: "1.00000000s")?.nanos == 0)
    #expect(ProtoDuration(text: "-0s") == ProtoDuration(seconds: 0))
  }

  @Test(arguments: [
    "", "s", "1", "1.s", ".5s", "+1s", "--1s", "1.5", "1 s", " 1s", "1s ", "1S", "1e3s", "0x1s",
    "1.0000000001s", "1.-5s", "315576000001s", "-315576000001s", "9223372036854775808s", "1ss",
  ])
  func textThatIsNoDurationIsRefused(text: String) {
    #expect(ProtoDuration(text: text) == nil)
  }

  @Test(
    arguments: [
      (1, -1), (-1, 1), (0, 1_000_000_000), (0, -1_000_000_000), (315_576_000_001, 0),
      (-315_576_000_001, 0), (.min, .min), (.max, .max),
    ] as [(Int64, Int32)]
  )
  func invalidDurationsHaveNoText(seconds: Int64, nanos: Int32) {
    let duration = ProtoDuration(seconds: seconds, nanos: nanos)
    #expect(!duration.isValid)
    #expect(duration.text == nil)
    _ = Duration(duration)
  }

  @Test func swiftsDurationsGoBothWays() {
    for duration: Duration in [.zero, .milliseconds(1500), .nanoseconds(-1), .seconds(-90)] {
      #expect(ProtoDuration(duration).isValid)
      #expect(Duration(ProtoDuration(duration)) == duration)
    }
    let tiny = Duration(secondsComponent: 0, attosecondsComponent: -1_999_999_999)
    #expect(ProtoDuration(tiny) == ProtoDuration(seconds: 0, nanos: -1))
    #expect(!ProtoDuration(.seconds(Int64.max)).isValid)
    #expect(!ProtoDuration(.seconds(Int64.max) + .seconds(Int64.max)).isValid)
  }

  @Test func durationsAreOrderedByLength() {
    let sorted = ["-1.5s", "-1s", "-0.1s", "0s", "0.1s", "2s"].compactMap(ProtoDuration.init(text:))
    #expect(sorted.reversed().sorted() == sorted)
    #expect(sorted.count == 6)
  }
}

import Glibc
import Testing
import WorkoutCore
import WorkoutSchema

@testable import martlet

@Suite struct FiguresTests {
  @Test(
    "distances",
    arguments: [
      (0.0, "0 m"), (999.4, "999 m"), (1000, "1.00 km"), (7423.6, "7.42 km"), (42195, "42.20 km"),
      (.infinity, "?"), (.nan, "?"), (-1e300, "?"), (1e300, "?"),
    ]
  )
  func distance(meters: Double, text: String) { #expect(Figures.distance(meters) == text) }

  @Test(
    "durations",
    arguments: [
      (0, "0:00"), (59_999, "0:59"), (60_000, "1:00"), (2_700_000, "45:00"), (3_599_999, "59:59"),
      (3_723_000, "1:02:03"), (-5, "0:00"),
    ] as [(Int64, String)]
  )
  func duration(milliseconds: Int64, text: String) {
    #expect(Figures.duration(milliseconds) == text)
  }

  @Test("runners have a pace, riders a speed, and who stands still neither")
  func pace() {
    #expect(Figures.pace(meters: 10_000, milliseconds: 3_000_000, type: .run) == "5:00 /km")
    #expect(Figures.pace(meters: 10_000, milliseconds: 1_500_000, type: .ride) == "24.0 km/h")
    #expect(Figures.pace(meters: 0, milliseconds: 1000, type: .run) == nil)
    #expect(Figures.pace(meters: 5, milliseconds: 3_600_000, type: .run) == nil)
  }

  @Test("numbers are rounded, not cut")
  func fixed() {
    #expect(Figures.fixed(1.005, 1) == "1.0")
    #expect(Figures.fixed(-0.26, 1) == "-0.3")
    #expect(Figures.fixed(12.999, 2) == "13.00")
    #expect(Figures.fixed(3.04, 2) == "3.04")
    #expect(Figures.fixed(1e300, 1) == "?")
    #expect(Figures.climb(-1e300) == "?")
    #expect(Figures.heartRate(1e300) == nil)
  }

  @Test("control characters in other people's words do not reach the terminal")
  func words() {
    #expect(printable("Läufe 🏃 \u{1B}[2J\n\u{9B}") == "Läufe 🏃 \u{FFFD}[2J\u{FFFD}\u{FFFD}")
  }
}

@Suite struct DatesTests {
  @Test("times in UTC have milliseconds, before 1970, too")
  func utc() {
    #expect(Dates.utc(1_777_788_720_000) == "2026-05-03T06:12:00.000Z")
    #expect(Dates.utc(-1) == "1969-12-31T23:59:59.999Z")
    #expect(Dates.utc(45) == "1970-01-01T00:00:00.045Z")
    #expect(Dates.utc(-1000) == "1969-12-31T23:59:59.000Z")
    // Whatever a server sends is shown somehow.
    #expect(Dates.utc(.min).hasSuffix(".192Z"))
    #expect(Dates.utc(.max).hasSuffix(".807Z"))
    #expect(!Dates.local(.min).isEmpty)
  }

  @Test("what is typed as a local date is shown as the same local date")
  func local() throws {
    let milliseconds = try #require(Dates.milliseconds(parsing: "2026-05-03T08:12"))
    #expect(Dates.local(milliseconds) == "2026-05-03 08:12")
    #expect(Dates.milliseconds(parsing: "2026-05-03") != nil)
    for text in [
      "", "2026-5-3", "2026-02-30", "2026-05-03T24:00", "2026-05-03 08:12", "x", "1969-01-01",
    ] {
      #expect(Dates.milliseconds(parsing: text) == nil, "\(text)")
    }
  }
}

@Suite struct JSONTests {
  @Test("members stand one a line, items of long lists whole on one line")
  func layout() {
    var item = JSONObject()
    item.add("a", 1)
    item.add("b", 0.5)
    var object = JSONObject()
    object.add("name", "x")
    object.add("missing", nil as Int?)
    object.add("items", .array([item.line, item.line]))
    object.add("empty", .array([]))
    object.add("ok", true)
    #expect(
      object.value.text == """
        {
          "name": "x",
          "items": [
            {"a": 1, "b": 0.5},
            {"a": 1, "b": 0.5}
          ],
          "empty": [],
          "ok": true
        }
        """
    )
    #expect(item.value.lineText == "{\"a\": 1, \"b\": 0.5}")
  }

  @Test("strings are escaped, and what is no number becomes null")
  func strings() {
    #expect(
      JSONValue.string("\"\\\n\t\u{1}\u{1B}ü🏃").text == "\"\\\"\\\\\\n\\t\\u0001\\u001bü🏃\""
    )
    #expect(JSONValue.double(.nan).text == "null")
    #expect(JSONValue.double(.infinity).text == "null")
    #expect(JSONValue.double(0.1).text == "0.1")
  }
}

@Suite struct PictureTests {
  private func position(_ north: Double, _ east: Double) -> Position {
    Position(latitudeE7: Int32(north * 1e7), longitudeE7: Int32(east * 1e7))
  }

  @Test("a line to the north-east runs from the lower left to the upper right")
  func diagonal() throws {
    let picture = try #require(
      RoutePicture([position(0, 0), position(1, 1)], maximumColumns: 4, maximumRows: 2)
    )
    #expect(picture.lines == ["⠀⠀⡠⠊", "⡠⠊"].map { $0.replacing("⠀", with: " ") })
  }

  @Test("a pause breaks the line")
  func gap() throws {
    let ends = [position(0, 0), nil, position(0, 1)]
    let picture = try #require(RoutePicture(ends, maximumColumns: 4, maximumRows: 2))
    #expect(picture.lines == ["⠁  ⠈"])
  }

  @Test("a route over the antimeridian is as small as it is")
  func antimeridian() throws {
    let ends = [position(0, 179.9), position(0.2, -179.9)]
    let picture = try #require(RoutePicture(ends, maximumColumns: 10, maximumRows: 10))
    #expect(picture.lines.count == 5, "as high as it is wide: ten columns of two dots")
  }

  @Test("no route, one place and broken extremes make no picture and no crash")
  func nothing() {
    #expect(RoutePicture([]) == nil)
    #expect(RoutePicture([position(1, 1), nil, position(1, 1)]) == nil)
    #expect(
      RoutePicture([
        Position(latitudeE7: .min, longitudeE7: .min),
        Position(latitudeE7: .max, longitudeE7: .max),
      ]) != nil
    )
  }

  @Test("a sparkline shows means between the lowest and the highest")
  func sparkline() throws {
    let line = try #require(Sparkline.draw([1, 2, 3, 4, nil, nil, 8, 8].map { $0 }, columns: 4))
    #expect(line.text == "▁▃ █")
    #expect(line.low == 1.5 && line.high == 8)
    #expect(Sparkline.draw([nil, nil]) == nil)
    #expect(Sparkline.draw([5, 5])?.text == "▄▄")
  }
}

@Suite struct ActivityTextTests {
  private var activity: WorkoutSchema.Activity {
    var activity = WorkoutSchema.Activity()
    activity.id = "0190c0de-0000-7000-8000-000000000001"
    activity.type = .run
    activity.state = .completed
    activity.title = "Morning\u{1B} run"
    activity.startedAtMs = 1_777_788_720_000
    var owner = User()
    owner.username = "ann"
    activity.owner = owner
    var statistics = WorkoutSchema.Statistics()
    statistics.distanceMeters = 1500
    statistics.elapsedMs = 500_000
    statistics.movingMs = 450_000
    statistics.averageHeartRateBpm = 149.6
    statistics.sampleCount = 501
    var whole = WorkoutSchema.Split()
    whole.distanceMeters = 1000
    whole.elapsedMs = 300_000
    whole.movingMs = 300_000
    var rest = WorkoutSchema.Split()
    rest.distanceMeters = 500
    rest.elapsedMs = 200_000
    rest.movingMs = 150_000
    statistics.splits = [whole, rest]
    activity.statistics = statistics
    return activity
  }

  @Test("a list has aligned columns and the id at the end")
  func table() {
    var live = activity
    live.state = .recording
    live.statistics?.distanceMeters = 12_345
    let lines = ActivityText.table([activity, live])
    #expect(lines.count == 2)
    #expect(lines[0].count == lines[1].count)
    #expect(lines[0].contains("1.50 km "))
    #expect(lines[0].contains("5:00 /km"))
    #expect(lines[0].contains("♥ 150"))
    #expect(lines[1].contains("(recording)"))
    #expect(lines[0].hasSuffix("  0190c0de-0000-7000-8000-000000000001"))
    #expect(!lines[0].contains("\u{1B}"))
  }

  @Test("details show whole and partial splits")
  func details() {
    let lines = ActivityText.details(activity)
    #expect(lines[1].hasPrefix("ann · run · "))
    #expect(lines.contains("  points      501"))
    #expect(lines.contains { $0.contains("  1  5:00  5:00 /km") })
    #expect(lines.contains { $0.contains("1.50  3:20  5:00 /km") })
  }
}

import Testing
@testable import WorkoutClient
import WorkoutCore

private func workout(_ text: String) throws(GPXError) -> RecordedWorkout {
  let document = try GPXDocument(parsing: Array("<gpx>\(text)</gpx>".utf8), file: "t.gpx")
  return try RecordedWorkout(document, file: "t.gpx")
}

private func point(_ time: String) -> String {
  "<trkpt lat=\"1\" lon=\"2\"><time>\(time)</time></trkpt>\n"
}

@Suite struct RecordedWorkoutTests {
  @Test("a gap between segments or tracks is a pause, and the end is a FINISH")
  func segments() throws {
    let workout = try workout(
      """
      <trk><trkseg/><trkseg>\(point("2020-01-01T00:00:00Z"))\(point("2020-01-01T00:00:05Z"))</trkseg>
      <trkseg></trkseg><trkseg>\(point("2020-01-01T00:01:00Z"))</trkseg></trk>
      <trk><trkseg>\(point("2020-01-01T00:02:00Z"))</trkseg></trk>
      """
    )
    let start: Int64 = 1_577_836_800_000
    #expect(workout.samples.map { $0.timeMs - start } == [0, 5000, 60_000, 120_000])
    #expect(workout.events.map(\.event.type) == [.pause, .resume, .pause, .resume, .finish])
    #expect(
      workout.events.map { $0.event.timeMs - start } == [5000, 60_000, 60_000, 120_000, 120_000]
    )
    #expect(workout.events.map(\.afterSample) == [2, 2, 3, 3, 4])
  }

  @Test("segments that follow without a gap, or overlap, make no pause")
  func contiguous() throws {
    let workout = try workout(
      """
      <trk><trkseg>\(point("2020-01-01T00:00:05Z"))</trkseg>
      <trkseg>\(point("2020-01-01T00:00:05Z"))\(point("2020-01-01T00:00:01Z"))</trkseg></trk>
      """
    )
    #expect(workout.events.map(\.event.type) == [.finish])
    #expect(workout.events.first?.event.timeMs == 1_577_836_805_000, "the latest time is the end")
  }

  @Test("a file with more breaks than an activity holds is refused before it is recorded")
  func breaks() throws {
    let starts = (0..<Int64(5001)).map {
      "<trkseg>\(point(XMLTime.text(milliseconds: $0 * 10_000)))</trkseg>"
    }
    let fitting = try workout("<trk>\(starts.dropLast().joined())</trk>")
    #expect(fitting.events.count == CoreLimits.maxEventsPerActivity - 1)
    let error = #expect(throws: GPXError.self) { try workout("<trk>\(starts.joined())</trk>") }
    #expect(error?.message == "more than 4999 breaks between segments")
  }

  @Test("a point without a time is an error that names its line")
  func missingTime() {
    let error = #expect(throws: GPXError.self) {
      try workout(
        "<trk><trkseg>\(point("2020-01-01T00:00:05Z"))<trkpt lat=\"1\" lon=\"1\"/></trkseg></trk>"
      )
    }
    #expect(error?.line == 2)
    #expect(error?.message.contains("without <time>") == true)
  }

  @Test("times before 1970 and files without points are errors")
  func unusable() {
    #expect(throws: GPXError.self) {
      try workout("<trk><trkseg>\(point("1901-01-01T00:00:05Z"))</trkseg></trk>")
    }
    let error = #expect(throws: GPXError.self) { try workout("<trk/>") }
    #expect(error?.description == "t.gpx: no track points")
  }

  @Test(
    "the kind of sport is understood in the words that recorders use",
    arguments: [
      ("running", .run), ("Trail Run", .run), ("9", .run), ("Cycling", .ride), ("biking", .ride),
      ("1", .ride), ("hiking", .hike), ("Walking", .walk), ("Open water swimming", .swim),
      ("cross_country_skiing", .ski), ("kayaking", .row), ("yoga", .other), ("", .unspecified),
    ] as [(String, ActivityType)]
  )
  func types(text: String, type: ActivityType) {
    #expect(ActivityType(gpxType: text) == type)
  }

  @Test("every sensor value of a point is in its sample, and every sample is valid")
  func values() throws {
    let workout = try workout(
      """
      <trk><name>N</name><type>run</type><trkseg><trkpt lat="-90" lon="180"><ele>-20.04</ele>
      <time>2020-01-01T00:00:00Z</time><hdop>1.5</hdop><extensions><hr>300</hr><cad>180</cad><speed>600</speed>
      <power>9999</power><atemp>-12.34</atemp></extensions></trkpt></trkseg></trk>
      """
    )
    let sample = try #require(workout.samples.first)
    #expect(sample.position == Position(latitudeE7: -900_000_000, longitudeE7: 1_800_000_000))
    #expect(sample.altitudeDm == -200)
    #expect(sample.heartRateBpm == 300 && sample.cadenceRpm == 180)
    #expect(sample.speedCmps == 60_000 && sample.powerWatts == 9999)
    #expect(sample.temperatureDecicelsius == -123)
    #expect(sample.horizontalAccuracyDm == 60)
    #expect(sample.isValid)
    #expect(workout.title == "N" && workout.type == .run)
  }
}

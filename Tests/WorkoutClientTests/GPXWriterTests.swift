import Testing
import WorkoutCore

@testable import WorkoutClient

private func write(
  _ samples: [TrackSample],
  pauses: [Int64] = [],
  title: String = "",
  type: String = "run"
) throws -> (text: String, leftOut: Int) {
  var text = ""
  let description = GPXWriter.Description(title: title, type: type)
  let leftOut = try GPXWriter.write(description, samples: samples, pauses: pauses) { text += $0 }
  return (text, leftOut)
}

private func read(_ text: String) throws(GPXError) -> RecordedWorkout {
  let document = try GPXDocument(parsing: Array(text.utf8), file: "t.gpx")
  return try RecordedWorkout(document, file: "t.gpx")
}

@Suite struct GPXWriterTests {
  @Test("random workouts read back as they were written")
  func roundTrip() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    var samples: [TrackSample] = []
    var time: Int64 = 1_600_000_000_000
    for _ in 0..<2500 {
      time += Int64.random(in: 0...5000, using: &random)
      var sample = TrackSample(
        timeMs: time,
        latitudeE7: Int32.random(in: CoreLimits.latitudeE7, using: &random),
        longitudeE7: Int32.random(in: CoreLimits.longitudeE7, using: &random)
      )
      if Bool.random(using: &random) {
        sample.altitudeDm = .random(in: -5000...90_000, using: &random)
      }
      if Bool.random(using: &random) { sample.heartRateBpm = .random(in: 1...300, using: &random) }
      if Bool.random(using: &random) { sample.cadenceRpm = .random(in: 0...1000, using: &random) }
      if Bool.random(using: &random) { sample.speedCmps = .random(in: 0...60_000, using: &random) }
      if Bool.random(using: &random) { sample.powerWatts = .random(in: 0...10_000, using: &random) }
      if Bool.random(using: &random) {
        sample.temperatureDecicelsius = .random(in: -1000...1000, using: &random)
      }
      if Bool.random(using: &random) {
        // Multiples of 0.4 m: 0.1 of HDOP.
        sample.horizontalAccuracyDm = .random(in: 0...10_000, using: &random) * 4
      }
      samples.append(sample)
    }
    let written = try write(samples)
    #expect(written.leftOut == 0)
    #expect(try read(written.text).samples == samples, "seed \(seed)")
  }

  @Test("a pause breaks the track, and reads back as a pause")
  func pauses() throws {
    let times: [Int64] = [1000, 2000, 60_000, 61_000, 62_000]
    let samples = times.map { TrackSample(timeMs: $0, latitudeE7: 1, longitudeE7: -1) }
    let written = try write(samples, pauses: [2000, 61_000])
    #expect(written.text.split(separator: "\n").count { $0 == "<trkseg>" } == 3)
    #expect(
      try read(written.text).events.map(\.event) == [
        ActivityEvent(type: .pause, timeMs: 2000), ActivityEvent(type: .resume, timeMs: 60_000),
        ActivityEvent(type: .pause, timeMs: 61_000), ActivityEvent(type: .resume, timeMs: 62_000),
        ActivityEvent(type: .finish, timeMs: 62_000),
      ]
    )
  }

  @Test("titles are escaped, and positions around zero keep their sign")
  func text() throws {
    let sample = TrackSample(timeMs: 1_500, latitudeE7: -5, longitudeE7: 0)
    let written = try write([sample], title: "A & B < \u{1}\n\"C\" ]]>")
    #expect(written.text.contains("<trkpt lat=\"-0.0000005\" lon=\"0.0000000\">"))
    #expect(written.text.contains("<time>1970-01-01T00:00:01.500Z</time>"))
    #expect(try read(written.text).title == "A & B <  \"C\" ]]>")
  }

  @Test("samples without a position are left out and counted; none at all is still a file")
  func withoutPosition() throws {
    let written = try write([TrackSample(timeMs: 1), TrackSample(timeMs: 2)])
    #expect(written.leftOut == 2)
    let document = try GPXDocument(parsing: Array(written.text.utf8), file: "t.gpx")
    #expect(document.pointCount == 0 && document.tracks.count == 1)
  }

  @Test("a time is written as it is read, on any day")
  func times() {
    for day in stride(from: Int64(0), through: 2_932_896, by: 97) {
      let milliseconds = day * 86_400_000 + day % 86_400_000
      #expect(
        XMLTime.milliseconds(parsing: XMLTime.text(milliseconds: milliseconds)) == milliseconds
      )
    }
    #expect(XMLTime.text(milliseconds: -1) == "1969-12-31T23:59:59.999Z")
    #expect(XMLTime.text(milliseconds: 951_782_400_000) == "2000-02-29T00:00:00Z")
  }
}

import ArgumentParser
import WorkoutClient

/// `martlet inspect`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a GPX file holds, without recording it.",
    discussion: """
      EXAMPLE:
        martlet inspect run.gpx
        martlet inspect run.gpx --points --json
      """
  )

  @Argument(help: "A GPX 1.0 or 1.1 file.")
  var file: String

  @Flag(help: "With every point (in JSON).")
  var points = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    do {
      let document = try GPXDocument.read(path: file)
      if json {
        Terminal.print(JSONObject(document, withPoints: points).value.text)
      } else {
        show(document)
      }
    } catch { throw CommandFailure.wrapping(error) }
  }

  private func show(_ document: GPXDocument) {
    Terminal.print("\(file): \(document.pointCount) points by \(printable(document.creator))")
    for (place, track) in document.tracks.enumerated() {
      let points = track.segments.map(\.points.count)
      Terminal.print(
        "  track \(place + 1)  \(printable(track.name))  \(printable(track.type))  points \(points)"
      )
    }
    if document.ignoredValueCount > 0 {
      Terminal.note("\(document.ignoredValueCount) values are out of range and ignored")
    }
    let points = document.tracks.flatMap(\.segments).flatMap(\.points)
    if points.contains(where: { $0.timeMilliseconds == nil }) {
      Terminal.note("some points have no time: the file cannot be recorded")
    }
  }
}

extension JSONObject {
  fileprivate init(_ document: GPXDocument, withPoints: Bool) {
    add("creator", document.creator)
    add("name", document.name)
    add("point_count", document.pointCount)
    add("ignored_value_count", document.ignoredValueCount)
    add("tracks", .array(document.tracks.map { JSONObject($0, withPoints: withPoints).value }))
  }

  private init(_ track: GPXTrack, withPoints: Bool) {
    let segments = track.segments.map { segment -> JSONValue in
      withPoints
        ? .array(segment.points.map { JSONObject($0).line }) : .int(Int64(segment.points.count))
    }
    add("name", track.name)
    add("type", track.type)
    add("segments", .array(segments))
  }

  private init(_ point: GPXPoint) {
    add("line", point.line)
    add("latitude_e7", point.latitudeE7)
    add("longitude_e7", point.longitudeE7)
    add("time_ms", point.timeMilliseconds)
    add("altitude_dm", point.altitudeDecimeters)
    add("heart_rate_bpm", point.heartRateBPM)
    add("cadence_rpm", point.cadenceRPM)
    add("speed_cmps", point.speedCentimetersPerSecond)
    add("hdop_hundredths", point.horizontalDilutionHundredths)
    add("power_watts", point.powerWatts)
    add("temperature_decicelsius", point.temperatureDecicelsius)
  }
}

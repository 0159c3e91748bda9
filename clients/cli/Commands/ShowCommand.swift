import ArgumentParser
import WorkoutClient
import WorkoutCore
import WorkoutSchema

/// `martlet show`.
struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show one activity: statistics, splits and the route.",
    discussion: """
      EXAMPLE:
        martlet show 0190c0de-0000-7000-8000-000000000001
        martlet show 0190c0de-0000-7000-8000-000000000001 --track --json
        martlet show 0190c0de-0000-7000-8000-000000000001 --export run.gpx
      """
  )

  @Argument(help: "The activity's id, as martlet history prints it.")
  var activity: String

  @Flag(help: "With every sample (in JSON), instead of a thinned route.")
  var track = false

  @Option(help: "Write the whole track to a GPX file instead, '-' for standard output.")
  var export: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ServerOptions

  /// Enough for a picture of some thousand dots.
  private static let pictureSamples: UInt32 = 2000

  func run() async throws {
    try await options.withClient { client in
      let found = try await client.activity(activity)
      if let export {
        try Self.export(found, try await client.track(activity), to: export)
      } else if json {
        var object = JSONObject(found, withSplits: true)
        if track {
          let track = try await client.track(activity)
          let samples = try track.samples.checkedSamples()
          object.add("samples", .array(samples.map { JSONObject($0).line }))
          object.add("events", .array(track.events.map { JSONObject($0).line }))
        }
        Terminal.print(object.value.text)
      } else {
        let limit = track ? 0 : Self.pictureSamples
        let route = try await client.track(activity, maximumSamples: limit)
        for line in ActivityText.details(found) { Terminal.print(line) }
        for line in try Self.pictures(route) { Terminal.print(line) }
      }
    }
  }

  /// Writes a GPX file; an existing one is replaced only once the new one is complete.
  private static func export(
    _ activity: WorkoutSchema.Activity,
    _ track: GetTrackResponse,
    to path: String
  ) throws {
    let output = try OutputFile(path)
    let leftOut = try GPXWriter.write(
      GPXWriter.Description(title: activity.title, type: activity.type.words),
      samples: try track.samples.checkedSamples(),
      pauses: track.events.filter { $0.type == .pause }.map(\.timeMs),
      to: { try output.write($0) }
    )
    try output.finish()
    if leftOut > 0 { Terminal.note("\(leftOut) points have no position and are left out") }
  }

  /// The route, and below it altitude and heart rate over its samples.
  static func pictures(_ track: GetTrackResponse) throws -> [String] {
    let samples = try track.samples.checkedSamples()
    let pauses = track.events.filter { $0.type == .pause }.map(\.timeMs)
    var route: [Position?] = []
    var last: Int64 = .min
    for sample in samples {
      // The way from a pause to its resumption was not recorded.
      if pauses.contains(where: { $0 >= last && $0 < sample.timeMs }) { route.append(nil) }
      if let position = sample.position { route.append(position) }
      last = sample.timeMs
    }
    var lines: [String] = []
    if let picture = RoutePicture(route) { lines += [""] + picture.lines.map { "  \($0)" } }
    let altitudes = samples.map { $0.altitudeDm.map { Double($0) / 10 } }
    if let line = Sparkline.draw(altitudes) {
      let range = "\(Figures.climb(line.low)) to \(Figures.climb(line.high))"
      lines += ["", "  \(line.text)  altitude \(range)"]
    }
    if let line = Sparkline.draw(samples.map { $0.heartRateBpm.map(Double.init) }) {
      let range = "\(Figures.fixed(line.low, 0)) to \(Figures.fixed(line.high, 0))"
      lines += ["", "  \(line.text)  heart rate \(range)"]
    }
    return lines
  }
}

extension [WorkoutSchema.SampleColumns] {
  /// The samples of all chunks.
  ///
  /// - Throws: `CommandFailure` when the server sent what is no track.
  func checkedSamples() throws -> [TrackSample] {
    do { return try samples() } catch {
      throw CommandFailure(ExitStatus.internalError, "the server sent a broken track: \(error)")
    }
  }
}

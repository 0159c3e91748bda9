package import WorkoutCore

/// A finished workout as it was recorded: what a replay appends to a journal, in order.
package struct RecordedWorkout: Sendable, Hashable {
  /// A button press, and where among the samples it comes.
  package struct Event: Sendable, Hashable {
    /// It follows all samples below this sequence.
    package var afterSample: Int
    package var event: ActivityEvent
  }

  package var title: String
  package var type: ActivityType
  /// In the order of the file; times need not ascend.
  package var samples: [TrackSample] = []
  /// In order; the last one is the FINISH.
  package var events: [Event] = []

  /// When the first sample was taken, milliseconds since 1970-01-01T00:00:00Z.
  package var startedAtMs: Int64 { samples.first?.timeMs ?? 0 }

  /// Takes what a journal holds.
  package init(samples: [TrackSample], events: [JournalEvent]) {
    title = ""
    type = .unspecified
    self.samples = samples
    self.events = events.map { Event(afterSample: Int($0.afterSample), event: $0.event) }
  }

  /// Takes the tracks of a GPX file as one workout.
  ///
  /// Every break between segments becomes a pause and its resumption; a break without a gap in
  /// time becomes nothing.
  ///
  /// - Parameters:
  ///   - document: The file's content.
  ///   - file: What errors call the file.
  /// - Throws: `GPXError` with the line for a point without a time or with one before 1970, and
  ///   for a file without points: the samples of a workout have times; also for one with more
  ///   breaks than an activity holds events.
  package init(_ document: GPXDocument, file: String) throws(GPXError) {
    title = document.tracks.first { !$0.name.isEmpty }?.name ?? document.name
    type =
      document.tracks.lazy.map { ActivityType(gpxType: $0.type) }
      .first { $0 != .unspecified } ?? .unspecified
    title = String(title.prefix(CoreLimits.maxTitleCharacters))
    samples.reserveCapacity(document.pointCount)
    for track in document.tracks {
      for segment in track.segments where !segment.points.isEmpty {
        try append(segment, file: file)
      }
    }
    guard !samples.isEmpty else {
      throw GPXError(file: file, message: "no track points")
    }
    guard events.count < CoreLimits.maxEventsPerActivity else {
      let limit = (CoreLimits.maxEventsPerActivity - 1) / 2
      throw GPXError(file: file, message: "more than \(limit) breaks between segments")
    }
    let end = samples.reduce(0) { max($0, $1.timeMs) }
    append(.finish, at: end)
  }

  private mutating func append(_ segment: GPXSegment, file: String) throws(GPXError) {
    let last = samples.last?.timeMs
    let first = samples.count
    for point in segment.points { samples.append(try TrackSample(point, file: file)) }
    guard let last, samples[first].timeMs > last else { return }
    let resumption = samples[first].timeMs
    events.append(Event(afterSample: first, event: ActivityEvent(type: .pause, timeMs: last)))
    events.append(
      Event(afterSample: first, event: ActivityEvent(type: .resume, timeMs: resumption))
    )
  }

  private mutating func append(_ kind: ActivityEvent.Kind, at timeMs: Int64) {
    let event = ActivityEvent(type: kind, timeMs: timeMs)
    events.append(Event(afterSample: samples.count, event: event))
  }
}

extension TrackSample {
  /// A receiver's typical error at a dilution of 1, 0.1 m: turns a file's HDOP into the accuracy
  /// that samples carry.
  ///
  /// Nominal, as the file does not tell more.
  static let accuracyPerDilutionDm: Int32 = 40

  init(_ point: GPXPoint, file: String) throws(GPXError) {
    guard let time = point.timeMilliseconds else {
      throw GPXError(
        file: file,
        line: point.line,
        message: "<trkpt> without <time>: a recording needs the time of every point"
      )
    }
    guard CoreLimits.timeMs.contains(time) else {
      throw GPXError(file: file, line: point.line, message: "the time lies before 1970")
    }
    self.init(timeMs: time, latitudeE7: point.latitudeE7, longitudeE7: point.longitudeE7)
    altitudeDm = point.altitudeDecimeters
    heartRateBpm = point.heartRateBPM.map { UInt16(clamping: $0) }
    cadenceRpm = point.cadenceRPM.map { UInt16(clamping: $0) }
    speedCmps = point.speedCentimetersPerSecond.map { UInt16(clamping: $0) }
    horizontalAccuracyDm = point.horizontalDilutionHundredths.map {
      UInt16(clamping: min($0 * Self.accuracyPerDilutionDm / 100, 60_000))
    }
    powerWatts = point.powerWatts.map { UInt16(clamping: $0) }
    temperatureDecicelsius = point.temperatureDecicelsius.map { Int16(clamping: $0) }
  }
}

extension ActivityType {
  /// What recorders write into `<type>`: words of many kinds, and Strava's numbers.
  package init(gpxType text: String) {
    let text = text.lowercased()
    let kinds: [(ActivityType, [String])] = [
      (.run, ["run", "jog"]), (.walk, ["walk"]), (.hike, ["hik", "mountaineer", "trek"]),
      (.ride, ["rid", "cycl", "bik"]), (.swim, ["swim"]), (.ski, ["ski", "snowboard"]),
      (.row, ["row", "kayak", "paddl", "canoe"]),
    ]
    let numbers: [String: ActivityType] = [
      "1": .ride, "4": .hike, "9": .run, "10": .walk,
    ]
    if let known = numbers[text] {
      self = known
    } else if let kind = kinds.first(where: { $0.1.contains { text.contains($0) } }) {
      self = kind.0
    } else {
      self = text.isEmpty ? .unspecified : .other
    }
  }
}

import WorkoutSchema

extension ActivityType {
  /// The words a person types and reads.
  var words: String {
    switch self {
    case .run: "run"
    case .walk: "walk"
    case .hike: "hike"
    case .ride: "ride"
    case .swim: "swim"
    case .ski: "ski"
    case .row: "row"
    case .other: "other"
    default: "activity"
    }
  }

  /// The types that a person can choose.
  static let choices: [ActivityType] = [.run, .walk, .hike, .ride, .swim, .ski, .row, .other]
}

extension ActivityState {
  /// The state in a word.
  var words: String {
    switch self {
    case .recording: "recording"
    case .paused: "paused"
    case .completed: "completed"
    case .discarded: "discarded"
    default: "unknown"
    }
  }
}

extension Visibility {
  /// Who may see it, in a word.
  var words: String {
    switch self {
    case .private: "private"
    case .everyone: "everyone"
    default: "friends"
    }
  }
}

/// An activity in text, for people.
enum ActivityText {
  /// One line of a list, without the id.
  static func columns(_ activity: Activity) -> [String] {
    let statistics = activity.statistics ?? Statistics()
    return [
      Dates.local(activity.startedAtMs),
      activity.type.words,
      Figures.distance(statistics.distanceMeters),
      Figures.duration(statistics.elapsedMs),
      pace(statistics, activity.type) ?? "-",
      Figures.heartRate(statistics.averageHeartRateBpm).map { "♥ \($0)" } ?? "",
      printable(activity.owner?.username ?? ""),
      printable(activity.title)
        + (activity.state == .completed ? "" : " (\(activity.state.words))"),
    ]
  }

  /// A list with aligned columns, each followed by its id.
  static func table(_ activities: [Activity]) -> [String] {
    let rows = activities.map(columns)
    let widths = (0..<8).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return zip(rows, activities).map { row, activity in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return "\(cells.joined(separator: "  "))  \(printable(activity.id))"
    }
  }

  /// The numbers so far, on one line.
  static func line(_ statistics: Statistics, _ type: ActivityType) -> String {
    var parts = [
      Figures.distance(statistics.distanceMeters), Figures.duration(statistics.elapsedMs),
    ]
    if let pace = pace(statistics, type) { parts.append(pace) }
    if let heartRate = Figures.heartRate(statistics.averageHeartRateBpm) {
      parts.append("♥ \(heartRate)")
    }
    return parts.joined(separator: "  ")
  }

  static func pace(_ statistics: Statistics, _ type: ActivityType) -> String? {
    Figures.pace(
      meters: statistics.distanceMeters,
      milliseconds: statistics.movingMs,
      type: type
    )
  }

  /// What `martlet show` prints above the picture.
  static func details(_ activity: Activity) -> [String] {
    let statistics = activity.statistics ?? Statistics()
    let title = printable(activity.title)
    let facts = [
      printable(activity.owner?.username ?? "?"), activity.type.words,
      Dates.local(activity.startedAtMs), activity.visibility.words, activity.state.words,
    ]
    var lines = [title.isEmpty ? activity.type.words : title, facts.joined(separator: " · "), ""]
    for (name, value) in figures(statistics, activity.type) {
      lines.append("  \(name)\(String(repeating: " ", count: 12 - name.count))\(value)")
    }
    if !statistics.splits.isEmpty { lines += [""] + splits(statistics.splits, activity.type) }
    return lines
  }

  private static func figures(
    _ statistics: Statistics,
    _ type: ActivityType
  ) -> [(String, String)] {
    var figures = [
      ("distance", Figures.distance(statistics.distanceMeters)),
      ("elapsed", Figures.duration(statistics.elapsedMs)),
      ("moving", Figures.duration(statistics.movingMs)),
    ]
    if let pace = pace(statistics, type) { figures.append(("average", "\(pace) moving")) }
    if let fastest = statistics.maxSpeedMps, fastest.isFinite {
      figures.append(("fastest", "\(Figures.fixed(fastest * 3.6, 1)) km/h"))
    }
    let (up, down) = (statistics.ascentMeters, statistics.descentMeters)
    figures.append(("climb", "\(Figures.climb(up)) up, \(Figures.climb(down)) down"))
    if let low = statistics.minAltitudeMeters, let high = statistics.maxAltitudeMeters {
      figures.append(("altitude", "\(Figures.climb(low)) to \(Figures.climb(high))"))
    }
    if let mean = Figures.heartRate(statistics.averageHeartRateBpm) {
      let highest = statistics.maxHeartRateBpm.map { ", \($0) at most" } ?? ""
      figures.append(("heart rate", "\(mean)\(highest)"))
    }
    if let cadence = Figures.heartRate(statistics.averageCadenceRpm) {
      figures.append(("cadence", cadence))
    }
    figures.append(("points", "\(statistics.sampleCount)"))
    return figures
  }

  private static func splits(_ splits: [Split], _ type: ActivityType) -> [String] {
    var covered = 0.0
    var rows = [["km", "time", "pace", "♥", "climb"]]
    for split in splits {
      covered += split.distanceMeters
      let isWhole = (covered / 1000).rounded() * 1000 == covered.rounded()
      let pace = Figures.pace(
        meters: split.distanceMeters,
        milliseconds: split.movingMs,
        type: type
      )
      rows.append([
        Figures.fixed(covered / 1000, isWhole ? 0 : 2), Figures.duration(split.elapsedMs),
        pace ?? "-", Figures.heartRate(split.averageHeartRateBpm) ?? "",
        Figures.climb(split.ascentMeters),
      ])
    }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths)
        .map { cell, width in String(repeating: " ", count: width - cell.count) + cell }
        .joined(separator: "  ")
    }
    .map { "  \($0)" }
  }
}

/// The fastest speed that was kept for `sustainedSpeedMs`: a single leg says more about the
/// receiver than about the athlete.
struct SustainedSpeed: Sendable, Hashable {
  private(set) var fastestMps: Double?
  private var marks: [Mark] = []
  /// Where the window begins.
  private var first = 0
  private var meters = 0.0

  private struct Mark: Sendable, Hashable {
    var timeMs: Int64
    var meters: Double
  }

  /// Marks lie at least this far apart, so that a window holds 34 of them at most.
  private static let spacingMs = StatisticsRules.sustainedSpeedMs / 32

  mutating func add(_ leg: Leg) {
    if marks.isEmpty { marks.append(Mark(timeMs: leg.startMs, meters: meters)) }
    meters += leg.meters
    let reach = leg.endMs - StatisticsRules.sustainedSpeedMs
    while first + 1 < marks.count, marks[first + 1].timeMs <= reach { first += 1 }
    let begin = marks[first]
    if begin.timeMs <= reach {
      let speed = (meters - begin.meters) * 1_000 / Double(leg.endMs - begin.timeMs)
      if speed > 0 { fastestMps = max(fastestMps ?? 0, speed) }
    }
    guard let latest = marks.last, leg.endMs - latest.timeMs >= Self.spacingMs else { return }
    if first >= 64 {
      marks.removeFirst(first)
      first = 0
    }
    marks.append(Mark(timeMs: leg.endMs, meters: meters))
  }

  /// Ends a stretch: no window reaches over a pause.
  mutating func pause() {
    marks.removeAll(keepingCapacity: true)
    first = 0
  }
}

/// A position at a time.
struct Fix: Sendable, Hashable {
  var position: Position
  var timeMs: Int64

  func meters(to other: Fix) -> Double {
    Geodesic.distanceMeters(from: position, to: other.position)
  }
}

/// A stretch between two fixes, and what the sensors said meanwhile.
struct Leg: Sendable, Hashable {
  var startMs: Int64
  var endMs: Int64
  var meters: Double
  var along = Gauges()

  var durationMs: Int64 { endMs - startMs }

  /// This leg and the next as one.
  func joined(with next: Leg) -> Leg {
    var along = along
    along.add(next.along)
    return Leg(startMs: startMs, endMs: next.endMs, meters: meters + next.meters, along: along)
  }
}

/// What belongs to a stretch of time and is told per split.
struct Gauges: Sendable, Hashable {
  var ascentMeters = 0.0
  /// Heart rate times milliseconds.
  var beatMs = 0.0
  /// Milliseconds that have a heart rate.
  var beatingMs = 0.0

  mutating func add(_ other: Gauges) {
    ascentMeters += other.ascentMeters
    beatMs += other.beatMs
    beatingMs += other.beatingMs
  }

  /// The same, cut at a fraction of the way.
  func cut(at fraction: Double) -> (before: Gauges, after: Gauges) {
    let before = Gauges(
      ascentMeters: ascentMeters * fraction,
      beatMs: beatMs * fraction,
      beatingMs: beatingMs * fraction
    )
    let after = Gauges(
      ascentMeters: ascentMeters - before.ascentMeters,
      beatMs: beatMs - before.beatMs,
      beatingMs: beatingMs - before.beatingMs
    )
    return (before, after)
  }

  var averageHeartRateBpm: Double? { beatingMs > 0 ? beatMs / beatingMs : nil }
}

/// Distance, moving time and splits: legs in, kilometres out.
struct SplitLedger: Sendable, Hashable {
  private(set) var distanceMeters = 0.0
  private(set) var movingMs: Int64 = 0
  private var closed: [Split] = []
  private var open = Split()
  private var openGauges = Gauges()
  private var openStartMs: Int64

  init(startedAtMs: Int64) {
    openStartMs = startedAtMs
  }

  /// Counts time of legs that were taken as slow before.
  mutating func credit(movingMs: Int64) {
    self.movingMs += movingMs
    open.movingMs += movingMs
  }

  /// Counts what the sensors said without a leg to hang it on.
  mutating func add(_ gauges: Gauges) {
    openGauges.add(gauges)
  }

  /// Takes a leg; where it passes a full kilometre the time is interpolated.
  mutating func add(_ leg: Leg, isMoving: Bool) {
    distanceMeters += leg.meters
    if isMoving { movingMs += leg.durationMs }
    var rest = leg
    while closed.count < CoreLimits.maxSplits - 1 {
      let missing = StatisticsRules.splitMeters - open.distanceMeters
      guard rest.meters >= missing, rest.meters > 0 else { break }
      rest = close(with: rest, missing: missing, isMoving: isMoving)
    }
    open.distanceMeters += rest.meters
    if isMoving { open.movingMs += rest.durationMs }
    openGauges.add(rest.along)
  }

  /// The splits, the open one last if anything lies in it.
  func splits(untilMs: Int64) -> [Split] {
    guard open.distanceMeters > 0 else { return closed }
    return closed + [finished(open, openGauges, endMs: untilMs)]
  }

  /// Closes the open split where the leg completes it; returns what is left of the leg.
  private mutating func close(with leg: Leg, missing: Double, isMoving: Bool) -> Leg {
    let fraction = missing / leg.meters
    let passedMs = leg.startMs + Int64((Double(leg.durationMs) * fraction).rounded())
    let along = leg.along.cut(at: fraction)
    openGauges.add(along.before)
    open.distanceMeters = StatisticsRules.splitMeters
    if isMoving { open.movingMs += passedMs - leg.startMs }
    closed.append(finished(open, openGauges, endMs: passedMs))
    open = Split()
    openGauges = Gauges()
    openStartMs = passedMs
    return Leg(
      startMs: passedMs,
      endMs: leg.endMs,
      meters: leg.meters - missing,
      along: along.after
    )
  }

  private func finished(_ split: Split, _ gauges: Gauges, endMs: Int64) -> Split {
    var split = split
    split.elapsedMs = max(0, endMs - openStartMs)
    split.ascentMeters = gauges.ascentMeters
    split.averageHeartRateBpm = gauges.averageHeartRateBpm
    return split
  }
}

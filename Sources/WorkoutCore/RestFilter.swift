/// Holds the position while the athlete rests, because a receiver at rest walks about on its own.
///
/// Legs are held back until the athlete is `restRadiusMeters` away from the anchor: two or three
/// legs of a run. Whoever takes longer than `restMs` for that rested: then the legs are noise, and
/// what counts is the straight way from the anchor to where they left from, and from there on.
struct RestFilter: Sendable, Hashable {
  private var anchor: Fix?
  private var last: Fix?
  /// The last fix in the inner half of the radius: where a resting athlete leaves from.
  private var departure: Fix?
  private var pending: [Leg] = []
  private var isResting = false
  /// What the sensors said since the anchor, once the legs are gone.
  private var resting = Gauges()

  /// Begins a stretch.
  mutating func start(at fix: Fix) {
    anchor = fix
    last = fix
    departure = fix
  }

  /// Takes the leg to a fix and hands out those that are settled, in order.
  @inline(__always)
  mutating func add(_ leg: Leg, to fix: Fix, settle: (Leg) -> Void) {
    guard let anchor else { return start(at: fix) }
    let isFirst = pending.isEmpty && !isResting
    let away = isFirst ? leg.meters : anchor.meters(to: fix)
    last = fix
    if isResting { resting.add(leg.along) } else { append(leg) }
    if away > StatisticsRules.restRadiusMeters {
      settleAll(leavingTo: fix, settle)
      start(at: fix)
      return
    }
    if away <= StatisticsRules.restRadiusMeters / 2 { departure = fix }
    if !isResting, fix.timeMs - anchor.timeMs > StatisticsRules.restMs {
      isResting = true
      for leg in pending { resting.add(leg.along) }
      pending.removeAll(keepingCapacity: true)
    }
  }

  /// Hands out what is held back and ends the stretch.
  mutating func finish(settle: (Leg) -> Void) {
    if isResting, let anchor, let last {
      settle(Leg(startMs: anchor.timeMs, endMs: last.timeMs, meters: 0, along: resting))
    } else {
      for leg in pending { settle(leg) }
    }
    clear()
    anchor = nil
  }

  private mutating func settleAll(leavingTo fix: Fix, _ settle: (Leg) -> Void) {
    if isResting, let anchor, let departure {
      let still = Leg(
        startMs: anchor.timeMs,
        endMs: departure.timeMs,
        meters: anchor.meters(to: departure),
        along: resting
      )
      if still.durationMs > 0 { settle(still) }
      var leaving = Leg(
        startMs: departure.timeMs,
        endMs: fix.timeMs,
        meters: departure.meters(to: fix)
      )
      if still.durationMs == 0 { leaving.along = resting }
      settle(leaving)
    } else {
      for leg in pending { settle(leg) }
    }
    clear()
  }

  private mutating func clear() {
    pending.removeAll(keepingCapacity: true)
    isResting = false
    resting = Gauges()
  }

  private mutating func append(_ leg: Leg) {
    if pending.count == StatisticsRules.maxPendingLegs {
      pending = stride(from: 0, to: pending.count, by: 2).map { index in
        index + 1 < pending.count
          ? pending[index].joined(with: pending[index + 1]) : pending[index]
      }
    }
    pending.append(leg)
  }
}

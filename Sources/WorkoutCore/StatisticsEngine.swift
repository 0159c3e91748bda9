/// Turns samples and events into `Statistics`, one at a time.
///
/// Live, replay, import and recompute all use it, so equal tracks have equal numbers. It is a value
/// of bounded size: it keeps some seconds of legs and the splits, never the samples.
///
/// Input belongs in order of time; samples and events of one millisecond may come either way. What
/// comes late is counted by `lateCount` and otherwise left out: whoever sees that grow computes
/// anew from the `Track`, which is sorted.
///
/// The way of a sample, each step in a file of its own:
/// 1. paused or finished: only `elapsedMs` and `sampleCount` take notice;
/// 2. `OutlierGate`: fixes nobody could have reached are left out;
/// 3. `RestFilter`: at rest the position is held;
/// 4. `MovingTime`, `SustainedSpeed` and `SplitLedger` add up the legs that remain;
/// 5. `Climb` and `SensorMean` go their own way, and hang on the legs only for the splits.
package struct StatisticsEngine: Sendable, Hashable {
  /// Raised whenever equal samples give other numbers than before.
  package static let version: UInt32 = 1

  /// Samples that were older than ones before them, or beyond `CoreLimits.timeMs`, and so had no
  /// part, and events that were older.
  package private(set) var lateCount = 0
  /// Samples so far, of whatever use they were.
  package private(set) var sampleCount: UInt64 = 0

  private var startedAtMs: Int64
  private var lastMs: Int64
  private var hasBegun = false
  private var pausedAtMs: Int64?
  private var isFinished = false
  /// The last sample within a pause: if the pause ends in the same millisecond it is the first of
  /// what follows.
  private var waiting: TrackSample?

  private var gate: OutlierGate
  private var rest = RestFilter()
  private var moving: MovingTime
  private var ledger: SplitLedger
  private var speed = SustainedSpeed()
  private var climb: Climb
  private var heartRate = SensorMean()
  private var cadence = SensorMean()
  /// What the sensors said since the last leg.
  private var gauges = Gauges()

  /// An engine that has seen nothing.
  ///
  /// - Parameters:
  ///   - type: the kind of sport, which decides the thresholds.
  ///   - startedAtMs: device's clock at the start, milliseconds since 1970-01-01T00:00:00Z; when
  ///     the first sample or event is earlier, that is the start.
  package init(type: ActivityType, startedAtMs: Int64) {
    let rules = StatisticsRules(type)
    let startedAtMs = min(
      max(startedAtMs, CoreLimits.timeMs.lowerBound),
      CoreLimits.timeMs.upperBound
    )
    self.startedAtMs = startedAtMs
    lastMs = startedAtMs
    gate = OutlierGate(impossibleSpeedMps: rules.impossibleSpeedMps)
    moving = MovingTime(stopSpeedMps: rules.stopSpeedMps, stopMs: rules.stopMs)
    ledger = SplitLedger(startedAtMs: startedAtMs)
    climb = Climb(impossibleClimbMps: rules.impossibleClimbMps)
  }

  /// Takes one sample.
  package mutating func add(_ sample: TrackSample) {
    sampleCount += 1
    begin(atMs: sample.timeMs)
    guard !isFinished || sample.timeMs <= lastMs else { return }
    guard sample.timeMs >= lastMs, CoreLimits.timeMs.contains(sample.timeMs) else {
      lateCount += 1
      return
    }
    lastMs = sample.timeMs
    if let pausedAtMs, sample.timeMs > pausedAtMs {
      waiting = sample
    } else {
      take(sample)
    }
  }

  /// Takes samples that follow each other.
  ///
  /// - Complexity: O(count)
  package mutating func add(_ samples: [TrackSample]) {
    for sample in samples { add(sample) }
  }

  /// Takes one event; one that is late counts as if it came now.
  package mutating func add(_ event: ActivityEvent) {
    guard !isFinished, CoreLimits.timeMs.contains(event.timeMs) else { return }
    begin(atMs: event.timeMs)
    if event.timeMs < lastMs { lateCount += 1 }
    lastMs = max(lastMs, event.timeMs)
    switch event.type {
    case .pause:
      if pausedAtMs == nil { pausedAtMs = lastMs }
    case .resume:
      resume()
    case .finish:
      isFinished = true
    case .discard, .lap, .unspecified:
      break
    }
  }

  /// The numbers by now.
  ///
  /// Legs that are held back count as they would if nothing more came, so distance may go back by
  /// some metres when a stop turns out to be one.
  /// - Complexity: O(splits)
  package func statistics() -> Statistics {
    var settled = self
    settled.endStretch()
    return settled.settledStatistics()
  }

  private func settledStatistics() -> Statistics {
    var numbers = Statistics()
    numbers.engineVersion = Self.version
    numbers.sampleCount = sampleCount
    numbers.distanceMeters = ledger.distanceMeters
    numbers.elapsedMs = lastMs - startedAtMs
    numbers.movingMs = ledger.movingMs
    numbers.ascentMeters = climb.ascentMeters
    numbers.descentMeters = climb.descentMeters
    if ledger.movingMs > 0, ledger.distanceMeters > 0 {
      numbers.averageSpeedMps = ledger.distanceMeters * 1_000 / Double(ledger.movingMs)
    }
    numbers.maxSpeedMps = speed.fastestMps
    numbers.averageHeartRateBpm = heartRate.mean
    numbers.maxHeartRateBpm = heartRate.highest.map(UInt32.init)
    numbers.averageCadenceRpm = cadence.mean
    numbers.minAltitudeMeters = climb.lowestMeters
    numbers.maxAltitudeMeters = climb.highestMeters
    numbers.splits = ledger.splits(untilMs: lastMs)
    return numbers
  }

  private mutating func begin(atMs timeMs: Int64) {
    guard !hasBegun else { return }
    hasBegun = true
    guard timeMs < startedAtMs, CoreLimits.timeMs.contains(timeMs) else { return }
    startedAtMs = timeMs
    lastMs = timeMs
    ledger = SplitLedger(startedAtMs: timeMs)
  }

  private mutating func resume() {
    guard let pausedAtMs else { return }
    self.pausedAtMs = nil
    // A pause of no length parts nothing.
    guard lastMs > pausedAtMs else { return }
    endStretch()
    if let sample = waiting, sample.timeMs == lastMs { take(sample) }
    waiting = nil
  }

  private mutating func take(_ sample: TrackSample) {
    takeSensors(of: sample)
    guard let position = sample.position else { return }
    let accuracy = sample.horizontalAccuracyDm
    if let accuracy, accuracy > StatisticsRules.worstAccuracyDm { return }
    let fix = Fix(position: position, timeMs: sample.timeMs)
    let previousMs = gate.last?.timeMs
    switch gate.judge(fix, accuracyDm: accuracy) {
    case .start:
      rest.start(at: fix)
    case .leg(let meters):
      walk(from: previousMs ?? fix.timeMs, to: fix, meters: meters)
    case .ignored:
      break
    case .jump(let fixes):
      settleLegs()
      restart(through: fixes)
    }
  }

  private mutating func takeSensors(of sample: TrackSample) {
    if let altitude = sample.altitudeDm {
      gauges.ascentMeters += climb.add(
        altitudeMeters: Double(altitude) / 10,
        atMs: sample.timeMs
      )
    }
    if let bpm = sample.heartRateBpm {
      let added = heartRate.add(bpm, atMs: sample.timeMs)
      gauges.beatMs += added.weighted
      gauges.beatingMs += added.weight
    }
    if let rpm = sample.cadenceRpm {
      // Coasting and standing are no cadence.
      if rpm == 0 { cadence.pause() } else { _ = cadence.add(rpm, atMs: sample.timeMs) }
    }
  }

  private mutating func walk(from startMs: Int64, to fix: Fix, meters: Double) {
    let leg = Leg(startMs: startMs, endMs: fix.timeMs, meters: meters, along: gauges)
    gauges = Gauges()
    rest.add(leg, to: fix) { leg in
      Self.settle(leg, &moving, &speed, &ledger)
    }
  }

  private mutating func restart(through fixes: [Fix]) {
    guard var last = fixes.first else { return }
    rest.start(at: last)
    for fix in fixes.dropFirst() {
      walk(from: last.timeMs, to: fix, meters: last.meters(to: fix))
      last = fix
    }
  }

  /// Settles what is held back and forgets where the athlete was.
  private mutating func endStretch() {
    settleLegs()
    gate.reset()
    climb.pause()
    heartRate.pause()
    cadence.pause()
    ledger.add(gauges)
    gauges = Gauges()
  }

  private mutating func settleLegs() {
    rest.finish { leg in
      Self.settle(leg, &moving, &speed, &ledger)
    }
    ledger.credit(movingMs: moving.settle())
    speed.pause()
  }

  private static func settle(
    _ leg: Leg,
    _ moving: inout MovingTime,
    _ speed: inout SustainedSpeed,
    _ ledger: inout SplitLedger
  ) {
    let verdict = moving.add(leg)
    ledger.credit(movingMs: verdict.creditMs)
    speed.add(leg)
    ledger.add(leg, isMoving: verdict.isMoving)
  }
}

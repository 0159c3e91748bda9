/// The thresholds of the statistics, all of them, by kind of sport.
///
/// Changing any of them changes numbers: raise `StatisticsEngine.version` with it.
struct StatisticsRules: Sendable, Hashable {
  // MARK: Motion

  /// Slower legs may be a stop: 1 km/h; 0.1 km/h where people are slow on purpose.
  let stopSpeedMps: Double
  /// Slower legs that last longer than this together do not count as moving.
  let stopMs: Int64
  /// Nobody is faster; a position that says so is suspected.
  let impossibleSpeedMps: Double
  /// No altitude changes faster.
  let impossibleClimbMps: Double

  init(_ type: ActivityType) {
    switch type {
    case .unspecified, .walk, .hike: stopSpeedMps = 0.1 / 3.6
    default: stopSpeedMps = 1 / 3.6
    }
    // A runner stands still in the full sense; a rider may balance through a junction.
    stopMs = type == .run ? 10_000 : 15_000
    switch type {
    case .unspecified, .walk, .hike, .run, .swim: impossibleSpeedMps = 12.5
    case .row: impossibleSpeedMps = 15
    case .ride: impossibleSpeedMps = 40
    case .ski: impossibleSpeedMps = 70
    case .other: impossibleSpeedMps = 300
    }
    switch type {
    case .unspecified, .walk, .hike, .run, .swim, .row: impossibleClimbMps = 3
    case .ride: impossibleClimbMps = 8
    case .ski: impossibleClimbMps = 40
    case .other: impossibleClimbMps = 100
    }
  }

  // MARK: Outliers

  /// A receiver errs by this much between two fixes without anything being wrong, metres.
  static let fixSlackMeters = 8.0
  /// Fixes that the device itself trusts less than this are not used: 50 m.
  static let worstAccuracyDm: UInt16 = 500
  /// So many suspected fixes in a row that agree with each other are right after all.
  static let convincingFixes = 5
  /// The same for altitudes.
  static let convincingAltitudes = 5
  /// An altimeter jumps by this much without anything being wrong, metres.
  static let altitudeSlackMeters = 4.0

  // MARK: Rest

  /// Whoever takes longer than `restMs` to get this far from a place rests there, metres: slower
  /// than 1 km/h, where a receiver's noise is faster than the athlete.
  static let restRadiusMeters = 10.0
  /// See `restRadiusMeters`.
  static let restMs: Int64 = 36_000
  /// Legs kept until it is known whether the athlete rests; beyond, neighbours are joined.
  static let maxPendingLegs = 64

  // MARK: Climb

  /// Time constant of the altitude's smoothing.
  static let altitudeSmoothingMs = 4_000.0
  /// Swings below this are noise, metres.
  ///
  /// With 3 m the ascent of five recordings by barometric
  /// devices is 80 to 97 % of what the devices say, with 5 m it would be less; a receiver's altitude
  /// that drifts by 1.7 m within ten minutes invents 8 m an hour, within one minute 61 m.
  static let climbHysteresisMeters = 3.0

  // MARK: Sensors and speed

  /// A heart rate or cadence stands for no more time than this until the next one.
  static let sensorHoldMs: Int64 = 30_000
  /// The fastest speed is one that was kept for this long.
  static let sustainedSpeedMs: Int64 = 10_000
  /// Length of a split, metres.
  static let splitMeters = 1_000.0
}

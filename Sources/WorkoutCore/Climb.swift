/// Ascent and descent: altitudes in, swings that are no noise out.
///
/// Altitudes are smoothed first; then a swing counts from its lowest to its highest point once it
/// exceeds the hysteresis, whole, so that what lies between two turns is never lost by steps.
struct Climb: Sendable, Hashable {
  private(set) var ascentMeters = 0.0
  private(set) var descentMeters = 0.0
  private(set) var lowestMeters: Double?
  private(set) var highestMeters: Double?

  private enum Direction { case level, up, down }
  private var direction = Direction.level
  /// Since the last turn.
  private var low = 0.0
  private var high = 0.0

  private var smoothed: Double?
  private var last = 0.0
  private var lastMs: Int64 = 0
  private var suspects = 0
  private let impossibleClimbMps: Double

  init(impossibleClimbMps: Double) {
    self.impossibleClimbMps = impossibleClimbMps
  }

  /// Takes an altitude; returns the ascent it adds, metres.
  mutating func add(altitudeMeters: Double, atMs timeMs: Int64) -> Double {
    guard let smoothed else {
      start(at: altitudeMeters, timeMs)
      return 0
    }
    let ms = Double(timeMs - lastMs)
    guard ms > 0 else { return 0 }
    let reach = impossibleClimbMps * ms / 1_000 + StatisticsRules.altitudeSlackMeters
    guard abs(altitudeMeters - last) <= reach else {
      suspects += 1
      // So many cannot be a glitch: the altimeter was set anew, which is no climb.
      if suspects >= StatisticsRules.convincingAltitudes { start(at: altitudeMeters, timeMs) }
      return 0
    }
    accept(altitudeMeters, timeMs)
    let share = ms / (StatisticsRules.altitudeSmoothingMs + ms)
    let next = smoothed + (altitudeMeters - smoothed) * share
    self.smoothed = next
    return swing(to: next)
  }

  /// Ends a stretch: what lies between two is no climb.
  mutating func pause() {
    smoothed = nil
    direction = .level
  }

  private mutating func start(at altitude: Double, _ timeMs: Int64) {
    accept(altitude, timeMs)
    smoothed = altitude
    direction = .level
    low = altitude
    high = altitude
  }

  private mutating func accept(_ altitude: Double, _ timeMs: Int64) {
    last = altitude
    lastMs = timeMs
    suspects = 0
    lowestMeters = min(lowestMeters ?? altitude, altitude)
    highestMeters = max(highestMeters ?? altitude, altitude)
  }

  private mutating func swing(to altitude: Double) -> Double {
    let before = ascentMeters
    let isUp = altitude - low >= StatisticsRules.climbHysteresisMeters
    let isDown = high - altitude >= StatisticsRules.climbHysteresisMeters
    switch direction {
    case .up where altitude > high:
      ascentMeters += altitude - high
      high = altitude
    case .down where altitude < low:
      descentMeters += low - altitude
      low = altitude
    case .up where isDown, .level where isDown:
      descentMeters += high - altitude
      low = altitude
      direction = .down
    case .down where isUp, .level where isUp:
      ascentMeters += altitude - low
      high = altitude
      direction = .up
    case .level:
      low = min(low, altitude)
      high = max(high, altitude)
    case .up, .down:
      break
    }
    return ascentMeters - before
  }
}

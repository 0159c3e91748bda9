/// Time in motion: all but stretches of slow legs that last too long.
struct MovingTime: Sendable, Hashable {
  private let stopSpeedMps: Double
  private let stopMs: Int64
  /// How long the legs were slow by now: a stop or not, the next fast leg tells.
  private var slowMs: Int64 = 0

  init(stopSpeedMps: Double, stopMs: Int64) {
    self.stopSpeedMps = stopSpeedMps
    self.stopMs = stopMs
  }

  /// Takes a leg.
  ///
  /// Returns the time before it that turns out to count, and whether the leg itself does by now.
  mutating func add(_ leg: Leg) -> (creditMs: Int64, isMoving: Bool) {
    guard leg.meters * 1_000 >= stopSpeedMps * Double(leg.durationMs) else {
      slowMs += leg.durationMs
      return (0, false)
    }
    return (settle(), true)
  }

  /// Ends a stretch; returns the slow time that counts after all.
  mutating func settle() -> Int64 {
    defer { slowMs = 0 }
    return slowMs <= stopMs ? slowMs : 0
  }
}

import WorkoutCore

extension TrackSample {
  /// Anything at all within the ranges, each value present or not.
  static func arbitrary(using generator: inout SeededGenerator) -> TrackSample {
    func some<Value: FixedWidthInteger>(_ range: ClosedRange<Int32>) -> Value? {
      guard !generator.chance(oneIn: 3) else { return nil }
      return Value(truncatingIfNeeded: Int32.random(in: range, using: &generator))
    }
    var sample = TrackSample(timeMs: Int64.random(in: CoreLimits.timeMs, using: &generator))
    if let latitude: Int32 = some(CoreLimits.latitudeE7) {
      let longitude = Int32.random(in: CoreLimits.longitudeE7, using: &generator)
      sample.position = Position(latitudeE7: latitude, longitudeE7: longitude)
    }
    sample.altitudeDm = some(CoreLimits.altitudeDm)
    sample.heartRateBpm = some(CoreLimits.heartRateBpm)
    sample.cadenceRpm = some(CoreLimits.cadenceRpm)
    sample.speedCmps = some(CoreLimits.speedCmps)
    sample.horizontalAccuracyDm = some(CoreLimits.horizontalAccuracyDm)
    sample.powerWatts = some(CoreLimits.powerWatts)
    sample.temperatureDecicelsius = some(CoreLimits.temperatureDecicelsius)
    return sample
  }

  /// A plausible run at one sample a second: what a device would send.
  static func run(count: Int, startMs: Int64 = 1_700_000_000_000, seed: UInt64) -> [TrackSample] {
    var generator = SeededGenerator(seed: seed)
    var latitude: Int32 = 461_234_567
    var longitude: Int32 = 143_210_987
    return (0..<count).map { second in
      latitude += Int32.random(in: 150...280, using: &generator)
      longitude += Int32.random(in: -200...150, using: &generator)
      var sample = TrackSample(
        timeMs: startMs + Int64(second) * 1_000,
        latitudeE7: latitude,
        longitudeE7: longitude
      )
      sample.altitudeDm = 3_000 + Int32(second / 7 % 400)
      sample.heartRateBpm = UInt16(120 + second / 30 % 40)
      sample.cadenceRpm = UInt16(84 + second % 3)
      return sample
    }
  }
}

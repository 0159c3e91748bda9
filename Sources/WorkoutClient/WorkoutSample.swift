internal import WorkoutCore

/// One moment of a workout, as an app's sensors give it.
///
/// The ranges are the protocol's; a value outside its range is refused by the journal.
public struct WorkoutSample: Sendable, Hashable {
  /// Device's clock, milliseconds since 1970-01-01T00:00:00Z.
  public var timeMilliseconds: Int64

  /// WGS84 latitude, degrees, north positive; kept to 1e-7.
  public var latitude: Double?

  /// WGS84 longitude, degrees, east positive; kept to 1e-7.
  public var longitude: Double?

  /// Altitude above mean sea level, metres; kept to 0.1.
  public var altitudeMeters: Double?

  /// Heart rate, beats per minute, 1 to 300.
  public var heartRateBPM: Int?

  /// Cadence, revolutions or strides per minute, 0 to 1,000.
  public var cadenceRPM: Int?

  /// Speed where the device measures it, metres per second, 0 to 600; kept to 0.01.
  public var speedMetersPerSecond: Double?

  /// Horizontal accuracy of the position (68 %), metres, 0 to 6,000; kept to 0.1.
  public var horizontalAccuracyMeters: Double?

  /// Power, watts, 0 to 10,000.
  public var powerWatts: Int?

  /// Air temperature, degrees Celsius, -100 to 100; kept to 0.1.
  public var temperatureCelsius: Double?

  /// Creates a sample with nothing but its time.
  public init(timeMilliseconds: Int64) { self.timeMilliseconds = timeMilliseconds }
}

extension TrackSample {
  /// The sample in the core's units; what does not fit becomes the nearest that does not pass the
  /// checks of the codec either, so that it is refused there and not silently changed.
  init(_ sample: WorkoutSample) {
    self.init(timeMs: sample.timeMilliseconds)
    if let latitude = sample.latitude, let longitude = sample.longitude {
      position = Position(
        latitudeE7: scaled(latitude, by: 1e7),
        longitudeE7: scaled(longitude, by: 1e7)
      )
    }
    altitudeDm = sample.altitudeMeters.map { scaled($0, by: 10) }
    heartRateBpm = sample.heartRateBPM.map { $0 < 1 ? 0 : UInt16(clamping: $0) }
    cadenceRpm = sample.cadenceRPM.map { $0 < 0 ? .max : UInt16(clamping: $0) }
    speedCmps = sample.speedMetersPerSecond.map { unsigned($0, by: 100) }
    horizontalAccuracyDm = sample.horizontalAccuracyMeters.map { unsigned($0, by: 10) }
    powerWatts = sample.powerWatts.map { $0 < 0 ? .max : UInt16(clamping: $0) }
    temperatureDecicelsius = sample.temperatureCelsius.map { Int16(clamping: scaled($0, by: 10)) }
  }
}

private func scaled(_ value: Double, by factor: Double) -> Int32 {
  Int32(exactly: (value * factor).rounded()) ?? .max
}

private func unsigned(_ value: Double, by factor: Double) -> UInt16 {
  UInt16(exactly: (value * factor).rounded()) ?? .max
}

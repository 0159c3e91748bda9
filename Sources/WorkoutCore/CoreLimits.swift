/// Every limit and range of values that this module keeps to, in one place.
package enum CoreLimits {
  /// Samples in one `SampleColumns` on the wire: an hour at one a second.
  package static let maxSamplesPerColumns = 3_600
  /// Samples in one stored stream, and so in one activity: 11 days at one a second.
  package static let maxSamplesPerStream = 1_000_000
  /// Events in one activity, and in one stored list of events.
  package static let maxEventsPerActivity = 10_000
  /// Splits in one `Statistics`; the last one holds all that lies beyond.
  package static let maxSplits = 1_000
  /// Characters of a title.
  package static let maxTitleCharacters = 200

  /// Times: 1970-01-01 to 9999-12-31, milliseconds.
  package static let timeMs: ClosedRange<Int64> = 0...253_402_300_799_999
  /// Latitude, 1e-7 degrees.
  package static let latitudeE7: ClosedRange<Int32> = -900_000_000...900_000_000
  /// Longitude, 1e-7 degrees.
  package static let longitudeE7: ClosedRange<Int32> = -1_800_000_000...1_800_000_000
  /// Altitude, 0.1 m: 10 km below the sea to 100 km above it.
  package static let altitudeDm: ClosedRange<Int32> = -100_000...1_000_000
  /// Heart rate, beats per minute.
  package static let heartRateBpm: ClosedRange<Int32> = 1...300
  /// Cadence, revolutions or strides per minute.
  package static let cadenceRpm: ClosedRange<Int32> = 0...1_000
  /// Speed, 0.01 m/s.
  package static let speedCmps: ClosedRange<Int32> = 0...60_000
  /// Horizontal accuracy, 0.1 m.
  package static let horizontalAccuracyDm: ClosedRange<Int32> = 0...60_000
  /// Power, watts.
  package static let powerWatts: ClosedRange<Int32> = 0...10_000
  /// Air temperature, 0.1 degrees Celsius.
  package static let temperatureDecicelsius: ClosedRange<Int32> = -1_000...1_000
}

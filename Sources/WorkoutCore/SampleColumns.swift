/// A run of samples as columns of differences, field by field the schema's message of that name.
///
/// Time and position are second differences, sensors first differences; see the schema. Sums of
/// positions are taken modulo 2^32, so that a leg over the antimeridian has a difference too.
package struct SampleColumns: Sendable, Hashable {
  /// Samples in all.
  package var count: UInt32 = 0
  /// Second differences; `count` values.
  package var timeMs: [Int64] = []
  /// One bit a sample; empty when all have a position or none has.
  package var positionPresence: [UInt8] = []
  /// Second differences over those present, modulo 2^32.
  package var latitudeE7: [Int32] = []
  /// Second differences over those present, modulo 2^32.
  package var longitudeE7: [Int32] = []
  /// Altitude above mean sea level, 0.1 m.
  package var altitudeDm: SensorColumn?
  /// Heart rate, beats per minute.
  package var heartRateBpm: SensorColumn?
  /// Cadence, revolutions or strides per minute.
  package var cadenceRpm: SensorColumn?
  /// Measured speed, 0.01 m/s.
  package var speedCmps: SensorColumn?
  /// Horizontal accuracy of the position, 0.1 m.
  package var horizontalAccuracyDm: SensorColumn?
  /// Power, watts.
  package var powerWatts: SensorColumn?
  /// Air temperature, 0.1 degrees Celsius.
  package var temperatureDecicelsius: SensorColumn?

  /// No samples; the service fills the fields from a message.
  package init() {}
}

/// One optional sensor's values: the schema's message of that name.
package struct SensorColumn: Sendable, Hashable {
  /// One bit a sample; empty when all have a value.
  package var presence: [UInt8]
  /// First differences over those present.
  package var values: [Int32]

  /// A column of the given presence bits and differences.
  package init(presence: [UInt8] = [], values: [Int32] = []) {
    self.presence = presence
    self.values = values
  }
}

/// What the samples of an activity add up to: the schema's message of that name as a value.
///
/// Optional numbers are `nil` where nothing was measured.
package struct Statistics: Sendable, Hashable {
  /// Samples that went into these numbers.
  package var sampleCount: UInt64 = 0
  /// Length of the way on the WGS84 ellipsoid, metres, without pauses and rejected outliers.
  package var distanceMeters: Double = 0
  /// From the start to the last sample or event, pauses included, milliseconds.
  package var elapsedMs: Int64 = 0
  /// Time in motion: without manual pauses and stops, milliseconds.
  package var movingMs: Int64 = 0
  /// Climb, metres, smoothed with hysteresis.
  package var ascentMeters: Double = 0
  /// Descent, metres, smoothed with hysteresis; positive.
  package var descentMeters: Double = 0
  /// Distance over moving time, metres per second; `nil` while nothing moved.
  package var averageSpeedMps: Double?
  /// Fastest sustained speed, metres per second.
  package var maxSpeedMps: Double?
  /// Mean heart rate weighted by time, beats per minute.
  package var averageHeartRateBpm: Double?
  /// Highest heart rate, beats per minute.
  package var maxHeartRateBpm: UInt32?
  /// Mean cadence weighted by time, revolutions or strides per minute.
  package var averageCadenceRpm: Double?
  /// Lowest altitude, metres above sea level.
  package var minAltitudeMeters: Double?
  /// Highest altitude, metres above sea level.
  package var maxAltitudeMeters: Double?
  /// One for each full kilometre, then the rest.
  package var splits: [Split] = []
  /// Version of the engine; numbers of different versions are not to be compared.
  package var engineVersion: UInt32 = 0

  /// The statistics of nothing.
  package init() {}
}

/// One stretch of the way.
package struct Split: Sendable, Hashable {
  /// Length, metres: 1,000 for all but the last.
  package var distanceMeters: Double = 0
  /// Time it took, pauses included, milliseconds.
  package var elapsedMs: Int64 = 0
  /// Time in motion, milliseconds.
  package var movingMs: Int64 = 0
  /// Climb in it, metres.
  package var ascentMeters: Double = 0
  /// Mean heart rate weighted by time, beats per minute.
  package var averageHeartRateBpm: Double?

  /// A split of nothing.
  package init() {}
}

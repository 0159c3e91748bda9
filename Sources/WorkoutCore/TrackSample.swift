/// One moment of a track: a time, and what the device's sensors said at it.
///
/// 32 bytes and bitwise copyable, because live tails hold millions of them. The units are the
/// schema's. Setting a value does not check its range, `SampleColumns` and `TrackDecoder` do;
/// `isValid` tells.
package struct TrackSample: Sendable, Hashable, BitwiseCopyable {
  /// Device's clock, milliseconds since 1970-01-01T00:00:00Z.
  package var timeMs: Int64
  private var latitude: Int32 = 0
  private var longitude: Int32 = 0
  /// Altitude in the upper 24 bits, presence in the lower 8: that makes the whole 32 bytes.
  private var altitudeAndPresence: Int32 = 0
  private var heartRate: UInt16 = 0
  private var cadence: UInt16 = 0
  private var speed: UInt16 = 0
  private var accuracy: UInt16 = 0
  private var power: UInt16 = 0
  private var temperature: Int16 = 0

  /// A sample with nothing but its time.
  package init(timeMs: Int64) {
    self.timeMs = timeMs
  }

  /// A sample with a position, in 1e-7 degrees.
  package init(timeMs: Int64, latitudeE7: Int32, longitudeE7: Int32) {
    self.timeMs = timeMs
    position = Position(latitudeE7: latitudeE7, longitudeE7: longitudeE7)
  }

  /// WGS84 position.
  package var position: Position? {
    get { has(.position) ? Position(latitudeE7: latitude, longitudeE7: longitude) : nil }
    set {
      latitude = newValue?.latitudeE7 ?? 0
      longitude = newValue?.longitudeE7 ?? 0
      mark(.position, newValue != nil)
    }
  }

  /// Altitude above mean sea level, 0.1 m; what does not fit into 24 bits is clamped.
  package var altitudeDm: Int32? {
    get { has(.altitude) ? altitudeAndPresence >> 8 : nil }
    set {
      let clamped = min(max(newValue ?? 0, -(1 << 23)), 1 << 23 - 1)
      altitudeAndPresence = clamped << 8 | altitudeAndPresence & 0xFF
      mark(.altitude, newValue != nil)
    }
  }

  /// Heart rate, beats per minute.
  package var heartRateBpm: UInt16? {
    get { has(.heartRate) ? heartRate : nil }
    set {
      heartRate = newValue ?? 0
      mark(.heartRate, newValue != nil)
    }
  }

  /// Cadence, revolutions or strides per minute.
  package var cadenceRpm: UInt16? {
    get { has(.cadence) ? cadence : nil }
    set {
      cadence = newValue ?? 0
      mark(.cadence, newValue != nil)
    }
  }

  /// Measured speed, 0.01 m/s.
  package var speedCmps: UInt16? {
    get { has(.speed) ? speed : nil }
    set {
      speed = newValue ?? 0
      mark(.speed, newValue != nil)
    }
  }

  /// Horizontal accuracy of the position (68 %), 0.1 m.
  package var horizontalAccuracyDm: UInt16? {
    get { has(.accuracy) ? accuracy : nil }
    set {
      accuracy = newValue ?? 0
      mark(.accuracy, newValue != nil)
    }
  }

  /// Power, watts.
  package var powerWatts: UInt16? {
    get { has(.power) ? power : nil }
    set {
      power = newValue ?? 0
      mark(.power, newValue != nil)
    }
  }

  /// Air temperature, 0.1 degrees Celsius.
  package var temperatureDecicelsius: Int16? {
    get { has(.temperature) ? temperature : nil }
    set {
      temperature = newValue ?? 0
      mark(.temperature, newValue != nil)
    }
  }

  /// Values in which no two samples that differ are equal: an order without a meaning.
  var order: (Int64, Int64, Int64, Int64) {
    (
      timeMs,
      Int64(latitude) << 32 | Int64(UInt32(bitPattern: longitude)),
      Int64(altitudeAndPresence) << 32 | Int64(heartRate) << 16 | Int64(cadence),
      Int64(temperature) << 48 | Int64(speed) << 32 | Int64(accuracy) << 16 | Int64(power)
    )
  }

  /// A column of the presence bits; raw values are their places.
  private enum Field: Int32 {
    case position = 0
    case altitude, heartRate, cadence, speed, accuracy, power, temperature
  }

  private func has(_ field: Field) -> Bool {
    altitudeAndPresence & (1 << field.rawValue) != 0
  }

  private mutating func mark(_ field: Field, _ isPresent: Bool) {
    let bit: Int32 = 1 << field.rawValue
    if isPresent { altitudeAndPresence |= bit } else { altitudeAndPresence &= ~bit }
  }
}

/// A place on the WGS84 ellipsoid in whole 1e-7 degrees (11 mm or less).
package struct Position: Sendable, Hashable, BitwiseCopyable {
  /// Latitude, north positive.
  package var latitudeE7: Int32
  /// Longitude, east positive.
  package var longitudeE7: Int32

  /// A position of the given coordinates; ranges are checked by the codecs.
  package init(latitudeE7: Int32, longitudeE7: Int32) {
    self.latitudeE7 = latitudeE7
    self.longitudeE7 = longitudeE7
  }

  /// Latitude, degrees.
  package var latitudeDegrees: Double { Double(latitudeE7) * 1e-7 }

  /// Longitude, degrees.
  package var longitudeDegrees: Double { Double(longitudeE7) * 1e-7 }
}

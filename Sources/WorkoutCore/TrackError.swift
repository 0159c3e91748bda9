/// Why columns or stored bytes are not a track.
package struct TrackError: Error, Hashable {
  /// Where it is wrong.
  package enum Column: String, Sendable {
    case count
    case timeMs = "time_ms"
    case positionPresence = "position_presence"
    case latitudeE7 = "latitude_e7"
    case longitudeE7 = "longitude_e7"
    case altitudeDm = "altitude_dm"
    case heartRateBpm = "heart_rate_bpm"
    case cadenceRpm = "cadence_rpm"
    case speedCmps = "speed_cmps"
    case horizontalAccuracyDm = "horizontal_accuracy_dm"
    case powerWatts = "power_watts"
    case temperatureDecicelsius = "temperature_decicelsius"
    /// The stored form around the columns.
    case stream
    /// The stored form of events.
    case events
  }

  /// What is wrong with it.
  package enum Reason: Sendable, Hashable {
    /// More than `limit`.
    case tooMany(count: Int, limit: Int)
    /// Another number of values than the count, or the presence bits, say.
    case length(expected: Int, actual: Int)
    /// Presence bits beyond the last sample.
    case strayPresenceBits
    /// A sum of differences leaves its integer.
    case overflow
    /// A value outside of its range in `CoreLimits`.
    case outOfRange(Int64, ClosedRange<Int64>)
    /// A stored form of another version.
    case unknownVersion(UInt8)
    /// A stored form that ends early, goes on too long, or holds what is no number.
    case malformed
    /// A stored form whose checksum does not fit.
    case checksum
  }

  /// Where.
  package var column: Column
  /// Which sample or event, counted from 0; `nil` when it is not about a single one.
  package var index: Int?
  /// What.
  package var reason: Reason

  /// An error of the given place and reason.
  package init(_ column: Column, index: Int? = nil, _ reason: Reason) {
    self.column = column
    self.index = index
    self.reason = reason
  }
}

extension TrackError: CustomStringConvertible {
  /// Column, place and reason in words: `heart_rate_bpm[17]: 400 is not in 1...300`.
  package var description: String {
    let place = index.map { "[\($0)]" } ?? ""
    return "\(column.rawValue)\(place): \(reasonText)"
  }

  private var reasonText: String {
    switch reason {
    case .tooMany(let count, let limit): "\(count) are more than \(limit)"
    case .length(let expected, let actual): "\(actual) values where \(expected) belong"
    case .strayPresenceBits: "presence bits beyond the last sample"
    case .overflow: "differences overflow"
    case .outOfRange(let value, let range):
      "\(value) is not in \(range.lowerBound)...\(range.upperBound)"
    case .unknownVersion(let version): "version \(version) is unknown"
    case .malformed: "malformed"
    case .checksum: "checksum does not fit"
    }
  }
}

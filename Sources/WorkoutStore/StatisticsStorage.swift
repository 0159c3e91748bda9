internal import WorkoutCore

// The stored form of statistics. Little-endian, 8 bytes a number, so that it is the same bits
// again; splits apart, because lists do not want them.
//
//   summary   version, 1 byte; presence bits, 1 byte; seven numbers; then those optional ones
//             whose bit is set, in the order of the declarations
//   splits    version, 1 byte; each: whether it has a heart rate, 1 byte; five numbers

/// Statistics as bytes.
enum StatisticsStorage {
  private static let version: UInt8 = 1

  static func encodeSummary(_ statistics: Statistics) -> [UInt8] {
    let optional = [
      statistics.averageSpeedMps, statistics.maxSpeedMps, statistics.averageHeartRateBpm,
      statistics.maxHeartRateBpm.map(Double.init), statistics.averageCadenceRpm,
      statistics.minAltitudeMeters, statistics.maxAltitudeMeters,
    ]
    let presence = optional.enumerated().reduce(UInt8(0)) { bits, field in
      field.element == nil ? bits : bits | 1 << UInt8(field.offset)
    }
    var bytes: [UInt8] = [version, presence]
    bytes.append(word: statistics.sampleCount)
    bytes.append(word: statistics.distanceMeters.bitPattern)
    bytes.append(word: UInt64(bitPattern: statistics.elapsedMs))
    bytes.append(word: UInt64(bitPattern: statistics.movingMs))
    bytes.append(word: statistics.ascentMeters.bitPattern)
    bytes.append(word: statistics.descentMeters.bitPattern)
    bytes.append(word: UInt64(statistics.engineVersion))
    for case let number? in optional { bytes.append(word: number.bitPattern) }
    return bytes
  }

  /// `nil` for bytes that are no summary.
  static func decodeSummary(_ bytes: [UInt8]) -> Statistics? {
    guard bytes.count >= 2, bytes[0] == version, bytes[1] < 0x80 else { return nil }
    let presence = bytes[1]
    guard bytes.count == 2 + 8 * (7 + presence.nonzeroBitCount) else { return nil }
    var reader = WordReader(bytes, from: 2)
    var statistics = Statistics()
    statistics.sampleCount = reader.next()
    statistics.distanceMeters = Double(bitPattern: reader.next())
    statistics.elapsedMs = Int64(bitPattern: reader.next())
    statistics.movingMs = Int64(bitPattern: reader.next())
    statistics.ascentMeters = Double(bitPattern: reader.next())
    statistics.descentMeters = Double(bitPattern: reader.next())
    guard let engine = UInt32(exactly: reader.next()) else { return nil }
    statistics.engineVersion = engine
    var optional: [Double?] = []
    for field in 0..<7 {
      let isPresent = presence & 1 << UInt8(field) != 0
      optional.append(isPresent ? Double(bitPattern: reader.next()) : nil)
    }
    statistics.averageSpeedMps = optional[0]
    statistics.maxSpeedMps = optional[1]
    statistics.averageHeartRateBpm = optional[2]
    statistics.maxHeartRateBpm = optional[3].flatMap { UInt32(exactly: $0) }
    statistics.averageCadenceRpm = optional[4]
    statistics.minAltitudeMeters = optional[5]
    statistics.maxAltitudeMeters = optional[6]
    return statistics
  }

  static func encodeSplits(_ splits: [Split]) -> [UInt8] {
    var bytes: [UInt8] = [version]
    for split in splits {
      bytes.append(split.averageHeartRateBpm == nil ? 0 : 1)
      bytes.append(word: split.distanceMeters.bitPattern)
      bytes.append(word: UInt64(bitPattern: split.elapsedMs))
      bytes.append(word: UInt64(bitPattern: split.movingMs))
      bytes.append(word: split.ascentMeters.bitPattern)
      bytes.append(word: (split.averageHeartRateBpm ?? 0).bitPattern)
    }
    return bytes
  }

  /// `nil` for bytes that are no splits.
  static func decodeSplits(_ bytes: [UInt8]) -> [Split]? {
    let size = 41
    guard bytes.first == version, bytes.count % size == 1 else { return nil }
    return stride(from: 1, to: bytes.count, by: size).map { start in
      var reader = WordReader(bytes, from: start + 1)
      var split = Split()
      split.distanceMeters = Double(bitPattern: reader.next())
      split.elapsedMs = Int64(bitPattern: reader.next())
      split.movingMs = Int64(bitPattern: reader.next())
      split.ascentMeters = Double(bitPattern: reader.next())
      let heartRate = Double(bitPattern: reader.next())
      split.averageHeartRateBpm = bytes[start] == 0 ? nil : heartRate
      return split
    }
  }
}

extension [UInt8] {
  /// Eight bytes, least significant first.
  mutating func append(word: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }
}

/// Reads words whose number has been checked.
struct WordReader {
  private let bytes: [UInt8]
  private var place: Int

  init(_ bytes: [UInt8], from place: Int) {
    self.bytes = bytes
    self.place = place
  }

  mutating func next() -> UInt64 {
    defer { place += 8 }
    return (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
  }
}

// The stored form of a run of samples: the columns of `SampleColumns` as varints.
//
//   version   1 byte, 1
//   count     varint
//   layout    varint, two bits a column, position lowest: 0 none, 1 all present, 2 presence bits
//   time      `count` signed varints
//   position  presence bits when 2; then its latitudes, then its longitudes
//   sensors   each: presence bits when 2; then its values
//   checksum  CRC-32C of all before, 4 bytes, least significant first
//
// A later version codes the columns more densely; readers keep to the version byte.

/// Makes the stored form of samples.
package enum TrackEncoder {
  /// The version that is written.
  package static let version: UInt8 = 1

  /// Bytes that hold the samples, in the order given, and nothing of their surroundings.
  ///
  /// - Complexity: O(count)
  package static func encode(_ samples: some Collection<TrackSample>) -> [UInt8] {
    let columns = SampleColumns(encoding: samples)
    var writer = StoredBytesWriter(version: version, capacity: 16 + 10 * Int(columns.count))
    writer.append(UInt64(columns.count))
    writer.append(columns.layout)
    for difference in columns.timeMs { writer.append(signed: difference) }
    writer.append(raw: columns.positionPresence)
    for difference in columns.latitudeE7 { writer.append(signed: Int64(difference)) }
    for difference in columns.longitudeE7 { writer.append(signed: Int64(difference)) }
    for sensor in columns.sensors {
      guard let sensor else { continue }
      writer.append(raw: sensor.presence)
      for difference in sensor.values { writer.append(signed: Int64(difference)) }
    }
    return writer.finished()
  }
}

/// Reads the stored form of samples back.
package enum TrackDecoder {
  /// The samples in stored bytes, with every check that `SampleColumns.samples` makes.
  ///
  /// - Parameters:
  ///   - bytes: what `TrackEncoder.encode` made.
  ///   - limit: how many samples are taken at most.
  /// - Returns: the samples in the order they were encoded in.
  /// - Throws: a `TrackError` for foreign or damaged bytes.
  /// - Complexity: O(bytes)
  package static func decode(
    _ bytes: Span<UInt8>,
    limit: Int = CoreLimits.maxSamplesPerStream
  ) throws(TrackError) -> [TrackSample] {
    var reader = try StoredBytesReader(bytes, version: TrackEncoder.version, column: .stream)
    var columns = SampleColumns()
    // A sample's time takes a byte at least, so that a count is never larger than the rest.
    let count = try reader.length(bytes, limit: limit)
    columns.count = UInt32(clamping: count)
    let layout = try reader.unsigned(bytes)
    columns.timeMs = try signedRun(&reader, bytes, count: count)
    let position = try presence(&reader, bytes, kind: layout & 3, samples: count)
    columns.positionPresence = position.bytes
    columns.latitudeE7 = try narrowRun(&reader, bytes, count: position.count)
    columns.longitudeE7 = try narrowRun(&reader, bytes, count: position.count)
    var sensors: [SensorColumn?] = []
    for column in 1...SampleColumns.sensorCount {
      let kind = layout >> UInt64(2 * column) & 3
      let bits = try presence(&reader, bytes, kind: kind, samples: count)
      let values = try narrowRun(&reader, bytes, count: bits.count)
      sensors.append(kind == 0 ? nil : SensorColumn(presence: bits.bytes, values: values))
    }
    columns.sensors = sensors
    guard columns.layout == layout else { throw TrackError(.stream, .malformed) }
    try reader.finish()
    return try columns.samples(limit: limit)
  }

  /// The same for an array.
  ///
  /// - Parameters:
  ///   - bytes: what `TrackEncoder.encode` made.
  ///   - limit: how many samples are taken at most.
  /// - Returns: the samples in the order they were encoded in.
  /// - Throws: a `TrackError` for foreign or damaged bytes.
  package static func decode(
    _ bytes: [UInt8],
    limit: Int = CoreLimits.maxSamplesPerStream
  ) throws(TrackError) -> [TrackSample] {
    try decode(bytes.span, limit: limit)
  }

  private static func presence(
    _ reader: inout StoredBytesReader,
    _ bytes: Span<UInt8>,
    kind: UInt64,
    samples: Int
  ) throws(TrackError) -> (bytes: [UInt8], count: Int) {
    switch kind {
    case 0: return ([], 0)
    case 1: return ([], samples)
    case 2:
      let bits = try reader.raw(bytes, count: PresenceBits.byteCount(forSamples: samples))
      return (bits, bits.reduce(0) { $0 + $1.nonzeroBitCount })
    default: throw TrackError(.stream, .malformed)
    }
  }

  private static func signedRun(
    _ reader: inout StoredBytesReader,
    _ bytes: Span<UInt8>,
    count: Int
  ) throws(TrackError) -> [Int64] {
    guard count <= reader.remaining else { throw TrackError(.stream, .malformed) }
    var values: [Int64] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try reader.signed(bytes)) }
    return values
  }

  private static func narrowRun(
    _ reader: inout StoredBytesReader,
    _ bytes: Span<UInt8>,
    count: Int
  ) throws(TrackError) -> [Int32] {
    guard count <= reader.remaining else { throw TrackError(.stream, .malformed) }
    var values: [Int32] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      guard let value = Int32(exactly: try reader.signed(bytes)) else {
        throw TrackError(.stream, .malformed)
      }
      values.append(value)
    }
    return values
  }
}

extension SampleColumns {
  fileprivate static let sensorCount = 7

  /// The sensors in the order they are stored in, which is the schema's.
  fileprivate var sensors: [SensorColumn?] {
    get {
      [
        altitudeDm, heartRateBpm, cadenceRpm, speedCmps, horizontalAccuracyDm, powerWatts,
        temperatureDecicelsius,
      ]
    }
    set {
      guard newValue.count == Self.sensorCount else { return }
      altitudeDm = newValue[0]
      heartRateBpm = newValue[1]
      cadenceRpm = newValue[2]
      speedCmps = newValue[3]
      horizontalAccuracyDm = newValue[4]
      powerWatts = newValue[5]
      temperatureDecicelsius = newValue[6]
    }
  }

  fileprivate var layout: UInt64 {
    let position: UInt64 = latitudeE7.isEmpty ? 0 : positionPresence.isEmpty ? 1 : 2
    return sensors.enumerated().reduce(position) { layout, column in
      guard let sensor = column.element else { return layout }
      return layout | (sensor.presence.isEmpty ? 1 : 2) << UInt64(2 * column.offset + 2)
    }
  }
}

/// The stored form of events: version, count, then kind and time difference of each, checksum.
package enum EventStorage {
  /// The version that is written.
  package static let version: UInt8 = 1

  /// Bytes that hold the events in the order given.
  ///
  /// - Complexity: O(count)
  package static func encode(_ events: some Collection<ActivityEvent>) -> [UInt8] {
    var writer = StoredBytesWriter(version: version, capacity: 16 + 8 * events.count)
    writer.append(UInt64(events.count))
    var last: Int64 = 0
    for event in events {
      writer.append(UInt64(event.type.rawValue))
      writer.append(signed: event.timeMs &- last)
      last = event.timeMs
    }
    return writer.finished()
  }

  /// The events in stored bytes.
  ///
  /// - Parameter bytes: what `encode` made.
  /// - Returns: the events in the order they were encoded in.
  /// - Throws: a `TrackError` for foreign or damaged bytes and times out of range.
  package static func decode(_ bytes: [UInt8]) throws(TrackError) -> [ActivityEvent] {
    var reader = try StoredBytesReader(bytes.span, version: version, column: .events)
    let count = try reader.length(bytes.span, limit: CoreLimits.maxEventsPerActivity)
    var events: [ActivityEvent] = []
    events.reserveCapacity(count)
    var time: Int64 = 0
    for index in 0..<count {
      let raw = try reader.unsigned(bytes.span)
      guard let kind = UInt8(exactly: raw).flatMap(ActivityEvent.Kind.init) else {
        throw TrackError(.events, index: index, .malformed)
      }
      time &+= try reader.signed(bytes.span)
      guard CoreLimits.timeMs.contains(time) else {
        throw TrackError(.events, index: index, .outOfRange(time, CoreLimits.timeMs))
      }
      events.append(ActivityEvent(type: kind, timeMs: time))
    }
    try reader.finish()
    return events
  }
}

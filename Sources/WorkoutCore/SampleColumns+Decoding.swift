extension SampleColumns {
  /// The samples that the columns stand for.
  ///
  /// Lengths are checked before memory is taken, every value against its range in `CoreLimits`.
  /// The order of times is not: samples may come in any order.
  ///
  /// - Parameter limit: how many samples are taken at most.
  /// - Returns: `count` samples.
  /// - Throws: the first thing wrong, with its column and, where it has one, its sample's index.
  /// - Complexity: O(count)
  package func samples(
    limit: Int = CoreLimits.maxSamplesPerColumns
  ) throws(TrackError) -> [TrackSample] {
    guard count <= limit else {
      throw TrackError(.count, .tooMany(count: Int(count), limit: limit))
    }
    var samples = try decodedTimes()
    try decodePositions(into: &samples)
    try decodeSensors(into: &samples)
    return samples
  }

  private func decodedTimes() throws(TrackError) -> [TrackSample] {
    guard timeMs.count == count else {
      throw TrackError(.timeMs, .length(expected: Int(count), actual: timeMs.count))
    }
    var samples: [TrackSample] = []
    samples.reserveCapacity(timeMs.count)
    var time: Int64 = 0
    var step: Int64 = 0
    for (index, difference) in timeMs.enumerated() {
      let (newStep, stepOverflows) = step.addingReportingOverflow(difference)
      let (newTime, timeOverflows) = time.addingReportingOverflow(newStep)
      guard !stepOverflows, !timeOverflows else {
        throw TrackError(.timeMs, index: index, .overflow)
      }
      guard CoreLimits.timeMs.contains(newTime) else {
        throw TrackError(.timeMs, index: index, .outOfRange(newTime, CoreLimits.timeMs))
      }
      samples.append(TrackSample(timeMs: newTime))
      time = newTime
      step = index == 0 ? 0 : newStep
    }
    return samples
  }

  private func decodePositions(into samples: inout [TrackSample]) throws(TrackError) {
    if positionPresence.isEmpty, latitudeE7.isEmpty, longitudeE7.isEmpty { return }
    let presence = try Presence(
      positionPresence,
      samples: samples.count,
      values: latitudeE7.count,
      columns: (.positionPresence, .latitudeE7)
    )
    guard latitudeE7.count == longitudeE7.count else {
      throw TrackError(
        .longitudeE7,
        .length(expected: latitudeE7.count, actual: longitudeE7.count)
      )
    }
    var position = Position(latitudeE7: 0, longitudeE7: 0)
    var step = position
    var next = 0
    for index in samples.indices where presence.contains(index) {
      step.latitudeE7 &+= latitudeE7[next]
      step.longitudeE7 &+= longitudeE7[next]
      position.latitudeE7 &+= step.latitudeE7
      position.longitudeE7 &+= step.longitudeE7
      try check(position.latitudeE7, CoreLimits.latitudeE7, .latitudeE7, index)
      try check(position.longitudeE7, CoreLimits.longitudeE7, .longitudeE7, index)
      samples[index].position = position
      if next == 0 { step = Position(latitudeE7: 0, longitudeE7: 0) }
      next += 1
    }
  }

  private func decodeSensors(into samples: inout [TrackSample]) throws(TrackError) {
    try decode(altitudeDm, .altitudeDm, CoreLimits.altitudeDm, into: &samples) {
      $0.altitudeDm = $1
    }
    try decode(heartRateBpm, .heartRateBpm, CoreLimits.heartRateBpm, into: &samples) {
      $0.heartRateBpm = UInt16(truncatingIfNeeded: $1)
    }
    try decode(cadenceRpm, .cadenceRpm, CoreLimits.cadenceRpm, into: &samples) {
      $0.cadenceRpm = UInt16(truncatingIfNeeded: $1)
    }
    try decode(speedCmps, .speedCmps, CoreLimits.speedCmps, into: &samples) {
      $0.speedCmps = UInt16(truncatingIfNeeded: $1)
    }
    try decode(
      horizontalAccuracyDm,
      .horizontalAccuracyDm,
      CoreLimits.horizontalAccuracyDm,
      into: &samples
    ) {
      $0.horizontalAccuracyDm = UInt16(truncatingIfNeeded: $1)
    }
    try decode(powerWatts, .powerWatts, CoreLimits.powerWatts, into: &samples) {
      $0.powerWatts = UInt16(truncatingIfNeeded: $1)
    }
    try decode(
      temperatureDecicelsius,
      .temperatureDecicelsius,
      CoreLimits.temperatureDecicelsius,
      into: &samples
    ) {
      $0.temperatureDecicelsius = Int16(truncatingIfNeeded: $1)
    }
  }

  @inline(__always)
  private func decode(
    _ sensor: SensorColumn?,
    _ column: TrackError.Column,
    _ range: ClosedRange<Int32>,
    into samples: inout [TrackSample],
    set: (inout TrackSample, Int32) -> Void
  ) throws(TrackError) {
    guard let sensor else { return }
    let presence = try Presence(
      sensor.presence,
      samples: samples.count,
      values: sensor.values.count,
      columns: (column, column)
    )
    var value: Int32 = 0
    var next = 0
    for index in samples.indices where presence.contains(index) {
      let (sum, overflows) = value.addingReportingOverflow(sensor.values[next])
      guard !overflows else { throw TrackError(column, index: index, .overflow) }
      try check(sum, range, column, index)
      set(&samples[index], sum)
      value = sum
      next += 1
    }
  }

  @inline(__always)
  private func check(
    _ value: Int32,
    _ range: ClosedRange<Int32>,
    _ column: TrackError.Column,
    _ index: Int
  ) throws(TrackError) {
    guard range.contains(value) else {
      let wide = Int64(range.lowerBound)...Int64(range.upperBound)
      throw TrackError(column, index: index, .outOfRange(Int64(value), wide))
    }
  }
}

/// The presence bits of one column, checked against the number of its values.
private struct Presence {
  /// Empty: all present.
  let bytes: [UInt8]

  init(
    _ bytes: [UInt8],
    samples: Int,
    values: Int,
    columns: (presence: TrackError.Column, values: TrackError.Column)
  ) throws(TrackError) {
    self.bytes = bytes
    guard !bytes.isEmpty else {
      guard values == samples else {
        throw TrackError(columns.values, .length(expected: samples, actual: values))
      }
      return
    }
    let byteCount = PresenceBits.byteCount(forSamples: samples)
    guard bytes.count == byteCount else {
      throw TrackError(columns.presence, .length(expected: byteCount, actual: bytes.count))
    }
    if samples % 8 != 0, let last = bytes.last, last >> UInt8(samples % 8) != 0 {
      throw TrackError(columns.presence, .strayPresenceBits)
    }
    let present = bytes.reduce(0) { $0 + $1.nonzeroBitCount }
    guard present == values else {
      throw TrackError(columns.values, .length(expected: present, actual: values))
    }
  }

  @inline(__always)
  func contains(_ index: Int) -> Bool {
    bytes.isEmpty || bytes[index >> 3] & (1 << UInt8(index & 7)) != 0
  }
}

extension TrackSample {
  /// Whether every value lies in its range in `CoreLimits`, so that a codec takes it.
  package var isValid: Bool {
    CoreLimits.timeMs.contains(timeMs)
      && fits(position?.latitudeE7, CoreLimits.latitudeE7)
      && fits(position?.longitudeE7, CoreLimits.longitudeE7)
      && fits(altitudeDm, CoreLimits.altitudeDm)
      && fits(heartRateBpm, CoreLimits.heartRateBpm)
      && fits(cadenceRpm, CoreLimits.cadenceRpm)
      && fits(speedCmps, CoreLimits.speedCmps)
      && fits(horizontalAccuracyDm, CoreLimits.horizontalAccuracyDm)
      && fits(powerWatts, CoreLimits.powerWatts)
      && fits(temperatureDecicelsius, CoreLimits.temperatureDecicelsius)
  }

  @inline(__always)
  private func fits(_ value: (some FixedWidthInteger)?, _ range: ClosedRange<Int32>) -> Bool {
    guard let value else { return true }
    return range.contains(Int32(truncatingIfNeeded: value))
  }
}

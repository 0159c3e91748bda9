extension SampleColumns {
  /// The columns of some samples, in the order given.
  ///
  /// Values beyond the ranges of `CoreLimits` are encoded as they are and refused by `samples`.
  /// - Complexity: O(count)
  package init(encoding samples: some Collection<TrackSample>) {
    self.init(encoding: Array(samples))
  }

  private init(encoding samples: [TrackSample]) {
    count = UInt32(clamping: samples.count)
    timeMs = Self.secondDifferences(ofTimesOf: samples)
    encodePositions(of: samples)
    altitudeDm = SensorColumn(of: samples) { $0.altitudeDm }
    heartRateBpm = SensorColumn(of: samples) { $0.heartRateBpm.map(Int32.init) }
    cadenceRpm = SensorColumn(of: samples) { $0.cadenceRpm.map(Int32.init) }
    speedCmps = SensorColumn(of: samples) { $0.speedCmps.map(Int32.init) }
    horizontalAccuracyDm = SensorColumn(of: samples) { $0.horizontalAccuracyDm.map(Int32.init) }
    powerWatts = SensorColumn(of: samples) { $0.powerWatts.map(Int32.init) }
    temperatureDecicelsius = SensorColumn(of: samples) {
      $0.temperatureDecicelsius.map(Int32.init)
    }
  }

  private static func secondDifferences(ofTimesOf samples: [TrackSample]) -> [Int64] {
    var differences: [Int64] = []
    differences.reserveCapacity(samples.count)
    var last: Int64 = 0
    var lastStep: Int64 = 0
    for sample in samples {
      let step = sample.timeMs &- last
      differences.append(step &- lastStep)
      // The first value stands for itself: the step into it does not go on.
      lastStep = differences.count == 1 ? 0 : step
      last = sample.timeMs
    }
    return differences
  }

  private mutating func encodePositions(of samples: [TrackSample]) {
    var presence = PresenceBits(count: samples.count)
    var last = Position(latitudeE7: 0, longitudeE7: 0)
    var lastStep = last
    for (index, sample) in samples.enumerated() {
      guard let position = sample.position else { continue }
      if latitudeE7.isEmpty {
        latitudeE7.reserveCapacity(samples.count - index)
        longitudeE7.reserveCapacity(samples.count - index)
      }
      presence.insert(index)
      let step = Position(
        latitudeE7: position.latitudeE7 &- last.latitudeE7,
        longitudeE7: position.longitudeE7 &- last.longitudeE7
      )
      latitudeE7.append(step.latitudeE7 &- lastStep.latitudeE7)
      longitudeE7.append(step.longitudeE7 &- lastStep.longitudeE7)
      lastStep = latitudeE7.count == 1 ? Position(latitudeE7: 0, longitudeE7: 0) : step
      last = position
    }
    let isUniform = latitudeE7.isEmpty || latitudeE7.count == samples.count
    positionPresence = isUniform ? [] : presence.bytes
  }
}

extension SensorColumn {
  /// The column of one sensor; `nil` when no sample has a value.
  @inline(__always)
  fileprivate init?(of samples: [TrackSample], _ value: (TrackSample) -> Int32?) {
    guard let first = samples.firstIndex(where: { value($0) != nil }) else { return nil }
    var presence = PresenceBits(count: samples.count)
    var differences: [Int32] = []
    differences.reserveCapacity(samples.count - first)
    var last: Int32 = 0
    for index in first..<samples.count {
      guard let value = value(samples[index]) else { continue }
      presence.insert(index)
      differences.append(value &- last)
      last = value
    }
    let isUniform = differences.count == samples.count
    self.init(presence: isUniform ? [] : presence.bytes, values: differences)
  }
}

/// One bit a sample, least significant first.
struct PresenceBits {
  private(set) var bytes: [UInt8]

  init(count: Int) {
    bytes = [UInt8](repeating: 0, count: Self.byteCount(forSamples: count))
  }

  mutating func insert(_ index: Int) {
    bytes[index >> 3] |= 1 << UInt8(index & 7)
  }

  static func byteCount(forSamples count: Int) -> Int { (count + 7) / 8 }
}

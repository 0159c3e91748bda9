import Testing
import WorkoutCore

@Suite("Hostile columns and bytes")
struct HostileColumnsTests {
  /// Valid columns of ten samples with every second one's position and heart rate.
  private static func base() -> SampleColumns {
    var samples = TrackSample.run(count: 10, seed: 3)
    for index in stride(from: 1, to: 10, by: 2) {
      samples[index].position = nil
      samples[index].heartRateBpm = nil
    }
    return SampleColumns(encoding: samples)
  }

  private static func refusal(_ change: (inout SampleColumns) -> Void) -> TrackError? {
    var columns = base()
    change(&columns)
    do {
      _ = try columns.samples()
      return nil
    } catch {
      return error
    }
  }

  @Test("the columns that the others are bent from are good")
  func control() {
    #expect(Self.refusal { _ in } == nil)
  }

  @Test("a count that lies is refused before memory is taken")
  func lyingCount() {
    #expect(
      Self.refusal { $0.count = .max }
        == TrackError(.count, .tooMany(count: Int(UInt32.max), limit: 3_600))
    )
    #expect(
      Self.refusal { $0.count = 9 }
        == TrackError(.timeMs, .length(expected: 9, actual: 10))
    )
    #expect(
      Self.refusal { $0.count = 3_600 }
        == TrackError(.timeMs, .length(expected: 3_600, actual: 10))
    )
  }

  @Test("presence bits too short, too long or beyond the last sample are refused")
  func presenceBits() {
    #expect(
      Self.refusal { $0.positionPresence.removeLast() }
        == TrackError(.positionPresence, .length(expected: 2, actual: 1))
    )
    #expect(
      Self.refusal { $0.heartRateBpm?.presence.append(0) }
        == TrackError(.heartRateBpm, .length(expected: 2, actual: 3))
    )
    #expect(
      Self.refusal { $0.positionPresence[1] |= 0b100 }
        == TrackError(.positionPresence, .strayPresenceBits)
    )
    #expect(
      Self.refusal { $0.positionPresence = [] }
        == TrackError(.latitudeE7, .length(expected: 10, actual: 5))
    )
  }

  @Test("columns of other lengths than their presence says are refused")
  func columnLengths() {
    #expect(
      Self.refusal { $0.longitudeE7.removeLast() }
        == TrackError(.longitudeE7, .length(expected: 5, actual: 4))
    )
    #expect(
      Self.refusal {
        $0.latitudeE7.append(0)
        $0.longitudeE7.append(0)
      } == TrackError(.latitudeE7, .length(expected: 5, actual: 6))
    )
    #expect(
      Self.refusal { $0.heartRateBpm?.values.removeAll() }
        == TrackError(.heartRateBpm, .length(expected: 5, actual: 0))
    )
    #expect(
      Self.refusal { $0.powerWatts = SensorColumn() }
        == TrackError(.powerWatts, .length(expected: 10, actual: 0))
    )
  }

  @Test("sums that overflow are refused with the sample's index")
  func overflow() {
    #expect(
      Self.refusal { $0.timeMs[4] = .max }
        == TrackError(.timeMs, index: 4, .overflow)
    )
    #expect(
      Self.refusal { $0.heartRateBpm?.values[1] = .max }
        == TrackError(.heartRateBpm, index: 2, .overflow)
    )
    #expect(Self.refusal { $0.timeMs[0] = .min }?.column == .timeMs)
    #expect(Self.refusal { $0.latitudeE7[2] = .min }?.column == .latitudeE7)
    #expect(Self.refusal { $0.latitudeE7[2] = .min }?.index == 4)
  }

  @Test("any numbers in any columns give samples in range or an error", arguments: 0..<20)
  func noise(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      var columns = SampleColumns()
      let count = Int.random(in: 0...20, using: &generator)
      columns.count = UInt32(count)
      columns.timeMs = (0..<count).map { _ in Int64.random(in: 0...99, using: &generator) }
      if generator.chance(oneIn: 4) { columns.timeMs = columns.timeMs.map { $0 << 55 } }
      func values() -> [Int32] {
        let spread: Int32 = generator.chance(oneIn: 3) ? .max : 3
        return (0..<count).map { _ in Int32.random(in: 0...spread, using: &generator) }
      }
      columns.latitudeE7 = values()
      columns.longitudeE7 = values()
      columns.altitudeDm = SensorColumn(values: values())
      guard let samples = try? columns.samples() else { continue }
      #expect(samples.allSatisfy { $0.isValid })
    }
  }

  @Test("a stored form cut short, grown or with any byte changed is refused")
  func damagedBytes() throws {
    let samples = TrackSample.run(count: 50, seed: 5)
    let bytes = TrackEncoder.encode(samples)
    #expect(try TrackDecoder.decode(bytes) == samples)
    for length in 0..<bytes.count {
      #expect(throws: TrackError.self) { try TrackDecoder.decode(Array(bytes[..<length])) }
    }
    #expect(throws: TrackError.self) { try TrackDecoder.decode(bytes + [0]) }
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x10
      #expect(throws: TrackError.self) { try TrackDecoder.decode(damaged) }
    }
  }

  @Test("bytes with a right checksum and any content neither trap nor leave their ranges")
  func forgedBytes() {
    var generator = SeededGenerator(seed: 11)
    let base = TrackEncoder.encode(TrackSample.run(count: 20, seed: 6))
    var accepted = 0
    for _ in 0..<5_000 {
      var forged = Array(base.dropLast(4))
      for _ in 0...Int.random(in: 0...2, using: &generator) {
        let index = Int.random(in: 1..<forged.count, using: &generator)
        forged[index] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let samples = try? TrackDecoder.decode(forged + Self.checksum(of: forged)) else {
        continue
      }
      accepted += 1
      #expect(samples.allSatisfy { $0.isValid })
    }
    #expect(accepted > 100)
  }

  @Test("a stored count beyond the limit is refused")
  func storedLimit() {
    let bytes = TrackEncoder.encode(TrackSample.run(count: 21, seed: 6))
    #expect(
      throws: TrackError(.stream, .tooMany(count: 21, limit: 20))
    ) { try TrackDecoder.decode(bytes, limit: 20) }
  }

  @Test("columns that nobody knows are refused")
  func unknownLayout() throws {
    // Version, one sample, layout, its time.
    let known: [UInt8] = [1, 1, 0, 2]
    #expect(try TrackDecoder.decode(known + Self.checksum(of: known)) == [TrackSample(timeMs: 1)])
    for layout: [UInt8] in [[3], [0x80, 0x80, 0x04]] {
      let unknown = [1, 1] + layout + [2]
      #expect(throws: TrackError(.stream, .malformed)) {
        try TrackDecoder.decode(unknown + Self.checksum(of: unknown))
      }
    }
  }

  @Test("stored events come back, damaged ones are refused")
  func events() throws {
    let events = [
      ActivityEvent(type: .pause, timeMs: 1_700_000_000_000),
      ActivityEvent(type: .resume, timeMs: 1_700_000_060_000),
      ActivityEvent(type: .finish, timeMs: 1_600_000_000_000),
    ]
    let bytes = EventStorage.encode(events)
    #expect(try EventStorage.decode(bytes) == events)
    #expect(try EventStorage.decode(EventStorage.encode([])).isEmpty)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x04
      #expect(throws: TrackError.self) { try EventStorage.decode(damaged) }
    }
    // Kind 9 does not exist.
    let unknown: [UInt8] = [1, 1, 9, 0]
    #expect(throws: TrackError.self) {
      try EventStorage.decode(unknown + Self.checksum(of: unknown))
    }
  }

  @Test("the checksum is CRC-32C's: the check value of the catalogue")
  func castagnoli() {
    #expect(Self.checksum(of: Array("123456789".utf8)) == [0x83, 0x92, 0x06, 0xE3])
    // The stored form of no samples: version, count and layout, then the checksum.
    #expect(TrackEncoder.encode([]) == [1, 0, 0] + Self.checksum(of: [1, 0, 0]))
  }

  /// CRC-32C bit by bit, least significant byte first: independent of the table.
  private static func checksum(of bytes: [UInt8]) -> [UInt8] {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      for bit in 0..<8 {
        let feedback = (crc & 1) ^ UInt32(byte >> UInt8(bit) & 1)
        crc >>= 1
        if feedback == 1 { crc ^= 0x82F6_3B78 }
      }
    }
    let inverted = ~crc
    return (0..<4).map { UInt8(truncatingIfNeeded: inverted >> UInt32(8 * $0)) }
  }
}

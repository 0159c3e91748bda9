internal import WorkoutCore

// A journal row holds the appends of one commit, or a share of them, one after another:
//
//   activity, owner, device      16 bytes each
//   first sequence, samples, first event sequence, bytes of samples, bytes of events   varints
//   samples                      `TrackEncoder`'s form; none when there are no samples
//   events                       `EventStorage`'s form; none when there are no events
//
// A hash of the whole row stands beside it.

/// One append as the journal holds it.
struct JournalEntry: Sendable, Hashable {
  var activity: ActivityID
  var owner: UserID
  var chunk: TailChunk

  func append(to row: inout [UInt8]) {
    for id in [activity.unique, owner.unique, chunk.device.unique] {
      row.append(bigEndian: id.high)
      row.append(bigEndian: id.low)
    }
    let events = chunk.events.isEmpty ? [] : EventStorage.encode(chunk.events)
    row.append(varint: chunk.firstSequence)
    row.append(varint: UInt64(chunk.sampleCount))
    row.append(varint: chunk.firstEventSequence)
    row.append(varint: UInt64(chunk.samples.count))
    row.append(varint: UInt64(events.count))
    row += chunk.samples
    row += events
  }

  /// All entries of a row; `nil` when it is not one.
  static func decode(row: [UInt8]) -> [JournalEntry]? {
    var reader = JournalRowReader(row)
    var entries: [JournalEntry] = []
    while !reader.isAtEnd {
      guard let entry = reader.entry() else { return nil }
      entries.append(entry)
    }
    return entries
  }

  /// A hash that notices damage, eight bytes at a time.
  static func check(of row: [UInt8]) -> Int64 {
    var hash = BucketHash.mixed(UInt64(row.count))
    var place = 0
    while place + 8 <= row.count {
      var word: UInt64 = 0
      for offset in 0..<8 { word |= UInt64(row[place + offset]) << UInt64(8 * offset) }
      hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
      place += 8
    }
    for byte in row[place...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: BucketHash.mixed(hash))
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian word: UInt64) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  fileprivate mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }
}

/// Reads a row whose bytes may be anything.
private struct JournalRowReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  mutating func entry() -> JournalEntry? {
    guard let activity = id(ActivityID.self), let owner = id(UserID.self),
      let device = id(DeviceID.self), let first = varint(), let count = varint(),
      let firstEvent = varint(), let sampleBytes = varint(), let eventBytes = varint(),
      count <= UInt64(StoreLimits.maxSamplesPerAppend),
      first <= UInt64(CoreLimits.maxSamplesPerStream),
      firstEvent <= UInt64(CoreLimits.maxEventsPerActivity),
      let samples = run(sampleBytes), let stored = run(eventBytes),
      let events = stored.isEmpty ? [] : try? EventStorage.decode(stored)
    else { return nil }
    return JournalEntry(
      activity: activity,
      owner: owner,
      chunk: TailChunk(
        device: device,
        firstSequence: first,
        sampleCount: Int(count),
        samples: samples,
        firstEventSequence: firstEvent,
        events: events
      )
    )
  }

  private mutating func id<ID: EntityID>(_ type: ID.Type) -> ID? {
    run(16).flatMap { ID(bytes: $0) }
  }

  private mutating func run(_ count: UInt64) -> [UInt8]? {
    guard count <= UInt64(bytes.count - place) else { return nil }
    defer { place += Int(count) }
    return Array(bytes[place..<place + Int(count)])
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      // The tenth byte holds the last bit; anything above does not fit.
      if shift == 63, byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }
}

import StoreTestSupport
import Testing
import WorkoutCore

@testable import WorkoutStore

@Suite("Stored forms")
struct FormatTests {
  @Test("statistics come back as they were, with and without each optional number")
  func statistics() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let made = makeStatistics(&random)
      var bare = made
      bare.splits = []
      let summary = StatisticsStorage.encodeSummary(made)
      #expect(StatisticsStorage.decodeSummary(summary) == bare)
      let splits = StatisticsStorage.encodeSplits(made.splits)
      #expect(StatisticsStorage.decodeSplits(splits) == made.splits)
    }
  }

  private func makeStatistics(_ random: inout SeededGenerator) -> Statistics {
    func number(_ random: inout SeededGenerator) -> Double {
      Double.random(in: -1e6...1e6, using: &random)
    }
    func optional(_ random: inout SeededGenerator) -> Double? {
      Bool.random(using: &random) ? number(&random) : nil
    }
    var made = Statistics()
    made.sampleCount = random.next()
    made.distanceMeters = number(&random)
    made.elapsedMs = Int64.random(in: .min ... .max, using: &random)
    made.movingMs = Int64.random(in: .min ... .max, using: &random)
    made.ascentMeters = number(&random)
    made.descentMeters = number(&random)
    made.averageSpeedMps = optional(&random)
    made.maxSpeedMps = optional(&random)
    made.averageHeartRateBpm = optional(&random)
    made.maxHeartRateBpm = Bool.random(using: &random) ? UInt32.max : nil
    made.averageCadenceRpm = optional(&random)
    made.minAltitudeMeters = optional(&random)
    made.maxAltitudeMeters = optional(&random)
    made.engineVersion = UInt32.random(in: 0 ... .max, using: &random)
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      var split = Split()
      split.distanceMeters = number(&random)
      split.elapsedMs = Int64.random(in: .min ... .max, using: &random)
      split.movingMs = Int64.random(in: .min ... .max, using: &random)
      split.ascentMeters = number(&random)
      split.averageHeartRateBpm = optional(&random)
      made.splits.append(split)
    }
    return made
  }

  private func makeEntry(_ random: inout SeededGenerator) -> JournalEntry {
    let first = UInt64.random(in: 0...100_000, using: &random)
    let count = UInt64.random(in: 0...20, using: &random)
    let events = (0..<Int.random(in: 0...3, using: &random)).map {
      ActivityEvent(type: .lap, timeMs: Int64($0) * 1_000)
    }
    return JournalEntry(
      activity: ActivityID.make(timeMs: 1, using: &random),
      owner: UserID.make(timeMs: 2, using: &random),
      chunk: TailChunk(
        device: DeviceID.make(timeMs: 3, using: &random),
        firstSequence: first,
        sampleCount: Int(count),
        samples: count == 0 ? [] : TrackEncoder.encode(samples(first..<first + count)),
        firstEventSequence: UInt64.random(in: 0...1_000, using: &random),
        events: events
      )
    )
  }

  @Test("a journal row gives back the entries that made it, and no part of it does")
  func journalRow() {
    var random = SeededGenerator(seed: 5)
    let entries = (0..<20).map { _ in makeEntry(&random) }
    var row: [UInt8] = []
    var ends: Set<Int> = [0]
    for entry in entries {
      entry.append(to: &row)
      ends.insert(row.count)
    }
    #expect(JournalEntry.decode(row: row) == entries)
    for end in row.indices where !ends.contains(end) {
      #expect(JournalEntry.decode(row: Array(row[..<end])) == nil)
    }
  }

  @Test("rows of any bytes are refused or read, never fatal, and the hash notices each bit")
  func foreignRows() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    var row: [UInt8] = []
    for _ in 0..<4 { makeEntry(&random).append(to: &row) }
    let check = JournalEntry.check(of: row)
    for _ in 0..<20_000 {
      var changed = row
      let place = Int.random(in: row.indices, using: &random)
      changed[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      #expect(JournalEntry.check(of: changed) != check, "seed \(seed)")
      _ = JournalEntry.decode(row: changed)
    }
    for length in 0..<200 {
      let noise = (0..<length).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
      _ = JournalEntry.decode(row: noise)
      _ = StatisticsStorage.decodeSummary(noise)
      _ = StatisticsStorage.decodeSplits(noise)
    }
  }

  @Test("the bucket hash is the one that files were written with")
  func hash() throws {
    // FNV-1a of "a" is af63dc4c8601ec8c by its authors' test vectors; then the finalizer.
    #expect(BucketHash.hash("a") == BucketHash.mixed(0xaf63_dc4c_8601_ec8c))
    #expect(BucketHash.hash("foobar") == BucketHash.mixed(0x8594_4171_f739_67e8))
    let id = try #require(UniqueID("61626364-6566-6768-696a-6b6c6d6e6f70"))
    #expect(BucketHash.hash(id) == BucketHash.hash("abcdefghijklmnop"))
  }
}

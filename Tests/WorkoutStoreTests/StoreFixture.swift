import Synchronization
import WorkoutCore
import WorkoutStore

/// A clock that tests set.
final class TestClock: Sendable {
  private let time = Mutex<Int64>(1_700_000_000_000)

  var now: Int64 { time.withLock { $0 } }

  func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

/// A store in a directory of its own, which can be closed and opened again.
final class StoreFixture {
  let directory: TemporaryDirectory
  let clock = TestClock()
  var configuration: StoreConfiguration
  var generator: SeededGenerator

  init(seed: UInt64 = 1) throws {
    directory = try TemporaryDirectory()
    let clock = clock
    configuration = StoreConfiguration(root: directory.file("data")) { clock.now }
    configuration.maintenanceIntervalMs = 0
    generator = SeededGenerator(seed: seed)
  }

  func open() async throws -> SQLiteStore { try await SQLiteStore.open(configuration) }

  func makeID<ID: EntityID>(_ type: ID.Type = ID.self) -> ID {
    ID.make(timeMs: clock.now, using: &generator)
  }

  func makeUser(_ name: String) -> UserRecord {
    UserRecord(
      id: makeID(),
      username: name,
      email: "\(name)@example.org",
      displayName: "The \(name)",
      passwordHash: Array("hash of \(name)".utf8),
      createdAtMs: clock.now
    )
  }

  /// A user who lies in the given bucket.
  func makeUser(_ name: String, inBucket bucket: Int, of store: SQLiteStore) -> UserRecord {
    var user = makeUser(name)
    while store.bucket(of: user.id) != bucket { user.id = makeID() }
    return user
  }

  func makeHeader(owner: UserID, startedAtMs: Int64? = nil) -> ActivityHeader {
    ActivityHeader(
      id: makeID(),
      owner: owner,
      device: makeID(),
      type: .run,
      startedAtMs: startedAtMs ?? clock.now,
      timeZone: "Europe/Ljubljana",
      title: "Evening"
    )
  }
}

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// The sample that a device has at a sequence: the same whoever asks.
func sample(_ sequence: UInt64, from startMs: Int64 = 1_700_000_000_000) -> TrackSample {
  let step = Int32(sequence)
  var sample = TrackSample(
    timeMs: startMs + Int64(sequence) * 1_000,
    latitudeE7: 460_000_000 + step * 270,
    longitudeE7: 145_000_000 - step * 130
  )
  sample.altitudeDm = 3_000 + step % 40
  sample.heartRateBpm = UInt16(120 + step % 30)
  return sample
}

func samples(_ range: Range<UInt64>) -> [TrackSample] { range.map { sample($0) } }

extension ActivityHeader {
  func batch(_ range: Range<UInt64>, events: [ActivityEvent] = [], at event: UInt64 = 0)
    -> TrackBatch
  {
    TrackBatch(
      activity: id,
      device: device,
      firstSequence: range.lowerBound,
      samples: samples(range),
      firstEventSequence: event,
      events: events
    )
  }
}

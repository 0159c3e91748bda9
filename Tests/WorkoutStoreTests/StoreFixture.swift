import StoreTestSupport
import TestFiles
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

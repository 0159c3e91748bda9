import MartletSQLite
import StoreTestSupport
import Synchronization
import TestFiles
import Testing
import WorkoutCore
import WorkoutStore

@Suite("Damage")
struct DamageTests {
  let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  @Test("a damaged bucket is refused to its users only, and its live data waits for its repair")
  func bucket() async throws {
    var store = try await fixture.open()
    let ann = fixture.makeUser("ann", inBucket: 3, of: store)
    let bob = fixture.makeUser("bob", inBucket: 5, of: store)
    for user in [ann, bob] { try await store.createUser(user) }
    let (hers, his) = (fixture.makeHeader(owner: ann.id), fixture.makeHeader(owner: bob.id))
    for header in [hers, his] {
      _ = try await store.openActivity(header)
      _ = try await store.append(header.batch(0..<50))
    }
    await store.close()
    let path = fixture.bucketPath(3)
    let sound = try readFile(path)
    try writeFile(path, [UInt8](repeating: 0x5A, count: sound.count))

    store = try await fixture.open()
    #expect(store.problems.contains(.damagedFile(path: path)))
    #expect(store.problems.contains(.unsettled(activity: hers.id)))
    let damaged = StoreError.bucketDamaged(bucket: 3)
    let current = store
    await #expect(throws: damaged) { try await current.user(ann.id) }
    await #expect(throws: damaged) { try await current.user(named: "ann") }
    await #expect(throws: damaged) { try await current.openActivity(hers) }
    await #expect(throws: damaged) { try await current.append(hers.batch(50..<60)) }
    await #expect(throws: damaged) { try await current.track(of: hers.id) }
    #expect(try await store.user(named: "bob") == bob)
    #expect(try await store.append(his.batch(50..<60)).nextSequence == 60)
    #expect(try await store.people([ann.id, bob.id]) == [bob.id: bob.person])
    let both = [ann, bob].map { ActivitySource(user: $0.id, audience: nil) }
    let page = try await store.activities(ActivityQuery(sources: both))
    #expect(page.activities.map(\.header.id) == [his.id])
    #expect(page.unavailable == [ann.id])
    await #expect(throws: damaged) {
      try await current.activities(ActivityQuery(sources: [both[0]]))
    }
    fixture.clock.advance(fixture.configuration.flushAfterMs + fixture.configuration.rotateAfterMs)
    await store.maintain()
    await store.close()
    #expect(try readFile(path) == [UInt8](repeating: 0x5A, count: sound.count))

    try writeFile(path, sound)
    store = try await fixture.open()
    #expect(store.problems == [])
    #expect(try await store.track(of: hers.id).samples == samples(0..<50))
    #expect(try await store.append(hers.batch(50..<60)).nextSequence == 60)
    await store.close()
  }

  @Test("damage met while running is refused from then on, and the file is left alone")
  func running() async throws {
    var store = try await fixture.open()
    let ann = fixture.makeUser("ann", inBucket: 3, of: store)
    try await store.createUser(ann)
    await store.close()
    let path = fixture.bucketPath(3)
    // A blob where a name belongs: the tables are strict, so only damage does that.
    let file = try Database(path: path)
    try file.runScript("PRAGMA ignore_check_constraints = ON")
    try file.run("UPDATE activity SET type = 200")
    try file.run(
      "INSERT INTO activity VALUES(?1, 1, ?2, ?2, 200, 1, 1, NULL, '', '', NULL, 0)",
      [.blob(ann.id.bytes), .blob(fixture.makeID(ActivityID.self).bytes)]
    )
    file.close()
    let told = Mutex<[StoreProblem]>([])
    var configuration = fixture.configuration
    configuration.onProblem = { problem in told.withLock { $0.append(problem) } }
    store = try await SQLiteStore.open(configuration)
    #expect(store.problems == [])
    let current = store
    let query = ActivityQuery(sources: [ActivitySource(user: ann.id, audience: nil)])
    await #expect(throws: StoreError.bucketDamaged(bucket: 3)) {
      try await current.activities(query)
    }
    await #expect(throws: StoreError.bucketDamaged(bucket: 3)) { try await current.user(ann.id) }
    #expect(store.problems == [.damagedFile(path: path)])
    #expect(told.withLock { $0 } == [.damagedFile(path: path)])
    await store.close()
  }

  /// Damage in the header, in the last commit, which a crash may also have cut off, or further back.
  @Test("a damaged log of a journal is reported and kept", arguments: [0, 1, 2, 6])
  func journalLog(commit: Int) async throws {
    let store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    let header = fixture.makeHeader(owner: ann.id)
    _ = try await store.openActivity(header)
    for batch in UInt64(0)..<10 {
      _ = try await store.append(header.batch(batch * 10..<batch * 10 + 10))
    }
    // As after a crash: the log is there, and another process's store reads it.
    let crashed = try fixture.copy()
    let name = try #require(try fixture.journalFiles().last)
    await store.close()
    let log = "\(crashed.shard)/journal/\(name)-wal"
    var bytes = try readFile(log)
    // Each of these commits is a frame of 24 + 4,096 bytes.
    let place = commit == 0 ? 8 : bytes.count - commit * 4_120 + 100
    bytes[place] ^= 0x10
    try writeFile(log, bytes)
    for _ in 0..<2 {
      let reopened = try await crashed.open()
      #expect(reopened.problems.contains(.damagedJournal(shard: "shard", file: 1)) == (commit != 1))
      await reopened.maintain()
      await reopened.close()
    }
    #expect(try crashed.journalFiles().contains(name) || commit == 1)
    guard commit != 1 else { return }
    #expect(try readFile("\(crashed.shard)/journal/\(name).damaged-wal") == bytes)
  }

  @Test("data without its manifest is refused, and no other manifest is made up for it")
  func noManifest() async throws {
    var store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    await store.close()
    let manifest = "\(fixture.configuration.root)/store.db"
    let sound = try readFile(manifest)
    try writeFile(manifest, [])
    for _ in 0..<2 {
      let path = manifest
      await #expect(
        throws: StoreError.incompatible(
          reason: "\(path) is missing or empty, and there is data: restore it from a backup"
        )
      ) { _ = try await fixture.open() }
    }
    try writeFile(manifest, sound)
    store = try await fixture.open()
    #expect(try await store.user(named: "ann") == ann)
    await store.close()
  }

  @Test("a damaged journal file is read as far as it goes, and kept")
  func journal() async throws {
    var store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    let header = fixture.makeHeader(owner: ann.id)
    _ = try await store.openActivity(header)
    for batch in UInt64(0)..<10 {
      _ = try await store.append(header.batch(batch * 10..<batch * 10 + 10))
    }
    await store.close()
    let name = try #require(try fixture.journalFiles().last)
    let file = try Database(path: "\(fixture.shard)/journal/\(name)")
    try file.run("UPDATE entries SET data = zeroblob(length(data)) WHERE id = 6")
    file.close()
    store = try await fixture.open()
    #expect(store.problems == [.damagedJournal(shard: "shard", file: 1)])
    #expect(try await store.track(of: header.id).samples == samples(0..<50))
    #expect(try await store.append(header.batch(50..<100)).nextSequence == 100)
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    await store.close()
    #expect(try fixture.journalFiles().contains(name))
  }

  @Test("a store of other settings, and one that is open, are refused")
  func manifest() async throws {
    let store = try await fixture.open()
    let fixture = fixture
    let error = await #expect(throws: StoreError.self) { try await fixture.open() }
    #expect(error == .inUse(path: "\(fixture.configuration.root)/lock"))
    await store.close()
    fixture.configuration.buckets = 32
    let other = await #expect(throws: StoreError.self) { try await fixture.open() }
    guard case .incompatible(let reason) = other else {
      Issue.record("\(String(describing: other))")
      return
    }
    #expect(reason == "buckets: the store has 64, 32 is configured")
    fixture.configuration.buckets = 64
    fixture.configuration.shards = [.init(name: "b", path: fixture.directory.file("b"))]
    let moved = await #expect(throws: StoreError.self) { try await fixture.open() }
    guard case .incompatible = moved else {
      Issue.record("\(String(describing: moved))")
      return
    }
  }

  @Test("a closed store refuses everything")
  func closed() async throws {
    let store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    let header = fixture.makeHeader(owner: ann.id)
    _ = try await store.openActivity(header)
    await store.close()
    await #expect(throws: StoreError.closed) { try await store.user(ann.id) }
    await #expect(throws: StoreError.closed) { try await store.append(header.batch(0..<1)) }
    await store.maintain()
    await store.close()
  }
}

@Suite("Several shards")
struct ShardTests {
  @Test("data lies on the disk of its bucket, each with a journal of its own")
  func shards() async throws {
    let fixture = try StoreFixture()
    fixture.configuration.shards = ["a", "b", "c"].map {
      .init(name: $0, path: fixture.directory.file($0))
    }
    var store = try await fixture.open()
    let users = (0..<12).map { fixture.makeUser("user\($0)") }
    var headers: [ActivityHeader] = []
    for user in users {
      try await store.createUser(user)
      headers.append(fixture.makeHeader(owner: user.id))
      _ = try await store.openActivity(headers[headers.count - 1])
    }
    for header in headers { _ = try await store.append(header.batch(0..<20)) }
    #expect(await store.counters().files == 3)
    await store.close()
    store = try await fixture.open()
    for header in headers {
      #expect(try await store.append(header.batch(10..<40)).nextSequence == 40)
      #expect(try await store.track(of: header.id).samples == samples(0..<40))
    }
    await store.close()
  }

  @Test("each shard has its share of the buckets, and a new one moves no more than that")
  func rendezvous() {
    let buckets = 4_096
    let before = ShardMap(buckets: buckets, shards: ["a", "b", "c", "d"])
    let after = ShardMap(buckets: buckets, shards: ["e", "d", "c", "b", "a"])
    for shard in before.shards {
      let share = (0..<buckets).filter { before.shard(of: $0) == shard }.count
      #expect((900...1_150).contains(share), "\(shard) has \(share)")
    }
    let moved = (0..<buckets).filter { before.shard(of: $0) != after.shard(of: $0) }
    #expect((700...940).contains(moved.count))
    #expect(moved.allSatisfy { after.shard(of: $0) == "e" })
    #expect(ShardMap(buckets: 64, shards: ["a"]).places.allSatisfy { $0 == 0 })
  }

  @Test("users spread evenly over the buckets")
  func spread() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    var counts = [Int](repeating: 0, count: 64)
    for _ in 0..<64_000 { counts[store.bucket(of: fixture.makeID())] += 1 }
    #expect(counts.allSatisfy { (850...1_150).contains($0) }, "\(counts)")
    await store.close()
  }
}

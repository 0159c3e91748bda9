import StoreTestSupport
import Testing
import WorkoutCore
import WorkoutStore

@Suite("Live activities")
struct LiveTests {
  let fixture: StoreFixture
  let user: UserRecord
  let header: ActivityHeader

  init() throws {
    fixture = try StoreFixture()
    user = fixture.makeUser("ann")
    header = fixture.makeHeader(owner: user.id)
  }

  func openStore() async throws -> SQLiteStore {
    let store = try await fixture.open()
    try await store.createUser(user)
    return store
  }

  let finish = ActivityEvent(type: .finish, timeMs: 1_700_000_500_000)

  @Test("an opened activity is new once, and keeps its first header")
  func open() async throws {
    let store = try await openStore()
    let first = try await store.openActivity(header)
    #expect(first.isNew)
    #expect(first.record.header == header)
    #expect(first.progress == TrackProgress())
    var again = header
    again.title = "Another"
    let second = try await store.openActivity(again)
    #expect(!second.isNew)
    #expect(second.record.header == header)
    await store.close()
  }

  @Test("an activity belongs to who opened it first")
  func foreign() async throws {
    let store = try await openStore()
    let bob = fixture.makeUser("bob")
    try await store.createUser(bob)
    _ = try await store.openActivity(header)
    var stolen = header
    stolen.owner = bob.id
    let attempt = stolen
    await #expect(throws: StoreError.notOwner) { try await store.openActivity(attempt) }
    var nobody = fixture.makeHeader(owner: fixture.makeID())
    nobody.title = "of nobody"
    let stray = nobody
    await #expect(throws: StoreError.userNotFound) { try await store.openActivity(stray) }
    await store.close()
  }

  @Test("repeats change nothing, overlaps are trimmed, gaps are refused")
  func sequences() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    #expect(try await store.append(header.batch(0..<10)).nextSequence == 10)
    #expect(try await store.append(header.batch(0..<10)).nextSequence == 10)
    #expect(try await store.append(header.batch(3..<7)).nextSequence == 10)
    #expect(try await store.append(header.batch(5..<15)).nextSequence == 15)
    let (store2, gap) = (store, header.batch(16..<20))
    await #expect(throws: StoreError.sequenceGap(expected: 15, received: 16)) {
      try await store2.append(gap)
    }
    var eventGap = header.batch(15..<16, events: [finish], at: 1)
    eventGap.firstEventSequence = 1
    let late = eventGap
    await #expect(throws: StoreError.eventSequenceGap(expected: 0, received: 1)) {
      try await store2.append(late)
    }
    #expect(try await store.track(of: header.id).samples == samples(0..<15))
    await store.close()
  }

  @Test("samples out of range and batches over a limit are refused")
  func invalid() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    var bad = header.batch(0..<1)
    bad.samples = [TrackSample(timeMs: -1)]
    let (early, long) = (bad, header.batch(0..<UInt64(StoreLimits.maxSamplesPerAppend + 1)))
    await #expect(throws: StoreError.invalid(field: "samples")) { try await store.append(early) }
    await #expect(throws: StoreError.invalid(field: "samples")) { try await store.append(long) }
    let end = TrackBatch(
      activity: header.id,
      device: header.device,
      firstSequence: .max,
      samples: samples(0..<2),
      firstEventSequence: .max
    )
    await #expect(throws: StoreError.sequenceGap(expected: 0, received: .max)) {
      try await store.append(end)
    }
    await store.close()
  }

  @Test("an append to an unknown activity is refused")
  func unknown() async throws {
    let store = try await openStore()
    let batch = header.batch(0..<10)
    await #expect(throws: StoreError.activityNotFound) { try await store.append(batch) }
    await store.close()
  }

  @Test("what was appended is there after reopening, and the device goes on where it was")
  func reopen() async throws {
    var store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(header.batch(0..<10))
    _ = try await store.append(
      header.batch(10..<20, events: [ActivityEvent(type: .pause, timeMs: 1_700_000_020_000)])
    )
    await store.close()
    store = try await fixture.open()
    #expect(try await store.track(of: header.id).samples == samples(0..<20))
    #expect(try await store.activity(header.id)?.header.state == .paused)
    let opened = try await store.openActivity(header)
    #expect(opened.progress == TrackProgress(nextSequence: 20, nextEventSequence: 1))
    #expect(try await store.append(header.batch(18..<25)).nextSequence == 25)
    #expect(try await store.track(of: header.id).samples == samples(0..<25))
    #expect(store.problems == [])
    await store.close()
  }

  @Test("a tail that is old or long moves into its bucket, and reads the same throughout")
  func flush() async throws {
    fixture.configuration.flushAfterSamples = 50
    let store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(header.batch(0..<10))
    await store.maintain()
    #expect(try fixture.parts(store, of: header.id) == 0)
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    #expect(try fixture.parts(store, of: header.id) == 1)
    #expect(try await store.track(of: header.id).samples == samples(0..<10))
    _ = try await store.append(header.batch(10..<70))
    #expect(try await store.track(of: header.id).samples == samples(0..<70))
    await store.maintain()
    #expect(try fixture.parts(store, of: header.id) == 2)
    #expect(try await store.append(header.batch(0..<70)).nextSequence == 70)
    #expect(try await store.append(header.batch(60..<80)).nextSequence == 80)
    #expect(try await store.track(of: header.id).samples == samples(0..<80))
    await store.close()
    let reopened = try await fixture.open()
    #expect(try await reopened.track(of: header.id).samples == samples(0..<80))
    await reopened.close()
  }

  @Test("a finished activity is settled once, with the statistics of the whole")
  func settle() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(header.batch(0..<400))
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    let unfinished = header.id
    await #expect(throws: StoreError.self) { try await store.settleActivity(unfinished) }
    _ = try await store.append(header.batch(400..<500, events: [finish]))
    let record = try await store.settleActivity(header.id)
    #expect(record.header.state == .completed)
    #expect(record.header.endedAtMs == finish.timeMs)
    var track = Track()
    track.add(samples(0..<500), device: header.device, firstSequence: 0)
    track.add([finish], device: header.device, firstSequence: 0)
    let expected = track.statistics(type: .run, startedAtMs: header.startedAtMs)
    #expect(record.statistics == expected)
    #expect(expected.distanceMeters > 1_000 && expected.splits.count > 1)
    #expect(try await store.settleActivity(header.id) == record)
    #expect(try await store.activity(header.id) == record)
    #expect(try fixture.parts(store, of: header.id) == 0)
    let stored = try await store.track(of: header.id)
    #expect(stored.samples == samples(0..<500))
    #expect(stored.events == [finish])
    await store.close()
    let reopened = try await fixture.open()
    #expect(try await reopened.activity(header.id) == record)
    #expect(try await reopened.liveActivity(of: user.id) == nil)
    await reopened.close()
  }

  @Test("after the end repeats are acknowledged and anything new is refused")
  func closed() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    let last = header.batch(0..<100, events: [finish])
    let end = TrackProgress(nextSequence: 100, nextEventSequence: 1)
    #expect(try await store.append(last) == end)
    #expect(try await store.append(last) == end)
    let more = header.batch(100..<110, events: [], at: 1)
    await #expect(throws: StoreError.activityClosed(.completed)) { try await store.append(more) }
    _ = try await store.settleActivity(header.id)
    #expect(try await store.append(last) == end)
    #expect(try await store.openActivity(header).progress == end)
    await #expect(throws: StoreError.activityClosed(.completed)) { try await store.append(more) }
    await store.close()
  }

  @Test("a discarded activity keeps no track and is not listed")
  func discard() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(
      header.batch(0..<100, events: [ActivityEvent(type: .discard, timeMs: 1_700_000_100_000)])
    )
    #expect(try await store.settleActivity(header.id).header.state == .discarded)
    #expect(try await store.track(of: header.id).samples == [])
    let query = ActivityQuery(sources: [ActivitySource(user: user.id, audience: nil)])
    #expect(try await store.activities(query).activities == [])
    let more = header.batch(100..<110, events: [], at: 1)
    await #expect(throws: StoreError.activityClosed(.discarded)) { try await store.append(more) }
    await store.close()
  }

  @Test("an activity that ended before a restart is settled by the start")
  func unfinishedCompletion() async throws {
    var store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(header.batch(0..<100, events: [finish]))
    await store.close()
    store = try await fixture.open()
    #expect(try await store.activity(header.id)?.header.state == .completed)
    #expect(try await store.activity(header.id)?.statistics.sampleCount == 100)
    await store.close()
  }

  @Test("two devices record into one activity, each with its own sequences")
  func twoDevices() async throws {
    let store = try await openStore()
    var watch = header
    watch.device = fixture.makeID()
    _ = try await store.openActivity(header)
    _ = try await store.openActivity(watch)
    _ = try await store.append(header.batch(0..<10))
    _ = try await store.append(watch.batch(0..<20))
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    _ = try await store.append(header.batch(10..<30))
    let track = try await store.track(of: header.id)
    let byDevice = Dictionary(uniqueKeysWithValues: track.devices.map { ($0.id, $0) })
    #expect(byDevice[header.device]?.samples == samples(0..<30))
    #expect(byDevice[watch.device]?.samples == samples(0..<20))
    #expect(track.samples.count == 50)
    #expect(zip(track.samples, track.samples.dropFirst()).allSatisfy { $0.timeMs <= $1.timeMs })
    await store.close()
  }

  @Test("a silent activity leaves memory and comes back when its device does")
  func forget() async throws {
    let store = try await openStore()
    _ = try await store.openActivity(header)
    _ = try await store.append(header.batch(0..<10))
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    #expect(await store.counters().liveActivities == 1)
    fixture.clock.advance(fixture.configuration.forgetAfterMs)
    await store.maintain()
    #expect(await store.counters().liveActivities == 0)
    #expect(try await store.append(header.batch(5..<20)).nextSequence == 20)
    #expect(try await store.track(of: header.id).samples == samples(0..<20))
    await store.close()
  }

  @Test("the live activity of a user is the newest that has not ended")
  func liveActivity() async throws {
    let store = try await openStore()
    #expect(try await store.liveActivity(of: user.id) == nil)
    let later = fixture.makeHeader(owner: user.id, startedAtMs: header.startedAtMs + 1)
    _ = try await store.openActivity(later)
    _ = try await store.openActivity(header)
    #expect(try await store.liveActivity(of: user.id)?.header.id == later.id)
    _ = try await store.append(later.batch(0..<5, events: [finish]))
    _ = try await store.settleActivity(later.id)
    #expect(try await store.liveActivity(of: user.id)?.header.id == header.id)
    await store.close()
  }
}

@Suite("Journal")
struct JournalTests {
  @Test("appends that come together share commits")
  func groups() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let user = fixture.makeUser("ann")
    try await store.createUser(user)
    let headers = (0..<200).map { _ in fixture.makeHeader(owner: user.id) }
    for header in headers { _ = try await store.openActivity(header) }
    let before = await store.counters().commits
    try await withThrowingTaskGroup(of: Void.self) { group in
      for header in headers {
        group.addTask {
          for batch in UInt64(0)..<10 {
            _ = try await store.append(header.batch(batch * 5..<batch * 5 + 5))
          }
        }
      }
      try await group.waitForAll()
    }
    let commits = await store.counters().commits - before
    #expect(commits < 1_000, "2,000 appends took \(commits) commits")
    #expect(commits >= 10)
    for header in headers {
      #expect(try await store.track(of: header.id).samples == samples(0..<50))
    }
    await store.close()
  }

  @Test("files rotate by size and by age, and go when everything in them is settled")
  func rotation() async throws {
    let fixture = try StoreFixture()
    fixture.configuration.rotateAfterBytes = 2_000
    let store = try await fixture.open()
    let user = fixture.makeUser("ann")
    try await store.createUser(user)
    let (live, other) = (fixture.makeHeader(owner: user.id), fixture.makeHeader(owner: user.id))
    for header in [live, other] { _ = try await store.openActivity(header) }
    for batch in UInt64(0)..<20 {
      _ = try await store.append(live.batch(batch * 60..<batch * 60 + 60))
    }
    let grown = await store.counters().files
    #expect(grown > 2)
    #expect(try fixture.journalFiles().count == grown)
    // One activity that is not settled keeps its file, and only that.
    _ = try await store.append(other.batch(0..<400))
    fixture.clock.advance(fixture.configuration.flushAfterMs - 1)
    let finish = ActivityEvent(type: .finish, timeMs: 1_700_002_000_000)
    _ = try await store.append(live.batch(1_200..<1_201, events: [finish]))
    _ = try await store.settleActivity(live.id)
    #expect(await store.counters().files <= 3)
    fixture.clock.advance(fixture.configuration.flushAfterMs)
    await store.maintain()
    #expect(await store.counters().files == 1)
    #expect(try fixture.journalFiles().count == 1)
    fixture.configuration.rotateAfterBytes = 1 << 30
    let before = try fixture.journalFiles()
    _ = try await store.append(other.batch(400..<401))
    fixture.clock.advance(fixture.configuration.rotateAfterMs)
    await store.maintain()
    #expect(try fixture.journalFiles() != before)
    #expect(try await store.track(of: other.id).samples == samples(0..<401))
    await store.close()
  }
}

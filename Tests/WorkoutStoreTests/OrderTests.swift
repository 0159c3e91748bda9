import StoreTestSupport
import Testing
import WorkoutCore
import WorkoutStore

@Suite("Any order")
struct OrderTests {
  @Test("random repeats and overlaps from many tasks, with flushes and reopening, lose nothing")
  func randomAppends() async throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("order test: seed \(seed)")
    let fixture = try StoreFixture(seed: seed)
    fixture.configuration.flushAfterSamples = 120
    fixture.configuration.rotateAfterBytes = 10_000
    let users = (0..<6).map { fixture.makeUser("user\($0)") }
    let headers = users.map { fixture.makeHeader(owner: $0.id) }
    for round in UInt64(1)...4 {
      let store = try await fixture.open()
      for (user, header) in zip(users, headers) {
        try await store.createUser(user)
        _ = try await store.openActivity(header)
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, header) in headers.enumerated() {
          // Two connections of the same device at once, as after a reconnect.
          for twin in UInt64(0)..<2 {
            let taskSeed = seed &+ round &* 1_000 &+ UInt64(number) &* 10 &+ twin
            group.addTask {
              try await append(header, to: store, until: round * 300, seed: taskSeed)
            }
          }
        }
        group.addTask {
          for _ in 0..<20 { await store.maintain() }
        }
        try await group.waitForAll()
      }
      for header in headers {
        let track = try await store.track(of: header.id)
        #expect(track.samples == samples(0..<round * 300), "seed \(seed)")
      }
      await store.close()
    }
  }

  private func append(
    _ header: ActivityHeader,
    to store: SQLiteStore,
    until end: UInt64,
    seed: UInt64
  ) async throws {
    var random = SeededGenerator(seed: seed)
    var next: UInt64 = 0
    while next < end {
      let first = next - min(next, UInt64.random(in: 0...40, using: &random))
      let last = min(end, next + UInt64.random(in: 0...30, using: &random))
      do {
        let progress = try await store.append(header.batch(first..<last))
        #expect(progress.nextSequence >= last, "seed \(seed)")
        next = progress.nextSequence
      } catch StoreError.sequenceGap(let expected, _) {
        next = expected
      }
    }
  }
}

import StoreTestSupport
import WorkoutCore
import WorkoutStore

/// Several people who record one activity after another and change their friendships, with every
/// chore of the store going on as often as it can.
struct Writer {
  var directory: String
  var seed: UInt64

  func run() async throws {
    var settings = configuration(directory)
    settings.flushAfterMs = 20
    settings.flushAfterSamples = 100
    settings.forgetAfterMs = 60
    settings.rotateAfterBytes = 20_000
    settings.maintenanceIntervalMs = 7
    settings.openBuckets = 2
    let store = try await SQLiteStore.open(settings)
    for problem in store.problems { fail("\(problem)") }
    for user in 0..<TortureNames.users {
      try await store.createUser(makeUser(user))
      say("user \(user)")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for user in 0..<TortureNames.users {
        group.addTask { try await record(user, in: store) }
        group.addTask { try await befriend(user, in: store) }
      }
      try await group.waitForAll()
    }
  }

  private func record(_ user: Int, in store: SQLiteStore) async throws {
    var random = SeededGenerator(seed: seed &* 31 &+ UInt64(user))
    for number in 0..<1_000_000 {
      let header = makeHeader(number, of: user)
      let opened = try await store.openActivity(header)
      if opened.record.header.state.isFinal { continue }
      var next = opened.progress.nextSequence
      say("track \(user) \(number) \(next)")
      while next < TortureNames.samples {
        // Now and then what is there already, as a device does after a lost answer.
        let first = next - min(next, UInt64.random(in: 0...3, using: &random) * 7)
        let end = min(TortureNames.samples, next + UInt64.random(in: 1...60, using: &random))
        next = try await store.append(makeBatch(header, first..<end)).nextSequence
        say("track \(user) \(number) \(next)")
      }
      let end = TortureNames.samples..<TortureNames.samples
      _ = try await store.append(makeBatch(header, end, events: [finish]))
      say("finish \(user) \(number)")
      // Half of them are left to the store's own chores.
      guard Bool.random(using: &random) else { continue }
      let record = try await store.settleActivity(header.id)
      say("settled \(user) \(number) \(record.statistics.sampleCount)")
    }
  }

  private func befriend(_ user: Int, in store: SQLiteStore) async throws {
    var random = SeededGenerator(seed: seed &* 37 &+ UInt64(user))
    let me = TortureNames.user(user)
    while true {
      let number = Int.random(in: 0..<TortureNames.users, using: &random)
      guard number != user else { continue }
      let other = TortureNames.user(number)
      if Int.random(in: 0..<3, using: &random) > 0 {
        _ = try await store.requestFriend(other, by: me, atMs: TortureNames.startMs)
      } else {
        _ = try await store.removeFriend(other, by: me, atMs: TortureNames.startMs)
      }
    }
  }
}

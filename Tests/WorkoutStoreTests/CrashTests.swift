import Glibc
import StoreTestSupport
import TestFiles
import Testing
import WorkoutCore
import WorkoutStore

/// What a killed process had said was on the disk.
private struct Acknowledged {
  var users: Set<Int> = []
  /// Next sequence, by user and activity.
  var tracks: [Int: [Int: UInt64]] = [:]
  var finished: [Int: Set<Int>] = [:]
  var settled: [Int: Set<Int>] = [:]

  mutating func read(_ line: String) throws {
    let words = line.split(separator: " ").map { String($0) }
    let numbers = words.dropFirst().compactMap { Int($0) }
    switch (words.first, numbers.count) {
    case ("user", 1): users.insert(numbers[0])
    case ("track", 3): tracks[numbers[0], default: [:]][numbers[1]] = UInt64(numbers[2])
    case ("finish", 2): finished[numbers[0], default: []].insert(numbers[1])
    case ("settled", 3):
      settled[numbers[0], default: []].insert(numbers[1])
      try #require(UInt64(numbers[2]) == TortureNames.samples)
    default: Issue.record("\(line)")
    }
  }
}

@Suite("Crashes")
struct CrashTests {
  @Test("everything acknowledged is there after a kill at any moment")
  func kill() async throws {
    let directory = try TemporaryDirectory()
    let seed = UInt64.random(in: 0 ... .max)
    print("crash test: seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var acknowledged = Acknowledged()
    var round = 0
    // On a busy machine some processes are killed before they have done much.
    while round < 8 || (acknowledged.finished.isEmpty && round < 60) {
      round += 1
      let child = try ChildProcess(
        ["write", directory.file("data"), String(UInt64.random(in: 0 ... .max, using: &random))]
      )
      try await Task.sleep(for: .milliseconds(Int.random(in: 30...700, using: &random)))
      child.kill()
      let (lines, status) = try child.finish()
      #expect(status == -SIGKILL, "round \(round), seed \(seed)")
      for line in lines { try acknowledged.read(line) }
      try await verify(acknowledged, in: directory.file("data"), "round \(round), seed \(seed)")
    }
    #expect(acknowledged.users.count == TortureNames.users)
    #expect(!acknowledged.finished.isEmpty, "nothing was ever finished")
  }

  private func verify(_ said: Acknowledged, in root: String, _ place: String) async throws {
    var configuration = StoreConfiguration(root: root) { TortureNames.startMs }
    configuration.maintenanceIntervalMs = 0
    let store = try await SQLiteStore.open(configuration)
    let comment = Comment(rawValue: place)
    #expect(store.problems == [], comment)
    for user in said.users {
      let id = TortureNames.user(user)
      #expect(try await store.user(id)?.id == id, comment)
      #expect(try await store.user(named: "user\(user)")?.id == id, comment)
      #expect(try await store.user(email: "user\(user)@example.org")?.id == id, comment)
    }
    for (user, tracks) in said.tracks {
      for (number, next) in tracks {
        let id = TortureNames.activity(number, of: user)
        let track = try await store.track(of: id)
        let count = UInt64(track.samples.count)
        #expect(count >= next, comment)
        #expect(track.samples == samples(0..<count), comment)
      }
    }
    for (user, numbers) in said.finished {
      for number in numbers {
        let record = try await store.activity(TortureNames.activity(number, of: user))
        #expect(record?.header.state == .completed, comment)
        #expect(record?.statistics.sampleCount == TortureNames.samples, comment)
      }
    }
    try await expectAgreement(said.users, in: store, comment)
    await store.close()
  }

  /// Both sides of each friendship hold the same.
  private func expectAgreement(
    _ users: Set<Int>,
    in store: SQLiteStore,
    _ comment: Comment
  ) async throws {
    for one in users {
      for other in users where one != other {
        let (mine, theirs) = (
          try await store.friend(TortureNames.user(other), of: TortureNames.user(one)),
          try await store.friend(TortureNames.user(one), of: TortureNames.user(other))
        )
        let expected: FriendState? =
          switch mine?.state {
          case .requestSent: .requestReceived
          case .requestReceived: .requestSent
          case let state: state
          }
        #expect(theirs?.state == expected, comment)
      }
    }
  }

  @Test("on a full disk nothing is acknowledged, and the store goes on when there is room")
  func fullDisk() throws {
    let directory = try TemporaryDirectory()
    let (lines, status) = try ChildProcess(["full", directory.file("data")]).finish()
    #expect(status == 0)
    let last = try #require(lines.last)
    #expect(last.hasPrefix("ok "))
  }
}

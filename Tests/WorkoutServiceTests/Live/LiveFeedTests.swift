import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

/// Values for tests of what is live.
enum Live {
  static func user(_ number: Int) throws -> UserID { UserID(try id(100 + number)) }
  static func session(_ number: Int) throws -> SessionID { SessionID(try id(400 + number)) }
  static func device(_ number: Int) throws -> DeviceID { DeviceID(try id(200 + number)) }
  static func activity(_ number: Int) throws -> ActivityID { ActivityID(try id(300 + number)) }

  static func header(_ number: Int = 1, owner: Int = 1) throws -> ActivityHeader {
    ActivityHeader(
      id: try activity(number),
      owner: try user(owner),
      device: try device(1),
      type: .run,
      startedAtMs: 0
    )
  }

  /// Samples whose times in seconds are their sequences.
  static func samples(_ sequences: Range<Int>) -> [TrackSample] {
    sequences.map { TrackSample(timeMs: Int64($0) * 1000) }
  }

  static func batch(
    _ sequences: Range<Int>,
    device: Int = 1,
    revision: UInt64 = 1,
    state: ActivityState = .recording
  ) throws -> LiveBatch {
    var statistics = Statistics()
    statistics.sampleCount = UInt64(sequences.upperBound)
    return LiveBatch(
      device: try self.device(device),
      firstSequence: UInt64(sequences.lowerBound),
      samples: samples(sequences),
      statistics: statistics,
      state: state,
      revision: revision
    )
  }
}

@Suite("the live feed")
struct LiveFeedTests {
  private func feed(tailLimit: Int = 1000) throws -> LiveFeed {
    LiveFeed(header: try Live.header(), statistics: Statistics(), tailLimit: tailLimit)
  }

  private func join(_ feed: inout LiveFeed, as user: Int = 2) throws -> LiveFeed.WatcherID {
    let watcher = feed.watch(as: try Live.user(user), wake: WakeUp())
    return try #require(watcher)
  }

  private func seconds(_ step: WatchStep) -> [Int]? {
    guard case .update(let samples, _, _, _) = step else { return nil }
    return samples.map { Int($0.timeMs / 1000) }
  }

  @Test("gives a watcher each batch once, then nothing")
  func steps() throws {
    var feed = try feed()
    let watcher = try join(&feed)
    #expect(feed.step(watcher) == .wait)
    let batch = try Live.batch(0..<3)
    #expect(feed.publish(batch).count == 1)
    #expect(
      feed.step(watcher)
        == .update(samples: batch.samples, batch.statistics, .recording, conflated: 1)
    )
    #expect(feed.step(watcher) == .wait)
  }

  @Test("gives a slow watcher all samples since its last step in one update, and says how many")
  func conflates() throws {
    var feed = try feed()
    let slow = try join(&feed)
    let fast = try join(&feed, as: 3)
    for index in 0..<10 {
      _ = feed.publish(try Live.batch(index * 5..<index * 5 + 5, revision: UInt64(index)))
      #expect(seconds(feed.step(fast)) == Array(index * 5..<index * 5 + 5))
    }
    let step = feed.step(slow)
    #expect(seconds(step) == Array(0..<50))
    guard case .update(_, let statistics, _, let conflated) = step else { return }
    #expect(conflated == 10)
    #expect(statistics.sampleCount == 50)
  }

  @Test("keeps nothing without watchers, and only what the slowest has not taken")
  func memory() throws {
    var feed = try feed()
    for index in 0..<10 { _ = feed.publish(try Live.batch(index..<index + 1)) }
    #expect(feed.keptSamples == 0)
    let slow = try join(&feed)
    let fast = try join(&feed, as: 3)
    _ = feed.publish(try Live.batch(10..<20))
    _ = feed.step(fast)
    #expect(feed.keptSamples == 10)
    _ = feed.step(slow)
    #expect(feed.keptSamples == 0)
    _ = feed.publish(try Live.batch(20..<30))
    _ = feed.step(fast)
    feed.leave(slow)
    #expect(feed.keptSamples == 0)
  }

  @Test("cuts off a watcher that is further behind than the limit, and no other")
  func tooSlow() throws {
    var feed = try feed(tailLimit: 25)
    let slow = try join(&feed)
    let fast = try join(&feed, as: 3)
    for index in 0..<10 {
      _ = feed.publish(try Live.batch(index * 10..<index * 10 + 10))
      #expect(seconds(feed.step(fast)) == Array(index * 10..<index * 10 + 10))
      #expect(feed.keptSamples <= 25)
    }
    #expect(feed.step(slow) == .tooSlow)
    #expect(feed.step(slow) == .tooSlow)
  }

  @Test("leaves out what came with the route so far, by device and sequence")
  func seam() throws {
    var feed = try feed()
    let watcher = try join(&feed)
    _ = feed.publish(try Live.batch(0..<10))
    _ = feed.publish(try Live.batch(0..<4, device: 2))
    // The route was read after 7 samples of the first device, and none of the second.
    feed.setKnown([try Live.device(1): 7], by: watcher)
    #expect(seconds(feed.step(watcher)) == [7, 8, 9, 0, 1, 2, 3])
    _ = feed.publish(try Live.batch(10..<12))
    #expect(seconds(feed.step(watcher)) == [10, 11])
  }

  @Test("a watcher sees nothing from before it came")
  func place() throws {
    var feed = try feed()
    let first = try join(&feed)
    _ = feed.publish(try Live.batch(0..<10))
    let second = try join(&feed, as: 3)
    _ = feed.publish(try Live.batch(10..<12))
    #expect(seconds(feed.step(second)) == [10, 11])
    #expect(seconds(feed.step(first)) == Array(0..<12))
  }

  @Test("tells of a pause without samples")
  func stateOnly() throws {
    var feed = try feed()
    let watcher = try join(&feed)
    _ = feed.publish(try Live.batch(0..<0, state: .paused))
    guard case .update(let samples, _, let state, _) = feed.step(watcher) else {
      Issue.record("no update")
      return
    }
    #expect(samples.isEmpty)
    #expect(state == .paused)
  }

  @Test("gives what is left and then the end, and takes nothing afterwards")
  func ends() throws {
    var feed = try feed()
    let watcher = try join(&feed)
    _ = feed.publish(try Live.batch(0..<3))
    var header = try Live.header()
    header.state = .completed
    #expect(feed.end(header, Statistics()).count == 1)
    #expect(seconds(feed.step(watcher)) == [0, 1, 2])
    #expect(feed.step(watcher) == .ended(header, Statistics()))
    #expect(feed.publish(try Live.batch(3..<4, revision: 9)).isEmpty)
    #expect(feed.step(watcher) == .ended(header, Statistics()))
  }

  @Test("a FINISH that is not settled yet does not end it")
  func unsettled() throws {
    var feed = try feed()
    let watcher = try join(&feed)
    _ = feed.publish(try Live.batch(0..<3, state: .completed))
    #expect(seconds(feed.step(watcher)) == [0, 1, 2])
    #expect(feed.step(watcher) == .wait)
    #expect(feed.header.state == .recording)
  }

  @Test("has a permission asked again before anything else is given")
  func permission() throws {
    var feed = try feed()
    let friend = try join(&feed, as: 2)
    let other = try join(&feed, as: 3)
    _ = feed.publish(try Live.batch(0..<3))
    #expect(feed.checkPermission(of: try Live.user(2)).count == 1)
    #expect(feed.step(friend) == .checkPermission)
    #expect(seconds(feed.step(friend)) == [0, 1, 2])
    #expect(seconds(feed.step(other)) == [0, 1, 2])
  }

  @Test("older numbers do not replace newer ones")
  func revisions() throws {
    var feed = try feed()
    _ = feed.publish(try Live.batch(0..<9, revision: 5))
    _ = feed.publish(try Live.batch(0..<4, revision: 4))
    #expect(feed.statistics.sampleCount == 9)
  }

  @Test("counts people, not calls, and admits a bounded number of calls")
  func people() throws {
    var feed = try feed()
    _ = try join(&feed, as: 2)
    _ = try join(&feed, as: 2)
    let third = try join(&feed, as: 3)
    #expect(feed.people == 2)
    #expect(feed.watcherCount == 3)
    feed.leave(third)
    #expect(feed.people == 1)
    while feed.watcherCount < ServiceLimits.watchersPerActivity { _ = try join(&feed) }
    #expect(feed.watch(as: try Live.user(9), wake: WakeUp()) == nil)
  }

  @Test("no sample is lost or repeated, whatever the order of batches and steps")
  func random() throws {
    for seed in 0..<50 {
      var generator = SplitMix64(state: UInt64(seed))
      var feed = try feed(tailLimit: .max)
      let watchers = try (0..<4).map { try join(&feed, as: $0 + 2) }
      var seen = [[Int]](repeating: [], count: watchers.count)
      var next = 0
      for _ in 0..<300 {
        if Bool.random(using: &generator) {
          let count = Int.random(in: 0...5, using: &generator)
          _ = feed.publish(try Live.batch(next..<next + count))
          next += count
        } else {
          let index = Int.random(in: 0..<watchers.count, using: &generator)
          seen[index] += seconds(feed.step(watchers[index])) ?? []
        }
      }
      for (index, watcher) in watchers.enumerated() {
        seen[index] += seconds(feed.step(watcher)) ?? []
        #expect(seen[index] == Array(0..<next), "seed \(seed)")
      }
      #expect(feed.keptSamples == 0)
    }
  }
}

/// Numbers from a seed, so that a failure can be repeated (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

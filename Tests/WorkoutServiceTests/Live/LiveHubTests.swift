import Synchronization
import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

@Suite("waking up")
struct WakeUpTests {
  @Test("a wake-up before the wait is not lost, and two are one")
  func raisedBefore() async throws {
    let wake = WakeUp()
    wake.raise()
    wake.raise()
    try await wake.wait()
    let waiting = Task { try await wake.wait() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test("wakes a task that waits")
  func waits() async throws {
    let wake = WakeUp()
    let waiting = Task { try await wake.wait() }
    try await Task.sleep(for: .milliseconds(10))
    wake.raise()
    try await waiting.value
  }

  @Test("a cancelled task does not wait, and raising it later does no harm")
  func cancelled() async throws {
    let wake = WakeUp()
    let waiting = Task { try await wake.wait() }
    try await Task.sleep(for: .milliseconds(10))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    wake.raise()
  }

  @Test("no wake-up is lost between threads")
  func races() async throws {
    let wake = WakeUp()
    let count = Mutex(0)
    let rounds = 20_000
    let raiser = Task.detached {
      for _ in 0..<rounds {
        count.withLock { $0 += 1 }
        wake.raise()
      }
    }
    // Ends only if the last raise is always seen.
    while count.withLock({ $0 }) < rounds { try await wake.wait() }
    await raiser.value
  }
}

@Suite("the live hub")
struct LiveHubTests {
  private let hub = LiveHub()

  /// A stream that notes what it is told.
  private final class Recorder: LiveTracker {
    let session: SessionID
    let told = Mutex<[String]>([])
    init(_ session: SessionID) { self.session = session }
    func sessionEnded() { note("session ended") }
    func watchersChanged(to people: Int) { note("watchers \(people)") }
    func takeOver() { note("take over") }
    func waitUntilOver() async {}
    func activityEnded(_ header: ActivityHeader, _ statistics: Statistics) { note("ended") }
    func stop() { note("stop") }
    func tick(now: Duration) { note("tick") }
    private func note(_ text: String) { told.withLock { $0.append(text) } }
    var notes: [String] { told.withLock { $0 } }
  }

  @Test("an activity is there while somebody records or watches it")
  func joins() throws {
    let header = try Live.header()
    let first = hub.join(header, Statistics())
    let second = hub.join(header, Statistics())
    #expect(first === second)
    hub.leave(first)
    #expect(hub.activity(header.id) === first)
    hub.leave(second)
    #expect(hub.activity(header.id) == nil)
    #expect(hub.activityCount == 0)
  }

  @Test("a batch on the bus reaches the activity's watchers and no others")
  func fansOut() throws {
    let activity = hub.join(try Live.header(1), Statistics())
    let other = hub.join(try Live.header(2), Statistics())
    let watcher = try #require(activity.watch(as: try Live.user(2), wake: WakeUp()))
    let stranger = try #require(other.watch(as: try Live.user(2), wake: WakeUp()))
    hub.bus.publish(.batch(activity.id, try Live.batch(0..<3)))
    guard case .update(let samples, _, _, _) = activity.step(watcher) else {
      Issue.record("no update")
      return
    }
    #expect(samples.count == 3)
    #expect(other.step(stranger) == .wait)
  }

  @Test("the stream is told how many people watch, and that the activity ended")
  func tellsTracker() throws {
    let activity = hub.join(try Live.header(), Statistics())
    let tracker = Recorder(try Live.session(1))
    activity.attach(tracker)
    hub.bus.publish(.watchers(activity.id, 2))
    hub.bus.publish(.ended(try Live.header(), Statistics()))
    activity.detach(tracker)
    hub.bus.publish(.watchers(activity.id, 3))
    #expect(tracker.notes == ["watchers 2", "ended"])
  }

  @Test("a second stream of the same device takes over; another user's does not")
  func takeOver() throws {
    let key = TrackerKey(
      user: try Live.user(1),
      activity: try Live.activity(1),
      device: try Live.device(1)
    )
    var stranger = key
    stranger.user = try Live.user(2)
    let first = Recorder(try Live.session(1))
    let second = Recorder(try Live.session(1))
    #expect(hub.enter(first, for: key) == nil)
    #expect(hub.enter(Recorder(try Live.session(1)), for: stranger) == nil)
    #expect(first.notes.isEmpty)
    #expect(hub.enter(second, for: key) === first)
    #expect(first.notes == ["take over"])
    // The first one's exit comes late and must not remove the second.
    hub.exit(first, for: key)
    #expect(hub.enter(Recorder(try Live.session(1)), for: key) === second)
  }

  @Test("a friend who was removed is asked for the right again, in both directions")
  func friendshipChanged() throws {
    let activity = hub.join(try Live.header(1, owner: 1), Statistics())
    let removed = try #require(activity.watch(as: try Live.user(2), wake: WakeUp()))
    let friend = try #require(activity.watch(as: try Live.user(3), wake: WakeUp()))
    hub.bus.publish(.friendshipChanged(try Live.user(2), try Live.user(1)))
    #expect(activity.step(removed) == .checkPermission)
    #expect(activity.step(friend) == .wait)
  }

  @Test("who waits for a person is woken by that person only")
  func waiting() async throws {
    let wake = WakeUp()
    #expect(hub.waitForLive(try Live.user(1), wake: wake))
    hub.bus.publish(.began(try Live.activity(2), owner: try Live.user(2)))
    hub.bus.publish(.began(try Live.activity(1), owner: try Live.user(1)))
    try await wake.wait()
    hub.stopWaiting(for: try Live.user(1), wake: wake)
    hub.bus.publish(.began(try Live.activity(1), owner: try Live.user(1)))
    let waiting = Task { try await wake.wait() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }

  @Test("only so many may wait for one person")
  func bounded() throws {
    let wakes = (0..<ServiceLimits.liveWaitersPerPerson).map { _ in WakeUp() }
    for wake in wakes { #expect(hub.waitForLive(try Live.user(1), wake: wake)) }
    #expect(!hub.waitForLive(try Live.user(1), wake: WakeUp()))
    #expect(hub.waitForLive(try Live.user(2), wake: WakeUp()))
    hub.stopWaiting(for: try Live.user(1), wake: wakes[0])
    #expect(hub.waitForLive(try Live.user(1), wake: WakeUp()))
  }

  @Test("one person cannot take all places of those who watch")
  func watchCallsPerPerson() throws {
    func enter(_ wake: WakeUp, _ user: Int) throws -> Bool {
      hub.enterWatch(wake, user: try Live.user(user), session: try Live.session(user))
    }
    let wakes = (0..<ServiceLimits.watchCallsPerPerson).map { _ in WakeUp() }
    for wake in wakes { #expect(try enter(wake, 1)) }
    #expect(try !enter(WakeUp(), 1))
    #expect(try enter(WakeUp(), 2))
    hub.exitWatch(wakes[0])
    hub.exitWatch(wakes[0])
    #expect(try enter(wakes[0], 1))
    #expect(try !enter(WakeUp(), 1))
  }

  @Test("a session that ends takes its own streams along")
  func sessionEnds() async throws {
    let (tracker, other) = (Recorder(try Live.session(1)), Recorder(try Live.session(2)))
    let (wake, otherWake) = (WakeUp(), WakeUp())
    #expect(hub.add(tracker) && hub.add(other))
    for (number, wake) in [(1, wake), (2, otherWake)] {
      let (user, session) = (try Live.user(1), try Live.session(number))
      #expect(hub.enterWatch(wake, user: user, session: session))
    }
    hub.bus.publish(.sessionsEnded([try Live.session(1)]))
    try await wake.wait()
    #expect(tracker.notes == ["session ended"])
    #expect(other.notes == [])
    #expect(hub.watchEnding(wake) == .sessionEnded)
    #expect(hub.watchEnding(otherWake) == nil)
  }

  @Test("when the server stops all streams are told and none may begin")
  func stops() async throws {
    let tracker = Recorder(try Live.session(1))
    #expect(hub.add(tracker))
    let wake = WakeUp()
    #expect(hub.enterWatch(wake, user: try Live.user(1), session: try Live.session(1)))
    hub.stop()
    try await wake.wait()
    #expect(tracker.notes == ["stop"])
    #expect(hub.watchEnding(wake) == .serverStops)
    #expect(!hub.add(Recorder(try Live.session(1))))
  }
}

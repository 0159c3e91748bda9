internal import Synchronization
package import WorkoutCore
package import WorkoutStore

/// A call of Track as the hub sees it; its methods may be called from any thread and return soon.
package protocol LiveTracker: AnyObject, Sendable {
  /// The log-in that the call was made with.
  var session: SessionID { get }

  /// That log-in has ended, and the call ends with it.
  func sessionEnded()

  /// Another number of people watches.
  func watchersChanged(to people: Int)

  /// The same device has opened the activity on another stream, which goes on instead.
  func takeOver()

  /// Waits until its call is over and nothing of it is on the way to the store any more, which is
  /// soon once it was told to end.
  func waitUntilOver() async

  /// The activity is completed or discarded, by whichever device.
  func activityEnded(_ header: ActivityHeader, _ statistics: Statistics)

  /// The server stops: finish what was received, then end.
  func stop()

  /// Time passes.
  func tick(now: Duration)
}

/// An activity that somebody here records or watches.
///
/// Handlers of one activity may run on several loops, so its parts stand behind mutexes of their
/// own. Each is held for a few dictionary and array operations, never over an `await` and never
/// while a task is resumed.
package final class LiveActivity: Sendable {
  package let id: ActivityID
  package let owner: UserID

  private let feed: Mutex<LiveFeed>
  private let trackers = Mutex<[ObjectIdentifier: any LiveTracker]>([:])
  /// There once somebody records here; whoever only watches does not need them.
  private let numbers = Mutex<LiveNumbers?>(nil)

  init(header: ActivityHeader, statistics: Statistics) {
    id = header.id
    owner = header.owner
    feed = Mutex(LiveFeed(header: header, statistics: statistics))
  }

  /// Header and numbers as of the last batch.
  package var current: (header: ActivityHeader, statistics: Statistics) {
    feed.withLock { ($0.header, $0.statistics) }
  }

  /// How many people watch here.
  package var people: Int { feed.withLock { $0.people } }

  package func attach(_ tracker: any LiveTracker) {
    trackers.withLock { $0[ObjectIdentifier(tracker)] = tracker }
  }

  package func detach(_ tracker: any LiveTracker) {
    trackers.withLock { $0[ObjectIdentifier(tracker)] = nil }
  }

  /// Whether the numbers are counted here.
  package var isCounted: Bool { numbers.withLock { $0 != nil } }

  /// Whether the caller is to count the numbers anew from the store.
  package func beginRecount(now: Duration) -> Bool {
    numbers.withLock { $0?.beginRecount(now: now) ?? false }
  }

  /// Takes numbers that were counted from the store, unless others were there before and have seen
  /// more, and gives those that hold now.
  package func adopt(_ counted: LiveNumbers) -> (Statistics, ActivityState) {
    let current = numbers.withLock { numbers -> LiveNumbers in
      var adopted = counted
      if let old = numbers {
        guard counted.includes(old) else { return old }
        adopted.follow(old)
      }
      numbers = adopted
      return adopted
    }
    feed.withLock { $0.set(current.statistics, current.state, revision: current.revision) }
    return (current.statistics, current.state)
  }

  /// Counts a batch that is on the disk; nothing of it is counted twice.
  package func count(_ batch: TrackBatch) -> LiveBatch? {
    numbers.withLock { $0?.count(batch) }
  }

  /// Shows watchers numbers from the store, where nobody records here.
  package func show(_ statistics: Statistics, _ state: ActivityState) {
    feed.withLock { $0.set(statistics, state, revision: 0) }
  }

  func publish(_ batch: LiveBatch) { wake(feed.withLock { $0.publish(batch) }) }

  func end(_ header: ActivityHeader, _ statistics: Statistics) {
    wake(feed.withLock { $0.end(header, statistics) })
    for tracker in trackers.withLock({ Array($0.values) }) {
      tracker.activityEnded(header, statistics)
    }
  }

  func checkPermission(of user: UserID?) { wake(feed.withLock { $0.checkPermission(of: user) }) }

  func tellTrackers(people: Int) {
    for tracker in trackers.withLock({ Array($0.values) }) { tracker.watchersChanged(to: people) }
  }

  /// Adds a watcher; nothing when there are too many.
  package func watch(as user: UserID, wake: WakeUp) -> LiveFeed.WatcherID? {
    feed.withLock { $0.watch(as: user, wake: wake) }
  }

  package func setKnown(_ sequences: [DeviceID: UInt64], by watcher: LiveFeed.WatcherID) {
    feed.withLock { $0.setKnown(sequences, by: watcher) }
  }

  package func step(_ watcher: LiveFeed.WatcherID) -> WatchStep {
    feed.withLock { $0.step(watcher) }
  }

  package func leave(_ watcher: LiveFeed.WatcherID) { feed.withLock { $0.leave(watcher) } }

  private func wake(_ waiting: [WakeUp]) {
    for wake in waiting { wake.raise() }
  }
}

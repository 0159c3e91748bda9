internal import Synchronization
package import WorkoutCore
package import WorkoutStore

/// Which of a user's streams is which: a second stream with the same key takes the first one over.
package struct TrackerKey: Sendable, Hashable {
  package var user: UserID
  package var activity: ActivityID
  package var device: DeviceID

  package init(user: UserID, activity: ActivityID, device: DeviceID) {
    self.user = user
    self.activity = activity
    self.device = device
  }
}

/// Brings those who record and those who watch together, on this node.
///
/// Concurrency: a Track call and the Watch calls of its activity may run on different loops. An
/// actor would cost two hops for each batch and each step (about a microsecond each, FACTS §2),
/// and all activities would queue for it. Here a mutex guards the directory, and each activity has
/// its own; what is done under a lock takes well under a microsecond without watchers and one
/// assignment per watcher with them. Tasks are woken after the lock is released, and each is
/// resumed on its own loop. So loops meet only where they share an activity.
///
/// All that happens comes in as a `LiveSignal` over the bus, from this node too: with a bus that
/// crosses nodes nothing changes here.
package final class LiveHub: Sendable {
  private struct Entry {
    let activity: LiveActivity
    var users = 0
  }

  private struct WatchEntry {
    let wake: WakeUp
    let user: UserID
    let session: SessionID
    var isSessionOver = false
  }

  /// Why a call that watches has to end.
  package enum WatchEnding: Sendable {
    case serverStops
    case sessionEnded
  }

  private struct Directory {
    var activities: [ActivityID: Entry] = [:]
    var byOwner: [UserID: Set<ActivityID>] = [:]
    var streams: [ObjectIdentifier: any LiveTracker] = [:]
    var trackers: [TrackerKey: any LiveTracker] = [:]
    var waiters: [UserID: [ObjectIdentifier: WakeUp]] = [:]
    var waiterCount = 0
    var watchCalls: [ObjectIdentifier: WatchEntry] = [:]
    var watchCallsOf: [UserID: Int] = [:]
    var isStopping = false
  }

  private let directory = Mutex(Directory())
  package let bus: any LiveBus

  package init(bus: any LiveBus = InProcessLiveBus()) {
    self.bus = bus
    bus.subscribe { [weak self] signal in self?.receive(signal) }
  }

  /// How many activities are recorded or watched here.
  package var activityCount: Int { directory.withLock { $0.activities.count } }

  // MARK: Activities

  /// The activity, if somebody here records or watches it.
  package func activity(_ id: ActivityID) -> LiveActivity? {
    directory.withLock { $0.activities[id]?.activity }
  }

  /// Enters an activity, or joins the one that is there; to be followed by one `leave`.
  package func join(_ header: ActivityHeader, _ statistics: Statistics) -> LiveActivity {
    directory.withLock { directory in
      if let entry = directory.activities[header.id] {
        directory.activities[header.id]?.users += 1
        return entry.activity
      }
      let activity = LiveActivity(header: header, statistics: statistics)
      directory.activities[header.id] = Entry(activity: activity, users: 1)
      directory.byOwner[header.owner, default: []].insert(header.id)
      return activity
    }
  }

  /// Leaves an activity; the last one out takes it down.
  package func leave(_ activity: LiveActivity) {
    directory.withLock { directory in
      guard var entry = directory.activities[activity.id] else { return }
      entry.users -= 1
      guard entry.users == 0 else {
        directory.activities[activity.id] = entry
        return
      }
      directory.activities[activity.id] = nil
      directory.byOwner[activity.owner]?.remove(activity.id)
      if directory.byOwner[activity.owner]?.isEmpty == true {
        directory.byOwner[activity.owner] = nil
      }
    }
  }

  // MARK: Trackers

  /// Has time passed to a stream, and its end asked for when the server stops; false when it does.
  package func add(_ tracker: any LiveTracker) -> Bool {
    directory.withLock { directory in
      guard !directory.isStopping else { return false }
      directory.streams[ObjectIdentifier(tracker)] = tracker
      return true
    }
  }

  package func remove(_ tracker: any LiveTracker) {
    directory.withLock { $0.streams[ObjectIdentifier(tracker)] = nil }
  }

  /// Makes a stream the one for its key.
  ///
  /// - Returns: The stream that was it before: told to end, and to be waited for.
  package func enter(_ tracker: any LiveTracker, for key: TrackerKey) -> (any LiveTracker)? {
    let previous = directory.withLock { $0.trackers.updateValue(tracker, forKey: key) }
    previous?.takeOver()
    return previous
  }

  /// Removes a stream unless another has taken its place.
  package func exit(_ tracker: any LiveTracker, for key: TrackerKey) {
    directory.withLock { directory in
      if directory.trackers[key] === tracker { directory.trackers[key] = nil }
    }
  }

  /// Lets time pass for all streams.
  package func tick(now: Duration) {
    for tracker in directory.withLock({ Array($0.streams.values) }) { tracker.tick(now: now) }
  }

  /// Ends all streams: those who record after what was received is on the disk, those who watch at
  /// once.
  package func stop() {
    let (trackers, wakes) = directory.withLock { directory in
      directory.isStopping = true
      return (Array(directory.streams.values), directory.watchCalls.values.map(\.wake))
    }
    for tracker in trackers { tracker.stop() }
    for wake in wakes { wake.raise() }
  }

  // MARK: Watchers

  /// Has a call that watches woken when the server stops or its log-in ends; false when the person
  /// has too many of them.
  package func enterWatch(_ wake: WakeUp, user: UserID, session: SessionID) -> Bool {
    directory.withLock { directory in
      let count = directory.watchCallsOf[user] ?? 0
      guard count < ServiceLimits.watchCallsPerPerson else { return false }
      directory.watchCallsOf[user] = count + 1
      directory.watchCalls[ObjectIdentifier(wake)] = WatchEntry(
        wake: wake,
        user: user,
        session: session
      )
      return true
    }
  }

  /// Why the call is to end; nothing while it may go on.
  package func watchEnding(_ wake: WakeUp) -> WatchEnding? {
    directory.withLock { directory in
      if directory.watchCalls[ObjectIdentifier(wake)]?.isSessionOver == true {
        return .sessionEnded
      }
      return directory.isStopping ? .serverStops : nil
    }
  }

  package func exitWatch(_ wake: WakeUp) {
    directory.withLock { directory in
      guard let call = directory.watchCalls.removeValue(forKey: ObjectIdentifier(wake)) else {
        return
      }
      let left = (directory.watchCallsOf[call.user] ?? 1) - 1
      directory.watchCallsOf[call.user] = left > 0 ? left : nil
    }
  }

  /// Has a call woken when a person goes live; false when too many wait.
  package func waitForLive(_ user: UserID, wake: WakeUp) -> Bool {
    directory.withLock { directory in
      let count = directory.waiters[user]?.count ?? 0
      guard directory.waiterCount < ServiceLimits.liveWaiters,
        count < ServiceLimits.liveWaitersPerPerson
      else { return false }
      directory.waiters[user, default: [:]][ObjectIdentifier(wake)] = wake
      directory.waiterCount += 1
      return true
    }
  }

  package func stopWaiting(for user: UserID, wake: WakeUp) {
    directory.withLock { directory in
      guard directory.waiters[user]?.removeValue(forKey: ObjectIdentifier(wake)) != nil else {
        return
      }
      directory.waiterCount -= 1
      if directory.waiters[user]?.isEmpty == true { directory.waiters[user] = nil }
    }
  }

  // MARK: Signals

  private func receive(_ signal: LiveSignal) {
    switch signal {
    case .began(_, let owner): wakeWaiters(for: owner)
    case .batch(let id, let batch): activity(id)?.publish(batch)
    case .ended(let header, let statistics): activity(header.id)?.end(header, statistics)
    case .watchers(let id, let people): activity(id)?.tellTrackers(people: people)
    case .friendshipChanged(let a, let b):
      for activity in activities(of: a) { activity.checkPermission(of: b) }
      for activity in activities(of: b) { activity.checkPermission(of: a) }
      // What one of them records may be visible to the other now.
      wakeWaiters(for: a)
      wakeWaiters(for: b)
    case .sessionsEnded(let sessions): end(sessions)
    }
  }

  private func end(_ sessions: Set<SessionID>) {
    let (trackers, wakes) = directory.withLock { directory in
      let watching = directory.watchCalls.filter { sessions.contains($0.value.session) }
      for call in watching.keys { directory.watchCalls[call]?.isSessionOver = true }
      return (
        directory.streams.values.filter { sessions.contains($0.session) },
        watching.values.map(\.wake)
      )
    }
    for tracker in trackers { tracker.sessionEnded() }
    for wake in wakes { wake.raise() }
  }

  private func wakeWaiters(for owner: UserID) {
    let wakes = directory.withLock { Array($0.waiters[owner, default: [:]].values) }
    for wake in wakes { wake.raise() }
  }

  private func activities(of owner: UserID) -> [LiveActivity] {
    directory.withLock { directory in
      (directory.byOwner[owner] ?? []).compactMap { directory.activities[$0]?.activity }
    }
  }
}

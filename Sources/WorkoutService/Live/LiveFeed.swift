package import WorkoutCore

/// What a tracker has to tell: consecutive samples of one device that are on the disk, the numbers
/// after them, and where the activity stands.
package struct LiveBatch: Sendable {
  package var device: DeviceID
  package var firstSequence: UInt64
  package var samples: [TrackSample]
  package var statistics: Statistics
  package var state: ActivityState
  /// Counts up with each batch of the activity, whichever device it came from.
  package var revision: UInt64

  package init(
    device: DeviceID,
    firstSequence: UInt64,
    samples: [TrackSample],
    statistics: Statistics,
    state: ActivityState,
    revision: UInt64
  ) {
    self.device = device
    self.firstSequence = firstSequence
    self.samples = samples
    self.statistics = statistics
    self.state = state
    self.revision = revision
  }
}

/// What a watcher is given next.
package enum WatchStep: Sendable, Equatable {
  /// Nothing new: wait.
  case wait
  /// All that came since the last step.
  case update(samples: [TrackSample], Statistics, ActivityState, conflated: UInt32)
  /// The activity is over, and all updates were given.
  case ended(ActivityHeader, Statistics)
  /// Whether the watcher may see the activity must be asked again.
  case checkPermission
  /// The watcher is too far behind.
  case tooSlow
}

/// The live state of one activity and its fan-out to watchers: a value without I/O or clock.
///
/// No watcher has a queue. There is one tail of the batches that came, and each watcher has a place
/// in it. A step gives all samples from there on at once, so a watcher that reads slowly gets
/// fewer, larger updates, and a batch is kept once however many watch. What all have passed is
/// dropped; with nobody watching nothing is kept. A watcher whose place falls more than
/// `tailLimit` samples behind is cut off.
///
/// A watcher first takes a place and then reads the route so far from the store, so no sample
/// falls between the two. What it finds in both is left out by the device's sequence.
package struct LiveFeed: Sendable {
  /// Names a watcher of this feed.
  package struct WatcherID: Sendable, Hashable {
    fileprivate let number: Int
  }

  private struct Watcher {
    let user: UserID
    let wake: WakeUp
    /// Number of the next batch, counted over the feed's life.
    var next: Int
    var updates: UInt32 = 0
    /// What lies below these sequences came with the route so far.
    var known: [DeviceID: UInt64] = [:]
    var mustCheckPermission = false
    var isTooSlow = false
  }

  /// Header, with the state as of the last batch.
  package private(set) var header: ActivityHeader
  /// The numbers as of the last batch.
  package private(set) var statistics: Statistics

  private let tailLimit: Int
  private var revision: UInt64 = 0
  private var tail: [LiveBatch] = []
  /// Number of the first batch of `tail`.
  private var tailStart = 0
  private var tailSamples = 0
  private var watchers: [WatcherID: Watcher] = [:]
  private var nextWatcher = 0

  package init(
    header: ActivityHeader,
    statistics: Statistics,
    tailLimit: Int = ServiceLimits.liveTailSamples
  ) {
    self.header = header
    self.statistics = statistics
    self.tailLimit = tailLimit
  }

  /// How many people watch; one with two devices counts once.
  package var people: Int { Set(watchers.values.map(\.user)).count }

  /// How many calls watch.
  package var watcherCount: Int { watchers.count }

  /// Samples that are kept because some watcher has not taken them.
  package var keptSamples: Int { tailSamples }

  /// Takes a batch in and says whom to wake.
  ///
  /// - Complexity: O(watchers)
  package mutating func publish(_ batch: LiveBatch) -> [WakeUp] {
    guard !header.state.isFinal else { return [] }
    set(batch.statistics, batch.state, revision: batch.revision)
    guard !watchers.isEmpty else { return [] }
    if !batch.samples.isEmpty {
      tail.append(batch)
      tailSamples += batch.samples.count
    }
    for id in watchers.keys { watchers[id]?.updates += 1 }
    cutOffSlowest()
    return watchers.values.map(\.wake)
  }

  /// Takes numbers and state, unless later ones came before: two devices' streams may tell in
  /// another order than they counted in.
  package mutating func set(_ statistics: Statistics, _ state: ActivityState, revision: UInt64) {
    guard !header.state.isFinal, revision >= self.revision else { return }
    self.statistics = statistics
    self.revision = revision
    // The end is told by `end`, once the activity is settled.
    if !state.isFinal { header.state = state }
  }

  /// Ends the activity; watchers get what is left, then the end.
  package mutating func end(_ header: ActivityHeader, _ statistics: Statistics) -> [WakeUp] {
    self.header = header
    self.statistics = statistics
    return watchers.values.map(\.wake)
  }

  /// Adds a watcher, whose place is after all that came until now; nothing when there are too many.
  package mutating func watch(as user: UserID, wake: WakeUp) -> WatcherID? {
    guard watchers.count < ServiceLimits.watchersPerActivity else { return nil }
    let id = WatcherID(number: nextWatcher)
    nextWatcher += 1
    watchers[id] = Watcher(user: user, wake: wake, next: tailStart + tail.count)
    return id
  }

  /// Says which samples a watcher has got with the route so far.
  package mutating func setKnown(_ sequences: [DeviceID: UInt64], by id: WatcherID) {
    watchers[id]?.known = sequences
  }

  /// Removes a watcher.
  package mutating func leave(_ id: WatcherID) {
    watchers[id] = nil
    dropPassed()
  }

  /// Gives a watcher what it has not got yet.
  package mutating func step(_ id: WatcherID) -> WatchStep {
    guard var watcher = watchers[id] else { return .wait }
    if watcher.mustCheckPermission {
      watchers[id]?.mustCheckPermission = false
      return .checkPermission
    }
    if watcher.isTooSlow { return .tooSlow }
    guard watcher.updates > 0 else {
      return header.state.isFinal ? .ended(header, statistics) : .wait
    }
    let samples = tail[(watcher.next - tailStart)...].flatMap { unknownSamples($0, watcher) }
    let conflated = watcher.updates
    watcher.next = tailStart + tail.count
    watcher.updates = 0
    watchers[id] = watcher
    dropPassed()
    return .update(samples: samples, statistics, header.state, conflated: conflated)
  }

  /// Has the permission of one person's watchers, or of all, asked again.
  package mutating func checkPermission(of user: UserID?) -> [WakeUp] {
    var woken: [WakeUp] = []
    for (id, watcher) in watchers where user == nil || watcher.user == user {
      watchers[id]?.mustCheckPermission = true
      woken.append(watcher.wake)
    }
    return woken
  }

  private func unknownSamples(_ batch: LiveBatch, _ watcher: Watcher) -> ArraySlice<TrackSample> {
    let known = watcher.known[batch.device] ?? 0
    guard known > batch.firstSequence else { return batch.samples[...] }
    return batch.samples.dropFirst(Int(clamping: known - batch.firstSequence))
  }

  private mutating func dropPassed() {
    let passed = (watchers.values.lazy.filter { !$0.isTooSlow }.map(\.next).min() ?? .max)
    let count = min(tail.count, passed - tailStart)
    guard count > 0 else { return }
    tailSamples -= tail.prefix(count).reduce(0) { $0 + $1.samples.count }
    tail.removeFirst(count)
    tailStart += count
  }

  private mutating func cutOffSlowest() {
    while tailSamples > tailLimit, !tail.isEmpty {
      for (id, watcher) in watchers where watcher.next <= tailStart {
        watchers[id]?.isTooSlow = true
      }
      tailSamples -= tail.removeFirst().samples.count
      tailStart += 1
    }
  }
}

internal import WorkoutCore

/// What the journal's thread finds to be done, by bucket.
struct LiveChores: Sendable {
  var flushes: [Int: [TailFlush]] = [:]
  /// Activities that have ended and are to be settled.
  var closing: [ActivityID] = []
}

/// The unsettled part of a live activity.
struct UnsettledTail: Sendable {
  var flush: TailFlush
  var closing: ActivityState?
  var running: ActivityState?
  var refusal: StoreError?
}

/// What the journal is doing; for tests, benchmarks and monitoring.
package struct JournalCounters: Sendable, Hashable {
  /// Commits since the store was opened.
  package var commits: Int
  /// Journal files on the disk.
  package var files: Int
  /// Activities in memory.
  package var liveActivities: Int
}

/// An activity as the journal files hold it.
struct RecoveredActivity: Sendable {
  var id: ActivityID
  var owner: UserID
  var chunks: [(chunk: TailChunk, file: Int)] = []
}

/// All that was in the journal files at start-up.
struct RecoveredJournal: Sendable {
  private(set) var activities: [ActivityID: RecoveredActivity] = [:]
  /// Files that could be read in part only.
  var damaged: [Int] = []

  mutating func add(_ entry: JournalEntry, file: Int) {
    activities[
      entry.activity,
      default: RecoveredActivity(id: entry.activity, owner: entry.owner)
    ].chunks.append((entry.chunk, file))
  }
}

/// Elements that come due, added roughly in order of their times.
struct TimedQueue<Element> {
  private var elements: [(element: Element, atMs: Int64)] = []
  private var head = 0

  mutating func add(_ element: Element, atMs: Int64) { elements.append((element, atMs)) }

  /// Removes what is due, up to the first that is not.
  mutating func take(until nowMs: Int64) -> [Element] {
    var due: [Element] = []
    while head < elements.count, elements[head].atMs <= nowMs {
      due.append(elements[head].element)
      head += 1
    }
    if head > 1_024, head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return due
  }
}

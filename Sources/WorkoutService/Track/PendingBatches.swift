package import WorkoutStore
internal import WorkoutCore

/// Batches that a stream has sent and that have not gone to the store yet.
///
/// Batches that follow on one another become one, so that while one commit runs everything that
/// arrives meanwhile waits for a single next one.
package struct PendingBatches: Sendable {
  private struct Entry {
    var batch: TrackBatch
    /// How many of the stream's messages are in it.
    var received = 1
  }

  private var entries: [Entry] = []
  private var received = 0
  private var samples = 0

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  /// Whether the stream is not to be read for now.
  package var isFull: Bool {
    received >= ServiceLimits.batchesInFlight || samples >= ServiceLimits.samplesInFlight
  }

  package mutating func add(_ batch: TrackBatch) {
    received += 1
    samples += batch.samples.count
    if let last = entries.last, let joined = Self.join(last.batch, batch) {
      entries[entries.count - 1] = Entry(batch: joined, received: last.received + 1)
    } else {
      entries.append(Entry(batch: batch))
    }
  }

  /// The next batch for the store.
  package mutating func take() -> TrackBatch? {
    guard !entries.isEmpty else { return nil }
    let entry = entries.removeFirst()
    samples -= entry.batch.samples.count
    received -= entry.received
    return entry.batch
  }

  package mutating func removeAll() { self = PendingBatches() }

  /// Both as one, if the second begins where the first ends and the store takes so much at once.
  private static func join(_ first: TrackBatch, _ second: TrackBatch) -> TrackBatch? {
    guard !first.endsActivity,
      first.samples.count + second.samples.count <= ServiceLimits.samplesPerBatch,
      first.events.count + second.events.count <= ServiceLimits.eventsPerBatch,
      follows(first.firstSequence, first.samples.count, second.firstSequence, second.samples.count),
      follows(
        first.firstEventSequence,
        first.events.count,
        second.firstEventSequence,
        second.events.count
      )
    else { return nil }
    var joined = first
    if first.samples.isEmpty { joined.firstSequence = second.firstSequence }
    if first.events.isEmpty { joined.firstEventSequence = second.firstEventSequence }
    joined.samples += second.samples
    joined.events += second.events
    return joined
  }

  private static func follows(
    _ first: UInt64,
    _ firstCount: Int,
    _ second: UInt64,
    _ secondCount: Int
  ) -> Bool {
    // What is empty has no place.
    firstCount == 0 || secondCount == 0 || first &+ UInt64(firstCount) == second
  }
}

extension TrackBatch {
  /// Whether it finishes or discards the activity.
  package var endsActivity: Bool {
    events.contains { $0.type == .finish || $0.type == .discard }
  }
}

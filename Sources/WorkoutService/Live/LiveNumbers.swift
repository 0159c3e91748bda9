package import WorkoutCore
package import WorkoutStore

/// The statistics of an activity while it is recorded, batch by batch.
///
/// One device that records in order is counted as it goes. What comes late, or from a second
/// device, changes numbers that were counted before: then the activity is counted anew from all
/// that is stored, not for each batch but once in a while.
package struct LiveNumbers: Sendable {
  /// The numbers by now.
  package private(set) var statistics: Statistics
  /// Where the activity stands by its events.
  package private(set) var state: ActivityState
  /// Counts up with each batch.
  package private(set) var revision: UInt64 = 0

  private var engine: StatisticsEngine
  private var life = ActivityLife()
  private var progress: [DeviceID: TrackProgress] = [:]
  /// Something is not in the numbers, or not where it belongs.
  private var isInexact = false
  private var countedAt: Duration

  /// Counts an activity from all that is stored of it.
  ///
  /// - Complexity: O(samples), about a microsecond each: run it off the loop when there are many.
  package init(header: ActivityHeader, track: StoredTrack, now: Duration) {
    life.start(atMs: header.startedAtMs)
    for device in track.devices {
      progress[device.id] = device.progress
      // Sequences count from 0, and what is stored has no gaps.
      for (index, event) in device.events.enumerated() {
        life.add(event, device: device.id, sequence: UInt64(index))
      }
    }
    engine = track.merged.engine(type: header.type, startedAtMs: header.startedAtMs)
    statistics = engine.statistics()
    state = life.state
    countedAt = now
  }

  /// Counts a batch that is on the disk; what was counted before is left out.
  package mutating func count(_ batch: TrackBatch) -> LiveBatch {
    let known = progress[batch.device] ?? TrackProgress()
    // What lies between is stored and is counted with the whole.
    if !batch.samples.isEmpty, batch.firstSequence > known.nextSequence { isInexact = true }
    let samples = Self.new(batch.samples, batch.firstSequence, known.nextSequence)
    let events = Self.new(batch.events, batch.firstEventSequence, known.nextEventSequence)
    var next = known
    next.nextSequence = max(known.nextSequence, batch.firstSequence + UInt64(batch.samples.count))
    next.nextEventSequence = max(
      known.nextEventSequence,
      batch.firstEventSequence + UInt64(batch.events.count)
    )
    progress[batch.device] = next
    add(samples, events)
    if !events.isEmpty {
      let first = next.nextEventSequence - UInt64(events.count)
      for (index, event) in events.enumerated() {
        life.add(event, device: batch.device, sequence: first + UInt64(index))
      }
      state = life.state
    }
    statistics = engine.statistics()
    revision += 1
    return LiveBatch(
      device: batch.device,
      firstSequence: next.nextSequence - UInt64(samples.count),
      samples: Array(samples),
      statistics: statistics,
      state: state,
      revision: revision
    )
  }

  /// Whether the whole is to be counted anew now, by whoever asks: asking again gives no until the
  /// next is due, also when that count comes to nothing.
  package mutating func beginRecount(now: Duration) -> Bool {
    let pause = max(
      ServiceLimits.recountInterval,
      ServiceLimits.recountPausePerSample * Int(clamping: statistics.sampleCount)
    )
    guard isInexact, now - countedAt >= pause else { return false }
    countedAt = now
    return true
  }

  /// Whether these numbers hold all that the others do.
  package func includes(_ other: LiveNumbers) -> Bool {
    other.progress.allSatisfy { device, theirs in
      let ours = progress[device] ?? TrackProgress()
      return ours.nextSequence >= theirs.nextSequence
        && ours.nextEventSequence >= theirs.nextEventSequence
    }
  }

  /// Takes the place of other numbers.
  package mutating func follow(_ other: LiveNumbers) { revision = other.revision + 1 }

  private mutating func add(_ samples: ArraySlice<TrackSample>, _ events: ArraySlice<ActivityEvent>)
  {
    let late = engine.lateCount
    var events = events.sorted { $0.timeMs < $1.timeMs }[...]
    // With a second device, which way the athlete went is decided over the whole.
    if progress.count > 1 {
      isInexact = isInexact || !samples.isEmpty
    } else {
      for sample in samples {
        while let event = events.first, event.timeMs < sample.timeMs {
          engine.add(event)
          events.removeFirst()
        }
        engine.add(sample)
      }
    }
    for event in events { engine.add(event) }
    isInexact = isInexact || engine.lateCount > late
  }

  private static func new<Element>(
    _ elements: [Element],
    _ first: UInt64,
    _ next: UInt64
  ) -> ArraySlice<Element> {
    elements.dropFirst(next > first ? Int(clamping: next - first) : 0)
  }
}

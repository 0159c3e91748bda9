/// All samples and events of an activity, from all its devices, whatever order they arrived in.
///
/// Adding and merging are commutative, associative and idempotent, and the statistics are those of
/// the sorted track, so they do not depend on the order of arrival either.
package struct Track: Sendable, Hashable {
  /// The samples.
  package private(set) var samples = SequencedLog<TrackSample>()
  /// The events.
  package private(set) var events = SequencedLog<ActivityEvent>()

  /// When one device has been silent for this long, another one is followed.
  package static let handOverMs: Int64 = 10_000

  /// A track of nothing.
  package init() {}

  /// Takes samples that follow each other; those that are there already change nothing.
  package mutating func add(
    _ new: some Collection<TrackSample>,
    device: DeviceID,
    firstSequence: UInt64
  ) {
    samples.add(Array(new), device: device, firstSequence: firstSequence)
  }

  /// Takes events that follow each other; those that are there already change nothing.
  package mutating func add(
    _ new: some Collection<ActivityEvent>,
    device: DeviceID,
    firstSequence: UInt64
  ) {
    events.add(Array(new), device: device, firstSequence: firstSequence)
  }

  /// Takes all that another track holds.
  package mutating func merge(_ other: Track) {
    samples.merge(other.samples)
    events.merge(other.events)
  }

  /// The samples of one way, sorted by time.
  ///
  /// They are one device's, and another's where that one was silent: two receivers side by side
  /// are metres apart, and from one to the other and back each second is no way anybody went.
  package func way() -> [TrackSample] {
    var way: [TrackSample] = []
    var followed: DeviceID?
    for entry in samples.sorted() {
      if let last = way.last, entry.device != followed,
        entry.element.timeMs - last.timeMs <= Self.handOverMs
      {
        continue
      }
      followed = entry.device
      way.append(entry.element)
    }
    return way
  }

  /// The numbers of the whole, computed anew.
  ///
  /// - Complexity: O(count) when one device recorded in order, else O(count log count)
  package func statistics(type: ActivityType, startedAtMs: Int64) -> Statistics {
    engine(type: type, startedAtMs: startedAtMs).statistics()
  }

  /// An engine that has seen the whole, to go on from.
  ///
  /// - Complexity: O(count) when one device recorded in order, else O(count log count)
  package func engine(type: ActivityType, startedAtMs: Int64) -> StatisticsEngine {
    var engine = StatisticsEngine(type: type, startedAtMs: startedAtMs)
    var pending = events.sorted()[...]
    for sample in way() {
      while let event = pending.first?.element, event.timeMs < sample.timeMs {
        engine.add(event)
        pending.removeFirst()
      }
      engine.add(sample)
    }
    for event in pending { engine.add(event.element) }
    return engine
  }
}

extension TrackSample: Timed {
  /// The later one stays, then the one with the higher values.
  package func yields(to other: TrackSample) -> Bool { order < other.order }
}

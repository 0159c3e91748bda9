package import WorkoutCore

/// An activity without its samples.
package struct ActivityRecord: Sendable, Hashable {
  /// `state` and `endedAtMs` follow the events as far as they are settled.
  package var header: ActivityHeader
  /// Of the whole activity once it is completed; nothing before.
  package var statistics: Statistics
  /// Server's clock when the activity was first heard of, milliseconds.
  package var createdAtMs: Int64

  package init(header: ActivityHeader, statistics: Statistics, createdAtMs: Int64) {
    self.header = header
    self.statistics = statistics
    self.createdAtMs = createdAtMs
  }
}

/// What one device has got on the disk: everything below these sequences.
package struct TrackProgress: Sendable, Hashable {
  package var nextSequence: UInt64
  package var nextEventSequence: UInt64

  package init(nextSequence: UInt64 = 0, nextEventSequence: UInt64 = 0) {
    self.nextSequence = nextSequence
    self.nextEventSequence = nextEventSequence
  }
}

/// Answers `ShardStore.openActivity`.
package struct OpenedActivity: Sendable, Hashable {
  package var record: ActivityRecord
  /// Where the device that opened goes on from.
  package var progress: TrackProgress
  /// Whether the activity was not known before.
  package var isNew: Bool

  package init(record: ActivityRecord, progress: TrackProgress, isNew: Bool) {
    self.record = record
    self.progress = progress
    self.isNew = isNew
  }
}

/// Consecutive samples and consecutive events of one device.
package struct TrackBatch: Sendable, Hashable {
  package var activity: ActivityID
  package var device: DeviceID
  /// Sequence of the first sample.
  package var firstSequence: UInt64
  package var samples: [TrackSample]
  /// Sequence of the first event.
  package var firstEventSequence: UInt64
  package var events: [ActivityEvent]

  package init(
    activity: ActivityID,
    device: DeviceID,
    firstSequence: UInt64,
    samples: [TrackSample],
    firstEventSequence: UInt64 = 0,
    events: [ActivityEvent] = []
  ) {
    self.activity = activity
    self.device = device
    self.firstSequence = firstSequence
    self.samples = samples
    self.firstEventSequence = firstEventSequence
    self.events = events
  }
}

/// All that is stored of one activity's track.
package struct StoredTrack: Sendable, Hashable {
  /// One device's part, in order of sequence.
  package struct Device: Sendable, Hashable {
    package var id: DeviceID
    package var samples: [TrackSample]
    package var events: [ActivityEvent]
    package var progress: TrackProgress

    package init(
      id: DeviceID,
      samples: [TrackSample] = [],
      events: [ActivityEvent] = [],
      progress: TrackProgress = TrackProgress()
    ) {
      self.id = id
      self.samples = samples
      self.events = events
      self.progress = progress
    }
  }

  /// In order of the devices' ids.
  package var devices: [Device]

  package init(devices: [Device]) { self.devices = devices }

  /// The samples of all devices in order of time, equal times by device and sequence.
  ///
  /// - Complexity: O(n log n); O(n) for one device whose clock only went forward.
  package var samples: [TrackSample] {
    Self.sorted(devices.flatMap(\.samples), by: \.timeMs)
  }

  /// The events of all devices in the same order.
  package var events: [ActivityEvent] {
    Self.sorted(devices.flatMap(\.events), by: \.timeMs)
  }

  /// The track as the core's rules take it.
  package var merged: Track {
    var track = Track()
    for device in devices {
      track.add(device.samples, device: device.id, firstSequence: 0)
      track.add(device.events, device: device.id, firstSequence: 0)
    }
    return track
  }

  /// Swift's sort is stable in fact and not by promise, so places break ties.
  private static func sorted<Element>(
    _ elements: [Element],
    by time: (Element) -> Int64
  ) -> [Element] {
    let isSorted = zip(elements, elements.dropFirst()).allSatisfy { time($0) <= time($1) }
    guard !isSorted else { return elements }
    let order = elements.indices.sorted {
      (time(elements[$0]), $0) < (time(elements[$1]), $1)
    }
    return order.map { elements[$0] }
  }
}

/// One person's share of a list, and what of it the reader may see.
package struct ActivitySource: Sendable, Hashable {
  package var user: UserID
  /// Only activities that are at least this visible; `nil` for the owner's own list.
  package var audience: Visibility?

  package init(user: UserID, audience: Visibility?) {
    self.user = user
    self.audience = audience
  }
}

/// Where a list of activities goes on: after this one, newest start first.
package struct ActivityPosition: Sendable, Hashable, Comparable {
  package var startedAtMs: Int64
  package var id: ActivityID

  package init(startedAtMs: Int64, id: ActivityID) {
    self.startedAtMs = startedAtMs
    self.id = id
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.startedAtMs, left.id) < (right.startedAtMs, right.id)
  }
}

/// What to list: discarded activities never, live ones always.
package struct ActivityQuery: Sendable, Hashable {
  package var sources: [ActivitySource]
  /// Only these; all when empty.
  package var types: Set<ActivityType>
  /// Only those that started at or after this.
  package var startedFromMs: Int64?
  /// Only those that started before this.
  package var startedBeforeMs: Int64?
  /// `next` of the page before.
  package var after: ActivityPosition?
  /// 1 to `StoreLimits.maxActivitiesPerPage`.
  package var limit: Int

  package init(
    sources: [ActivitySource],
    types: Set<ActivityType> = [],
    startedFromMs: Int64? = nil,
    startedBeforeMs: Int64? = nil,
    after: ActivityPosition? = nil,
    limit: Int = 20
  ) {
    self.sources = sources
    self.types = types
    self.startedFromMs = startedFromMs
    self.startedBeforeMs = startedBeforeMs
    self.after = after
    self.limit = limit
  }
}

/// Part of a list of activities, newest start first.
package struct ActivityPage: Sendable, Hashable {
  /// With statistics but without splits.
  package var activities: [ActivityRecord]
  /// `nil` when this is the last page.
  package var next: ActivityPosition?
  /// People whose bucket is damaged and whose activities are missing here.
  package var unavailable: [UserID]

  package init(
    activities: [ActivityRecord],
    next: ActivityPosition?,
    unavailable: [UserID] = []
  ) {
    self.activities = activities
    self.next = next
    self.unavailable = unavailable
  }
}

internal import MartletRPC
internal import Synchronization
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

// The first request of a call: from an activity's id to a place in the hub.

extension TrackCall {
  func open(_ open: TrackOpen) async throws {
    update { $0.open(now: parts.clock.monotonic()) }
    let header = try open.header(owner: caller.user)
    let key = TrackerKey(user: caller.user, activity: header.id, device: header.device)
    place.withLock { $0 = Place(key: key, activity: nil, owner: nil) }
    // Whatever the older stream still has on its way to the store counts before this one begins.
    await parts.hub.enter(self, for: key)?.waitUntilOver()
    try await parts.refuseEndedSession(of: caller)
    let opened = try await parts.store.openActivity(header)
    try Self.check(open, against: opened.progress)
    let owner = try await parts.store.people([caller.user])[caller.user]
    place.withLock { $0 = Place(key: key, activity: nil, owner: owner) }
    if opened.record.header.state.isFinal {
      // Asked for again because a record that opens an activity has no splits.
      let record = try await parts.store.activity(header.id) ?? opened.record
      return try resumeSettled(
        OpenedActivity(record: record, progress: opened.progress, isNew: false)
      )
    }
    try await enter(opened, key, owner)
    parts.log.info(
      opened.isNew ? "activity-opened" : "activity-resumed",
      [
        "activity": header.id.text, "user": caller.user.text, "device": header.device.text,
        "next_sequence": String(opened.progress.nextSequence),
      ]
    )
  }

  private func enter(
    _ opened: OpenedActivity,
    _ key: TrackerKey,
    _ owner: PersonRecord?
  ) async throws {
    let header = opened.record.header
    let activity = parts.hub.join(header, WorkoutCore.Statistics())
    place.withLock { $0 = Place(key: key, activity: activity, owner: owner) }
    if !activity.isCounted {
      let numbers = try await parts.countedNumbers(header, isNew: opened.isNew)
      // A FINISH or DISCARD is on the disk, but the server stopped before it was settled.
      if numbers.state.isFinal {
        return try resumeSettled(
          OpenedActivity(
            record: try await parts.store.settleActivity(header.id),
            progress: opened.progress,
            isNew: false
          )
        )
      }
      _ = activity.adopt(numbers)
    }
    activity.attach(self)
    let (current, statistics) = activity.current
    update {
      $0.opened(
        TrackReply.Opened(state: current.state, progress: opened.progress),
        statistics,
        watchers: activity.people,
        now: parts.clock.monotonic()
      )
    }
    parts.hub.bus.publish(.began(header.id, owner: header.owner))
  }

  private func resumeSettled(_ opened: OpenedActivity) throws(RPCError) {
    let record = opened.record
    guard record.header.state != .discarded else {
      throw RPCError(.failedPrecondition, "the activity is discarded")
    }
    update {
      $0.openedSettled(
        TrackReply.Opened(state: record.header.state, progress: opened.progress),
        TrackReply.Settled(record.header, record.statistics)
      )
    }
  }

  /// A device that holds less than the server wants cannot go on without a gap.
  private static func check(
    _ open: TrackOpen,
    against progress: TrackProgress
  ) throws(RPCError) {
    guard open.firstHeldSequence <= progress.nextSequence else {
      throw RPCError(
        .outOfRange,
        "open.first_held_sequence: \(open.firstHeldSequence) leaves a gap, "
          + "\(progress.nextSequence) is wanted next"
      )
    }
    guard open.firstHeldEventSequence <= progress.nextEventSequence else {
      throw RPCError(
        .outOfRange,
        "open.first_held_event_sequence: \(open.firstHeldEventSequence) leaves a gap, "
          + "\(progress.nextEventSequence) is wanted next"
      )
    }
  }
}

internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

/// One call of Watch: finds the activity, gives the route so far, then steps through the feed.
struct WatchCall: Sendable {
  let parts: ServiceParts
  let caller: Caller
  /// Raised by the feed, by somebody going live, and when the server stops.
  private let wake = WakeUp()

  init(parts: ServiceParts, caller: Caller) {
    self.parts = parts
    self.caller = caller
  }

  func run(_ request: WatchRequest, _ responses: MessageWriter<WatchResponse>) async throws {
    guard parts.hub.enterWatch(wake, user: caller.user, session: caller.session) else {
      throw RPCError(.resourceExhausted, "you watch too much at once: end some of it first")
    }
    defer { parts.hub.exitWatch(wake) }
    try await parts.refuseEndedSession(of: caller)
    let record = try await target(of: request)
    let activity = parts.hub.join(record.header, record.statistics)
    defer { parts.hub.leave(activity) }
    guard let place = activity.watch(as: caller.user, wake: wake) else {
      throw RPCError(.resourceExhausted, "too many people watch this activity")
    }
    tellWatchers(activity)
    defer {
      activity.leave(place)
      tellWatchers(activity)
    }
    let owner = try await parts.store.people([activity.owner])[activity.owner]
    let watched = Watched(activity: activity, place: place, owner: owner)
    try await sendSnapshot(watched, request.maxRouteSamples, responses)
    try await sendUpdates(watched, responses)
  }

  private struct Watched {
    let activity: LiveActivity
    let place: LiveFeed.WatcherID
    let owner: PersonRecord?
  }

  private func tellWatchers(_ activity: LiveActivity) {
    parts.hub.bus.publish(.watchers(activity.id, activity.people))
  }

  // MARK: Finding it

  private func target(of request: WatchRequest) async throws -> ActivityRecord {
    switch request.target {
    case .activityId(let text)?:
      let id: ActivityID = try Validation.id(text, "activity_id")
      guard let record = try await visible(try await parts.store.activity(id)) else {
        throw RPCError(.notFound, "no such live activity")
      }
      return record
    case .username(let name)?:
      guard name.utf8.count <= ServiceLimits.identifierBytes,
        let person = try await parts.store.user(named: name)
      else { throw RPCError(.notFound, "username: nobody has that name") }
      return try await liveActivity(of: person.id, mayWait: request.waitUntilLive)
    case nil:
      throw Validation.fail("target", "is missing: give a username or an activity_id")
    }
  }

  private func liveActivity(of person: UserID, mayWait: Bool) async throws -> ActivityRecord {
    guard mayWait else {
      guard let record = try await visible(try await parts.store.liveActivity(of: person)) else {
        throw RPCError(.notFound, "no live activity of that person")
      }
      return record
    }
    // Waits before it looks, so that nothing that begins in between is missed.
    guard parts.hub.waitForLive(person, wake: wake) else {
      throw RPCError(.resourceExhausted, "too many people wait for this person")
    }
    defer { parts.hub.stopWaiting(for: person, wake: wake) }
    while true {
      try refuseWhenEnding()
      if let record = try await visible(try await parts.store.liveActivity(of: person)) {
        return record
      }
      try await wake.wait()
    }
  }

  private func visible(_ record: ActivityRecord?) async throws -> ActivityRecord? {
    guard let record, !record.header.state.isFinal,
      try await parts.maySee(record.header, caller.user)
    else { return nil }
    return record
  }

  // MARK: The route so far

  private func sendSnapshot(
    _ watched: Watched,
    _ maxSamples: UInt32,
    _ responses: MessageWriter<WatchResponse>
  ) async throws {
    let activity = watched.activity
    let track = try await parts.store.track(of: activity.id)
    activity.setKnown(
      Dictionary(track.devices.map { ($0.id, $0.progress.nextSequence) }) { $1 },
      by: watched.place
    )
    // The place in the feed was taken before: what happened until then shows only here.
    guard let record = try await parts.store.activity(activity.id),
      try await parts.maySee(record.header, caller.user)
    else { throw RPCError(.notFound, "no such live activity") }
    if record.header.state.isFinal { activity.end(record.header, record.statistics) }
    let now = parts.clock.monotonic()
    let isCounted = activity.isCounted
    let (route, numbers) = try await parts.heavy(samples: track.sampleCount) {
      let samples = Thinning.thin(track.samples, limit: Int(clamping: maxSamples))
      return (
        WorkoutSchema.SampleColumns.chunks(of: samples),
        isCounted ? nil : LiveNumbers(header: record.header, track: track, now: now)
      )
    }
    if let numbers, !numbers.state.isFinal { activity.show(numbers.statistics, numbers.state) }
    let (header, statistics) = activity.current
    var snapshot = WatchSnapshot()
    snapshot.activity = WorkoutSchema.Activity(header, owner: watched.owner, statistics: statistics)
    snapshot.route = route
    var response = WatchResponse()
    response.content = .snapshot(snapshot)
    try await responses.send(response)
  }

  // MARK: What comes

  private func sendUpdates(
    _ watched: Watched,
    _ responses: MessageWriter<WatchResponse>
  ) async throws {
    while true {
      try refuseWhenEnding()
      var response = WatchResponse()
      switch watched.activity.step(watched.place) {
      case .wait:
        try await wake.wait()
        continue
      case .checkPermission:
        guard try await parts.maySee(watched.activity.current.header, caller.user) else {
          throw RPCError(.permissionDenied, "you may not see this activity any more")
        }
        continue
      case .tooSlow:
        throw RPCError(.resourceExhausted, "too far behind: watch again to begin with the route")
      case .update(let samples, let statistics, let state, let conflated):
        var update = WatchUpdate()
        update.samples = WorkoutSchema.SampleColumns.chunks(of: samples)
        update.statistics = WorkoutSchema.Statistics(statistics)
        update.state = WorkoutSchema.ActivityState(state)
        update.conflated = conflated
        response.content = .update(update)
      case .ended(let header, let statistics):
        response.content = .completed(
          WorkoutSchema.Activity(header, owner: watched.owner, statistics: statistics)
        )
        return try await responses.send(response)
      }
      try await responses.send(response)
    }
  }

  private func refuseWhenEnding() throws(RPCError) {
    switch parts.hub.watchEnding(wake) {
    case .serverStops: throw RPCError(.unavailable, "the server is shutting down: watch again")
    case .sessionEnded: throw RPCError(AccessTokenError.revoked)
    case nil: return
    }
  }
}

internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

extension WorkoutSchema.TrackOpen {
  /// Whose activity this opens, checked field by field.
  func header(owner: UserID) throws(RPCError) -> ActivityHeader {
    let id: ActivityID = try Validation.id(activityId, "open.activity_id")
    let device: DeviceID = try Validation.id(deviceId, "open.device_id")
    guard let type = WorkoutCore.ActivityType(type) else {
      throw Validation.fail("open.type", "\(self.type.rawValue) is not a known type")
    }
    guard let visibility = WorkoutCore.Visibility(visibility) else {
      throw Validation.fail(
        "open.visibility",
        "\(self.visibility.rawValue) is not a known visibility"
      )
    }
    try Validation.time(startedAtMs, "open.started_at_ms")
    try Validation.timeZone(timeZone, "open.time_zone")
    try Validation.text(title, "open.title", characters: CoreLimits.maxTitleCharacters)
    return ActivityHeader(
      id: id,
      owner: owner,
      device: device,
      type: type,
      startedAtMs: startedAtMs,
      timeZone: timeZone,
      title: title,
      visibility: visibility
    )
  }
}

extension WorkoutSchema.TrackBatch {
  /// The batch as the store takes it, checked whole.
  func batch(
    activity: ActivityID,
    device: DeviceID
  ) throws(RPCError) -> WorkoutStore.TrackBatch {
    let samples = try samples?.decoded("batch.samples") ?? []
    try Self.checkSequence(firstSequence, samples.count, "batch.first_sequence")
    try Self.checkSequence(firstEventSequence, events.count, "batch.first_event_sequence")
    return WorkoutStore.TrackBatch(
      activity: activity,
      device: device,
      // What is not there has no place, whatever the field says.
      firstSequence: samples.isEmpty ? 0 : firstSequence,
      samples: samples,
      firstEventSequence: events.isEmpty ? 0 : firstEventSequence,
      events: try checkedEvents()
    )
  }

  private func checkedEvents() throws(RPCError) -> [WorkoutCore.ActivityEvent] {
    guard events.count <= ServiceLimits.eventsPerBatch else {
      throw Validation.fail(
        "batch.events",
        "\(events.count) are more than \(ServiceLimits.eventsPerBatch)"
      )
    }
    var checked: [WorkoutCore.ActivityEvent] = []
    for (index, event) in events.enumerated() {
      try Validation.time(event.timeMs, "batch.events[\(index)].time_ms")
      guard let raw = UInt8(exactly: event.type.rawValue),
        let kind = WorkoutCore.ActivityEvent.Kind(rawValue: raw)
      else {
        throw Validation.fail(
          "batch.events[\(index)].type",
          "\(event.type.rawValue) is not a known event"
        )
      }
      checked.append(WorkoutCore.ActivityEvent(type: kind, timeMs: event.timeMs))
    }
    return checked
  }

  private static func checkSequence(
    _ first: UInt64,
    _ count: Int,
    _ field: String
  ) throws(RPCError) {
    // SQLite's integers, and those of Java and JavaScript's bindings, have a sign.
    let (end, overflows) = first.addingReportingOverflow(UInt64(count))
    guard !overflows, end <= UInt64(Int64.max) else { throw Validation.fail(field, "is too large") }
  }
}

extension WorkoutSchema.TrackResponse {
  init(_ reply: TrackReply, owner: PersonRecord?) {
    self.init()
    opened = reply.opened.map(TrackOpened.init)
    ack = reply.ack.map(TrackAck.init)
    statistics = reply.statistics.map { WorkoutSchema.Statistics($0) }
    sendPolicy = reply.watchers.map(SendPolicy.init(watchers:))
    heartbeat = reply.heartbeat.map { id in
      var heartbeat = Heartbeat()
      heartbeat.id = id
      return heartbeat
    }
    completed = reply.completed.map { settled in
      WorkoutSchema.Activity(settled.header, owner: owner, statistics: settled.statistics)
    }
  }
}

extension WorkoutSchema.TrackOpened {
  fileprivate init(_ opened: TrackReply.Opened) {
    self.init()
    state = WorkoutSchema.ActivityState(opened.state)
    nextSequence = opened.progress.nextSequence
    nextEventSequence = opened.progress.nextEventSequence
    idleTimeoutMs = ServiceLimits.trackIdleTimeout.wholeMilliseconds
  }
}

extension WorkoutSchema.TrackAck {
  fileprivate init(_ progress: TrackProgress) {
    self.init()
    nextSequence = progress.nextSequence
    nextEventSequence = progress.nextEventSequence
  }
}

extension WorkoutSchema.SendPolicy {
  fileprivate init(watchers: Int) {
    self.init()
    let interval =
      watchers > 0 ? ServiceLimits.watchedSendInterval : ServiceLimits.unwatchedSendInterval
    intervalMs = interval.wholeMilliseconds
    self.watchers = UInt32(clamping: watchers)
  }
}

extension Duration {
  /// Rounded down, and clamped to what the schema's fields hold.
  var wholeMilliseconds: UInt32 {
    let (seconds, attoseconds) = components
    let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
    guard !milliseconds.overflow else { return seconds < 0 ? 0 : .max }
    return UInt32(clamping: milliseconds.partialValue + attoseconds / 1_000_000_000_000_000)
  }
}

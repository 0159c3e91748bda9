package import WorkoutCore

extension SQLiteStore {
  package func openActivity(
    _ header: ActivityHeader
  ) async throws(StoreError) -> OpenedActivity {
    try check(header)
    let owner = try await on(.directory(directory(of: header.id))) { file throws(StoreError) in
      try file.owner(of: header.id)
    }
    guard owner == nil || owner == header.owner else { throw .notOwner }
    if owner == nil { try await claim(header) }
    let now = configuration.now()
    let (record, isNew) = try await onBucket(of: header.owner) { file throws(StoreError) in
      try file.openActivity(header, createdAtMs: now)
    }
    let progress = try await load(header.id, owner: header.owner, device: header.device)
    return OpenedActivity(record: record, progress: progress, isNew: isNew)
  }

  private func check(_ header: ActivityHeader) throws(StoreError) {
    guard header.title.utf8.count <= StoreLimits.maxTextBytes else {
      throw .invalid(field: "title")
    }
    guard header.timeZone.utf8.count <= StoreLimits.maxTextBytes else {
      throw .invalid(field: "timeZone")
    }
    guard CoreLimits.timeMs.contains(header.startedAtMs) else {
      throw .invalid(field: "startedAtMs")
    }
  }

  private func claim(_ header: ActivityHeader) async throws(StoreError) {
    // An id must not be taken for good by an owner who does not exist.
    let hasOwner = try await onBucket(of: header.owner) { file throws(StoreError) in
      try file.hasUser(header.owner)
    }
    guard hasOwner else { throw .userNotFound }
    let owner = try await on(.directory(directory(of: header.id))) { file throws(StoreError) in
      try file.claimActivity(header.id, for: header.owner)
    }
    guard owner == header.owner else { throw .notOwner }
  }

  /// Takes an activity into memory unless it is final; says where the device goes on.
  private func load(
    _ id: ActivityID,
    owner: UserID,
    device: DeviceID
  ) async throws(StoreError) -> TrackProgress {
    let bucket = bucket(of: owner)
    // The second round is for an activity that was completed between the two steps of the first.
    for _ in 0..<2 {
      let settled = try await on(.bucket(bucket)) { file throws(StoreError) in
        try file.progress(of: id)
      }
      guard let settled else { throw .activityNotFound }
      if settled.state.isFinal { return settled.devices[device] ?? TrackProgress() }
      route(id, toBucket: bucket)
      let progress = try await journal(ofBucket: bucket).run { shard throws(StoreError) in
        try shard.install(id, bucket: bucket, settled, device: device)
      }
      if let progress { return progress }
    }
    throw .activityClosed(.completed)
  }

  package func append(_ batch: TrackBatch) async throws(StoreError) -> TrackProgress {
    try check(batch)
    let chunk = TailChunk(
      device: batch.device,
      firstSequence: batch.firstSequence,
      sampleCount: batch.samples.count,
      samples: batch.samples.isEmpty ? [] : TrackEncoder.encode(batch.samples),
      firstEventSequence: batch.firstEventSequence,
      events: batch.events
    )
    if let journal = journal(of: batch.activity),
      let progress = try await journal.append(batch, chunk)
    {
      return progress
    }
    return try await appendAfterLoading(batch, chunk)
  }

  private func check(_ batch: TrackBatch) throws(StoreError) {
    guard batch.samples.count <= StoreLimits.maxSamplesPerAppend,
      batch.samples.allSatisfy(\.isValid)
    else { throw .invalid(field: "samples") }
    guard batch.events.count <= StoreLimits.maxEventsPerAppend,
      batch.events.allSatisfy({ CoreLimits.timeMs.contains($0.timeMs) })
    else { throw .invalid(field: "events") }
  }

  /// The activity was not in memory: it was silent for long, is over, or was never opened.
  private func appendAfterLoading(
    _ batch: TrackBatch,
    _ chunk: TailChunk
  ) async throws(StoreError) -> TrackProgress {
    let id = batch.activity
    guard let owner = try await owner(of: id) else { throw .activityNotFound }
    let settled = try await onBucket(of: owner) { file throws(StoreError) in
      try file.progress(of: id)
    }
    guard let settled else { throw .activityNotFound }
    if settled.state.isFinal {
      let reached = settled.devices[batch.device] ?? TrackProgress()
      let isRepeat =
        (batch.samples.isEmpty || chunk.end(isWithin: reached.nextSequence))
        && (batch.events.isEmpty || chunk.events(areWithin: reached.nextEventSequence))
      guard isRepeat else { throw .activityClosed(settled.state) }
      return reached
    }
    _ = try await load(id, owner: owner, device: batch.device)
    guard let progress = try await journal(ofBucket: bucket(of: owner)).append(batch, chunk) else {
      // Forgotten, or completed, between the two steps: the device tries again.
      throw .overloaded(limit: "maxLiveActivities")
    }
    return progress
  }

  func owner(of id: ActivityID) async throws(StoreError) -> UserID? {
    try await on(.directory(directory(of: id))) { file throws(StoreError) in
      try file.owner(of: id)
    }
  }

  package func settleActivity(_ id: ActivityID) async throws(StoreError) -> ActivityRecord {
    guard let owner = try await owner(of: id) else { throw .activityNotFound }
    let bucket = bucket(of: owner)
    let tail = try await unsettled(id, bucket: bucket)
    guard let tail, let state = tail.closing else {
      let record = try await on(.bucket(bucket)) { file throws(StoreError) in
        try file.activity(id, withSplits: true)
      }
      guard let record else { throw .activityNotFound }
      guard record.header.state.isFinal else { throw .invalid(field: "events: not finished") }
      return record
    }
    let summarize = configuration.summarize
    let record = try await on(.bucket(bucket)) { file throws(StoreError) in
      try file.settle(tail.flush, as: state, summarize: summarize)
    }
    try? await journal(ofBucket: bucket).run { shard in shard.finished(id) }
    forgetRoute(id)
    return record
  }

  func unsettled(
    _ id: ActivityID,
    bucket: Int
  ) async throws(StoreError) -> UnsettledTail? {
    try await journal(ofBucket: bucket).run { shard in shard.unsettled(id) }
  }

  package func liveActivity(of user: UserID) async throws(StoreError) -> ActivityRecord? {
    let record = try await onBucket(of: user) { file throws(StoreError) in
      try file.liveActivity(of: user)
    }
    guard let record else { return nil }
    return try await withLiveState(record)
  }

  /// Buttons pressed since the last flush are in the tail only.
  func withLiveState(_ record: ActivityRecord) async throws(StoreError) -> ActivityRecord {
    guard !record.header.state.isFinal else { return record }
    let tail = try await unsettled(record.header.id, bucket: bucket(of: record.header.owner))
    var record = record
    if let running = tail?.running { record.header.state = running }
    return record
  }
}

extension TailChunk {
  /// Whether all its samples lie below a sequence; sums of foreign sequences may overflow.
  fileprivate func end(isWithin next: UInt64) -> Bool {
    let (end, overflow) = firstSequence.addingReportingOverflow(UInt64(sampleCount))
    return !overflow && end <= next
  }

  fileprivate func events(areWithin next: UInt64) -> Bool {
    let (end, overflow) = firstEventSequence.addingReportingOverflow(UInt64(events.count))
    return !overflow && end <= next
  }
}

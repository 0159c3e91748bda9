internal import MartletSQLite
internal import WorkoutCore

/// A live activity's unsettled data on its way into the bucket file.
struct TailFlush: Sendable {
  var activity: ActivityID
  /// In the order they were committed in.
  var chunks: [TailChunk]
}

/// What the bucket file knows of an activity that may be live.
struct SettledProgress: Sendable {
  var owner: UserID
  var state: ActivityState
  var devices: [DeviceID: TrackProgress]
}

extension BucketFile {
  /// Where each device goes on, as far as this file knows; `nil` for an unknown activity.
  func progress(of id: ActivityID) throws(StoreError) -> SettledProgress? {
    let found = try first("SELECT owner, state FROM activity WHERE id = ?1", [.id(id)]) { row in
      SettledProgress(owner: row.id(0), state: row.value(1, else: .recording), devices: [:])
    }
    guard var progress = found else { return nil }
    let rows = try query(
      "SELECT device, next_sequence, next_event_sequence FROM recording WHERE activity = ?1",
      [.id(id)]
    ) { row in
      (
        row.id(0, DeviceID.self),
        TrackProgress(nextSequence: row.count(1), nextEventSequence: row.count(2))
      )
    }
    for (device, position) in rows { progress.devices[device] = position }
    return progress
  }

  /// Moves tails into parts, all in one transaction.
  ///
  /// What is settled already is skipped, so that it may be repeated after a crash.
  func flush(_ flushes: [TailFlush]) throws(StoreError) {
    try transaction { () throws(StoreError) in
      for flush in flushes { try self.flush(flush) }
    }
  }

  private func flush(_ flush: TailFlush) throws(StoreError) {
    guard let settled = try progress(of: flush.activity) else { throw .activityNotFound }
    guard !settled.state.isFinal else { return }
    var events: [ActivityEvent] = []
    for device in devices(in: flush.chunks) {
      let start = settled.devices[device] ?? TrackProgress()
      var part = StoredTrack.Device(id: device, progress: start)
      for chunk in flush.chunks where chunk.device == device { try part.extend(with: chunk) }
      guard part.progress != start else { continue }
      try run(
        "INSERT INTO part VALUES(NULL, ?1, ?2, ?3, ?4, ?5, ?6)",
        [
          .id(flush.activity), .id(device), .count(start.nextSequence),
          .count(start.nextEventSequence), .blob(TrackEncoder.encode(part.samples)),
          .blob(EventStorage.encode(part.events)),
        ]
      )
      try write(part.progress, of: flush.activity, device)
      events += part.events
    }
    if let state = events.runningState {
      try run(
        "UPDATE activity SET state = ?2 WHERE id = ?1 AND state IN (1, 2)",
        [.id(flush.activity), .int(Int64(state.rawValue))]
      )
    }
  }

  /// Completes or discards an activity: parts and tail become one stream a device, and the final
  /// record is written, all in one transaction.
  ///
  /// Again returns the record as it is.
  func settle(
    _ flush: TailFlush,
    as state: ActivityState,
    summarize: (ActivityHeader, StoredTrack) -> Statistics
  ) throws(StoreError) -> ActivityRecord {
    try transaction { () throws(StoreError) in
      guard var record = try activity(flush.activity, withSplits: true) else {
        throw .activityNotFound
      }
      guard !record.header.state.isFinal else { return record }
      let track = try track(of: flush.activity, extendedBy: flush.chunks)
      let events = track.events
      record.header.state = state
      record.header.endedAtMs =
        events.first { $0.type == .finish || $0.type == .discard }?.timeMs
        ?? track.samples.last?.timeMs
      try dropTrack(of: flush.activity)
      if state == .completed {
        record.statistics = summarize(record.header, track)
        try writeStreams(track, of: flush.activity)
      }
      for device in track.devices { try write(device.progress, of: flush.activity, device.id) }
      try writeFinal(record)
      return record
    }
  }

  /// What is stored of the track, and the chunks that are not.
  func track(
    of id: ActivityID,
    extendedBy chunks: [TailChunk]
  ) throws(StoreError) -> StoredTrack {
    let rows = try query(
      """
      SELECT device, samples, events, 0 AS place FROM stream WHERE activity = ?1
      UNION ALL SELECT device, samples, events, key FROM part WHERE activity = ?1
      ORDER BY device, place
      """,
      [.id(id)]
    ) { row in (device: row.id(0, DeviceID.self), samples: row.blob(1), events: row.blob(2)) }
    var devices: [DeviceID: StoredTrack.Device] = [:]
    for row in rows {
      guard let samples = try? TrackDecoder.decode(row.samples),
        let events = try? EventStorage.decode(row.events)
      else { throw damage() }
      devices[row.device, default: .init(id: row.device)].samples += samples
      devices[row.device, default: .init(id: row.device)].events += events
    }
    for (device, progress) in try progress(of: id)?.devices ?? [:] {
      devices[device, default: .init(id: device)].progress = progress
    }
    for chunk in chunks {
      try devices[chunk.device, default: .init(id: chunk.device)].extend(with: chunk)
    }
    return StoredTrack(devices: devices.values.sorted { $0.id < $1.id })
  }

  // MARK: Writing

  private func devices(in chunks: [TailChunk]) -> [DeviceID] {
    Set(chunks.map(\.device)).sorted()
  }

  private func write(
    _ progress: TrackProgress,
    of id: ActivityID,
    _ device: DeviceID
  ) throws(StoreError) {
    try run(
      "INSERT OR REPLACE INTO recording VALUES(?1, ?2, ?3, ?4)",
      [
        .id(id), .id(device), .count(progress.nextSequence), .count(progress.nextEventSequence),
      ]
    )
  }

  private func dropTrack(of id: ActivityID) throws(StoreError) {
    try run("DELETE FROM part WHERE activity = ?1", [.id(id)])
    try run("DELETE FROM stream WHERE activity = ?1", [.id(id)])
  }

  private func writeStreams(_ track: StoredTrack, of id: ActivityID) throws(StoreError) {
    for device in track.devices {
      try run(
        "INSERT INTO stream VALUES(NULL, ?1, ?2, ?3, ?4)",
        [
          .id(id), .id(device.id), .blob(TrackEncoder.encode(device.samples)),
          .blob(EventStorage.encode(device.events)),
        ]
      )
    }
  }

  private func writeFinal(_ record: ActivityRecord) throws(StoreError) {
    try run(
      "UPDATE activity SET state = ?2, ended_at = ?3, summary = ?4 WHERE id = ?1",
      [
        .id(record.header.id), .int(Int64(record.header.state.rawValue)),
        .optional(record.header.endedAtMs),
        .blob(StatisticsStorage.encodeSummary(record.statistics)),
      ]
    )
    guard !record.statistics.splits.isEmpty else { return }
    try run(
      "INSERT OR REPLACE INTO activity_splits(activity, splits) VALUES(?1, ?2)",
      [
        .id(record.header.id),
        .blob(StatisticsStorage.encodeSplits(record.statistics.splits)),
      ]
    )
  }
}

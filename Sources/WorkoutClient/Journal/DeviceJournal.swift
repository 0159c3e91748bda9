internal import MartletSQLite
package import WorkoutCore

/// What a device recorded and the server may not hold yet, in one file for each account.
///
/// An append is on disk when it returns: it survives a crash of the program or the system, and
/// power loss as far as the disk keeps its promises (SQLite, write-ahead log, `synchronous=FULL`).
/// One append is one commit, so whoever has several samples at once appends them together.
///
/// Calls block for a disk write. An actor, so that any task may use it.
public actor DeviceJournal {
  private let database: Database

  /// Opens a journal, or makes one.
  ///
  /// - Parameter path: The file; its directory exists.
  /// - Throws: `JournalError` when it is no journal, damaged, or written by a newer program.
  public init(path: String) throws(JournalError) {
    do {
      var options = DatabaseOptions()
      options.applicationID = JournalSchema.applicationID
      options.cacheKibibytes = 256
      options.walAutocheckpointPages = 256
      options.walSizeLimitBytes = 1 << 20
      database = try Database(path: path, options: options)
      try JournalSchema.migrations.apply(to: database)
    } catch {
      throw JournalError(error)
    }
  }

  /// Closes the file; later calls fail.
  public func close() { database.close() }
}

// MARK: - Recording

extension DeviceJournal {
  /// Starts an activity.
  ///
  /// - Parameter header: What describes it.
  /// - Throws: `.limit` with too many activities waiting; `.invalid` when the id is taken.
  package func start(_ header: JournalActivity.Header) throws(JournalError) {
    try transaction { () throws(JournalError) in
      let waiting = try first("SELECT count(*) FROM activity WHERE is_completed = 0") {
        $0.int64(0)
      }
      guard (waiting ?? 0) < JournalLimits.openActivities else {
        let limit = JournalLimits.openActivities
        throw JournalError(kind: .limit, message: "\(limit) activities wait for the server")
      }
      try run(
        """
        INSERT INTO activity(id, device, type, started_at_ms, time_zone, title, visibility, source)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """,
        [
          .text(header.id.text), .text(header.device.text), .int(Int64(header.type.rawValue)),
          .int(header.startedAtMs), .text(header.timeZone), .text(header.title),
          .int(Int64(header.visibility.rawValue)), .text(header.source),
        ]
      )
    }
  }

  /// Appends samples after those that the activity has, in one commit.
  ///
  /// - Parameters:
  ///   - samples: 1 to `JournalLimits.samplesPerAppend`, all valid.
  ///   - id: The activity.
  /// - Returns: How many samples the activity has now.
  /// - Throws: `.ended`, `.unknownActivity`, `.limit`, `.invalid`, or a fault of the disk; then
  ///   nothing was appended.
  @discardableResult
  package func append(
    _ samples: [TrackSample],
    to id: ActivityID
  ) throws(JournalError) -> UInt64 {
    guard !samples.isEmpty, samples.count <= JournalLimits.samplesPerAppend else {
      let limit = JournalLimits.samplesPerAppend
      throw JournalError(kind: .limit, message: "an append holds 1 to \(limit) samples")
    }
    let stored = TrackEncoder.encode(samples)
    // Reads back what it will write: a sample that no codec takes is refused now, while the
    // caller can still act, and not when it is sent.
    do { _ = try TrackDecoder.decode(stored, limit: samples.count) } catch {
      throw JournalError(kind: .invalid, message: "a sample is invalid: \(error)")
    }
    return try transaction { () throws(JournalError) in
      let (key, activity) = try openRow(id)
      let end = activity.sampleCount + UInt64(samples.count)
      guard end <= JournalLimits.samplesPerActivity else {
        let limit = JournalLimits.samplesPerActivity
        throw JournalError(kind: .limit, message: "an activity holds at most \(limit) samples")
      }
      try run(
        "INSERT INTO samples(activity, first_sequence, count, stored) VALUES(?1, ?2, ?3, ?4)",
        [.int(key), .int(Int64(activity.sampleCount)), .int(Int64(samples.count)), .blob(stored)]
      )
      try run(
        "UPDATE activity SET sample_count = ?2 WHERE key = ?1",
        [.int(key), .int(Int64(end))]
      )
      return end
    }
  }

  /// Appends an event after all samples that the activity has, in one commit.
  ///
  /// After a FINISH or DISCARD nothing can be appended.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - id: The activity.
  /// - Returns: The event with its place.
  /// - Throws: As appending samples does.
  @discardableResult
  package func append(
    _ event: ActivityEvent,
    to id: ActivityID
  ) throws(JournalError) -> JournalEvent {
    try transaction { () throws(JournalError) in
      let (key, activity) = try openRow(id)
      // The last place is kept for the event that ends the activity: it can always be ended.
      let room = JournalLimits.eventsPerActivity - (event.type.isFinal ? 0 : 1)
      guard activity.eventCount < room else {
        let limit = JournalLimits.eventsPerActivity
        throw JournalError(kind: .limit, message: "an activity holds at most \(limit) events")
      }
      try run(
        """
        INSERT INTO event(activity, sequence, after_sample, type, time_ms)
        VALUES(?1, ?2, ?3, ?4, ?5)
        """,
        [
          .int(key), .int(Int64(activity.eventCount)), .int(Int64(activity.sampleCount)),
          .int(Int64(event.type.rawValue)), .int(event.timeMs),
        ]
      )
      try run(
        "UPDATE activity SET event_count = event_count + 1, is_ended = ?2 WHERE key = ?1",
        [.int(key), .int(event.type.isFinal ? 1 : 0)]
      )
      return JournalEvent(afterSample: activity.sampleCount, event: event)
    }
  }

  private func openRow(_ id: ActivityID) throws(JournalError) -> (Int64, JournalActivity) {
    let (key, activity) = try row(id)
    guard !activity.isEnded, !activity.isCompleted else {
      throw JournalError(kind: .ended, message: "activity \(id) has ended")
    }
    return (key, activity)
  }
}

// MARK: - Sending

extension DeviceJournal {
  /// Writes down what the server holds.
  ///
  /// The server's word counts, also when it is less than before.
  ///
  /// - Parameters:
  ///   - samples: The server holds all samples below this sequence.
  ///   - events: The server holds all events below this sequence.
  ///   - id: The activity.
  /// - Throws: `.unknownActivity` or a fault of the disk.
  package func saveAcknowledged(
    samples: UInt64,
    events: UInt64,
    of id: ActivityID
  ) throws(JournalError) {
    try transaction { () throws(JournalError) in
      let (key, activity) = try row(id)
      guard !activity.isCompleted else { return }
      try run(
        "UPDATE activity SET acknowledged_samples = ?2, acknowledged_events = ?3 WHERE key = ?1",
        [
          .int(key), .int(Int64(min(samples, activity.sampleCount))),
          .int(Int64(min(events, activity.eventCount))),
        ]
      )
    }
  }

  /// Forgets the samples and events of an activity that the server has settled.
  ///
  /// The activity itself stays known, so that it is not recorded again; the oldest completed ones
  /// go beyond `JournalLimits.completedActivities`.
  ///
  /// - Parameter id: The activity; completing it again changes nothing.
  /// - Throws: `.unknownActivity` or a fault of the disk.
  package func complete(_ id: ActivityID) throws(JournalError) {
    try transaction { () throws(JournalError) in
      let (key, _) = try row(id)
      try run("DELETE FROM samples WHERE activity = ?1", [.int(key)])
      try run("DELETE FROM event WHERE activity = ?1", [.int(key)])
      try run(
        """
        UPDATE activity SET is_completed = 1, is_ended = 1, acknowledged_samples = sample_count,
          acknowledged_events = event_count WHERE key = ?1
        """,
        [.int(key)]
      )
      try run(
        """
        DELETE FROM activity WHERE is_completed = 1 AND key NOT IN
          (SELECT key FROM activity WHERE is_completed = 1 ORDER BY key DESC LIMIT ?1)
        """,
        [.int(Int64(JournalLimits.completedActivities))]
      )
    }
  }

  /// Reads samples back.
  ///
  /// - Parameters:
  ///   - range: Sequences; what lies beyond the end is left out.
  ///   - id: The activity.
  /// - Returns: The samples in order of sequence.
  /// - Throws: `.damaged` when a row is missing or its checksum does not fit.
  /// - Complexity: O(samples in the rows that the range touches).
  package func samples(
    _ range: Range<UInt64>,
    of id: ActivityID
  ) throws(JournalError) -> [TrackSample] {
    let (key, activity) = try row(id)
    let end = min(range.upperBound, activity.isCompleted ? 0 : activity.sampleCount)
    guard range.lowerBound < end else { return [] }
    let rows = try query(
      """
      SELECT first_sequence, stored FROM samples WHERE activity = ?1 AND first_sequence < ?3
        AND first_sequence >= (SELECT max(first_sequence) FROM samples
          WHERE activity = ?1 AND first_sequence <= ?2)
      ORDER BY first_sequence
      """,
      [.int(key), .int(Int64(range.lowerBound)), .int(Int64(end))]
    ) { (first: UInt64(clamping: $0.int64(0)), stored: $0.blob(1)) }
    var samples: [TrackSample] = []
    samples.reserveCapacity(Int(end - range.lowerBound))
    var next = rows.first?.first ?? 0
    for row in rows {
      guard row.first == next else { throw damaged(id, "samples from \(next) are missing") }
      let held: [TrackSample]
      do { held = try TrackDecoder.decode(row.stored, limit: JournalLimits.samplesPerAppend) } catch
      {
        throw damaged(id, "samples from \(row.first): \(error)")
      }
      next += UInt64(held.count)
      let skipped = range.lowerBound > row.first ? Int(range.lowerBound - row.first) : 0
      let taken = min(held.count, Int(end - row.first))
      samples += held[min(skipped, taken)..<taken]
    }
    guard samples.count == Int(end - range.lowerBound) else {
      throw damaged(id, "samples before \(end) are missing")
    }
    return samples
  }

  /// Reads events back, all of an activity.
  ///
  /// - Parameter id: The activity.
  /// - Returns: The events in order of sequence; none for a completed activity.
  /// - Throws: `.damaged` when one is missing or unknown.
  package func events(of id: ActivityID) throws(JournalError) -> [JournalEvent] {
    let (key, activity) = try row(id)
    let rows = try query(
      "SELECT sequence, after_sample, type, time_ms FROM event WHERE activity = ?1 ORDER BY sequence",
      [.int(key)]
    ) { ($0.int64(0), UInt64(clamping: $0.int64(1)), UInt8(clamping: $0.int64(2)), $0.int64(3)) }
    var events: [JournalEvent] = []
    for (sequence, afterSample, type, timeMs) in rows {
      guard sequence == events.count, let kind = ActivityEvent.Kind(rawValue: type) else {
        throw damaged(id, "event \(events.count) is missing or unknown")
      }
      let event = ActivityEvent(type: kind, timeMs: timeMs)
      events.append(JournalEvent(afterSample: afterSample, event: event))
    }
    guard activity.isCompleted || events.count == Int(activity.eventCount) else {
      throw damaged(id, "events from \(events.count) are missing")
    }
    return events
  }
}

// MARK: - Looking things up

extension DeviceJournal {
  /// One activity.
  ///
  /// - Parameter id: Which.
  /// - Returns: It, as it stands.
  /// - Throws: `.unknownActivity` or a fault of the disk.
  package func activity(_ id: ActivityID) throws(JournalError) -> JournalActivity { try row(id).1 }

  /// The activities that the server has not settled yet, oldest first.
  ///
  /// - Returns: They, at most `JournalLimits.openActivities`.
  /// - Throws: A fault of the disk.
  package func openActivities() throws(JournalError) -> [JournalActivity] {
    let rows = try query(
      "SELECT \(Self.columns) FROM activity WHERE is_completed = 0 ORDER BY key",
      []
    ) { Self.read($0) }
    var activities: [JournalActivity] = []
    for row in rows {
      guard let row else { throw JournalError(kind: .damaged, message: "an activity is damaged") }
      activities.append(row.1)
    }
    return activities
  }

  private func row(_ id: ActivityID) throws(JournalError) -> (Int64, JournalActivity) {
    let found = try first(
      "SELECT \(Self.columns) FROM activity WHERE id = ?1",
      [.text(id.text)]
    ) { Self.read($0) }
    guard let found else {
      throw JournalError(kind: .unknownActivity, message: "no activity \(id) in the journal")
    }
    guard let found else { throw damaged(id, "its row is damaged") }
    return found
  }

  private static let columns = """
    key, id, device, type, started_at_ms, time_zone, title, visibility, source, sample_count,
    event_count, acknowledged_samples, acknowledged_events, is_ended, is_completed
    """

  private static func read(_ row: Row) -> (Int64, JournalActivity)? {
    guard let id = ActivityID(row.text(1)), let device = DeviceID(row.text(2)),
      let type = ActivityType(rawValue: UInt8(clamping: row.int64(3))),
      let visibility = Visibility(rawValue: UInt8(clamping: row.int64(7)))
    else { return nil }
    let header = JournalActivity.Header(
      id: id,
      device: device,
      type: type,
      startedAtMs: row.int64(4),
      timeZone: row.text(5),
      title: row.text(6),
      visibility: visibility,
      source: row.text(8)
    )
    let activity = JournalActivity(
      header: header,
      sampleCount: UInt64(clamping: row.int64(9)),
      eventCount: UInt64(clamping: row.int64(10)),
      acknowledgedSamples: UInt64(clamping: row.int64(11)),
      acknowledgedEvents: UInt64(clamping: row.int64(12)),
      isEnded: row.int64(13) != 0,
      isCompleted: row.int64(14) != 0
    )
    return (row.int64(0), activity)
  }

  private func damaged(_ id: ActivityID, _ what: String) -> JournalError {
    JournalError(kind: .damaged, message: "\(database.path): activity \(id): \(what)")
  }
}

// MARK: - The database's errors as this layer's

extension DeviceJournal {
  private func transaction<T>(
    _ body: () throws(JournalError) -> T
  ) throws(JournalError) -> T {
    do { try database.begin() } catch { throw JournalError(error) }
    let result: T
    do { result = try body() } catch {
      database.rollBack()
      throw error
    }
    do { try database.commit() } catch { throw JournalError(error) }
    return result
  }

  private func run(_ sql: String, _ values: [SQLiteValue]) throws(JournalError) {
    do { try database.run(sql, values) } catch { throw JournalError(error) }
  }

  private func first<T>(
    _ sql: String,
    _ values: [SQLiteValue] = [],
    _ read: (Row) -> T
  ) throws(JournalError) -> T? {
    do { return try database.first(sql, values, read) } catch { throw JournalError(error) }
  }

  private func query<T>(
    _ sql: String,
    _ values: [SQLiteValue],
    _ read: (Row) -> T
  ) throws(JournalError) -> [T] {
    do { return try database.query(sql, values, read) } catch { throw JournalError(error) }
  }
}

extension JournalError {
  init(_ error: SQLiteError) {
    let kind: Kind =
      switch error.kind {
      case .full: .full
      case .corrupt, .columnType, .incompatible: .damaged
      case .constraint: .invalid
      default: .inaccessible
      }
    self.init(kind: kind, message: error.description)
  }
}

extension ActivityEvent.Kind {
  var isFinal: Bool { self == .finish || self == .discard }
}

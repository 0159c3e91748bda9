internal import MartletSQLite
internal import WorkoutCore

extension BucketFile {
  private static let columns = """
    owner, started_at, id, device, type, state, visibility, ended_at, time_zone, title, summary,
    created_at
    """

  private func readActivity(_ row: Row) -> ActivityRecord {
    let header = ActivityHeader(
      id: row.id(2),
      owner: row.id(0),
      device: row.id(3),
      type: row.value(4, else: .unspecified),
      state: row.value(5, else: .recording),
      startedAtMs: row.int64(1),
      endedAtMs: row.optionalInt64(7),
      timeZone: row.text(8),
      title: row.text(9),
      visibility: row.value(6, else: .onlyOwner)
    )
    var statistics = Statistics()
    if let bytes = row.optionalBlob(10) {
      if let stored = StatisticsStorage.decodeSummary(bytes) {
        statistics = stored
      } else {
        row.refuse(10, "no statistics")
      }
    }
    return ActivityRecord(header: header, statistics: statistics, createdAtMs: row.int64(11))
  }

  /// Finds the activity, or creates it; an existing one keeps its header.
  func openActivity(
    _ header: ActivityHeader,
    createdAtMs: Int64
  ) throws(StoreError) -> (record: ActivityRecord, isNew: Bool) {
    try transaction { () throws(StoreError) in
      if let known = try activity(header.id, withSplits: false) {
        guard known.header.owner == header.owner else { throw .notOwner }
        return (known, false)
      }
      guard try hasUser(header.owner) else { throw .userNotFound }
      try run(
        "INSERT INTO activity VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9, NULL, ?10)",
        [
          .id(header.owner), .int(header.startedAtMs), .id(header.id), .id(header.device),
          .int(Int64(header.type.rawValue)), .int(Int64(ActivityState.recording.rawValue)),
          .int(Int64(header.visibility.rawValue)), .text(header.timeZone), .text(header.title),
          .int(createdAtMs),
        ]
      )
      guard let made = try activity(header.id, withSplits: false) else { throw damage() }
      return (made, true)
    }
  }

  func activity(_ id: ActivityID, withSplits: Bool) throws(StoreError) -> ActivityRecord? {
    let found = try first(
      "SELECT \(Self.columns) FROM activity WHERE id = ?1",
      [.id(id)]
    ) { row in readActivity(row) }
    guard var record = found, withSplits else { return found }
    let splits = try first("SELECT splits FROM activity_splits WHERE activity = ?1", [.id(id)]) {
      row in
      let splits = StatisticsStorage.decodeSplits(row.blob(0))
      if splits == nil { row.refuse(0, "no splits") }
      return splits ?? []
    }
    record.statistics.splits = splits ?? []
    return record
  }

  func liveActivity(of user: UserID) throws(StoreError) -> ActivityRecord? {
    try first(
      """
      SELECT \(Self.columns) FROM activity INDEXED BY activity_live
      WHERE owner = ?1 AND state IN (1, 2) ORDER BY started_at DESC, id DESC LIMIT 1
      """,
      [.id(user)]
    ) { row in readActivity(row) }
  }

  // MARK: Lists

  /// The newest activities of several users of this bucket, as positions only.
  ///
  /// Each user's list is read no further than the page can still need.
  func heads(
    of sources: [ActivitySource],
    _ query: ActivityQuery
  ) throws(StoreError) -> [ActivityHead] {
    var newest: [ActivityHead] = []
    for source in sources {
      let bound = newest.count < query.limit ? nil : newest.last
      let found = try heads(of: source, query, notBefore: bound?.position.startedAtMs)
      guard !found.isEmpty else { continue }
      newest = Array((newest + found).sorted { $0.position > $1.position }.prefix(query.limit))
    }
    return newest
  }

  private func heads(
    of source: ActivitySource,
    _ query: ActivityQuery,
    notBefore bound: Int64?
  ) throws(StoreError) -> [ActivityHead] {
    let earliest = max(query.startedFromMs ?? .min, bound ?? .min)
    let types = query.types.reduce(Int64(0)) { $0 | 1 << Int64($1.rawValue) }
    return try self.query(
      """
      SELECT started_at, id FROM activity
      WHERE owner = ?1 AND (started_at, id) < (?2, ?3) AND started_at >= ?4 AND started_at < ?5
        AND state <> 4 AND visibility >= ?6 AND (?7 = 0 OR (1 << type) & ?7 <> 0)
      ORDER BY started_at DESC, id DESC LIMIT ?8
      """,
      [
        .id(source.user), .int(query.after?.startedAtMs ?? .max),
        query.after.map { .id($0.id) } ?? .blob([UInt8](repeating: 0xFF, count: 17)),
        .int(earliest), .int(query.startedBeforeMs ?? .max),
        .int(Int64(source.audience?.rawValue ?? 0)), .int(types), .int(Int64(query.limit)),
      ]
    ) { row in
      ActivityHead(
        owner: source.user,
        position: ActivityPosition(startedAtMs: row.int64(0), id: row.id(1))
      )
    }
  }

  /// The rows behind positions, by the clustered key; those gone meanwhile are left out.
  func activities(at heads: [ActivityHead]) throws(StoreError) -> [ActivityRecord] {
    var records: [ActivityRecord] = []
    for head in heads {
      let record = try first(
        """
        SELECT \(Self.columns) FROM activity WHERE owner = ?1 AND started_at = ?2 AND id = ?3
        """,
        [.id(head.owner), .int(head.position.startedAtMs), .id(head.position.id)]
      ) { row in readActivity(row) }
      if let record { records.append(record) }
    }
    return records
  }
}

/// What merging lists needs to know of an activity.
struct ActivityHead: Sendable, Hashable {
  var owner: UserID
  var position: ActivityPosition
}

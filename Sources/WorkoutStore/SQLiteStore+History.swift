package import WorkoutCore

extension SQLiteStore {
  package func activity(_ id: ActivityID) async throws(StoreError) -> ActivityRecord? {
    guard let owner = try await owner(of: id) else { return nil }
    let record = try await onBucket(of: owner) { file throws(StoreError) in
      try file.activity(id, withSplits: true)
    }
    guard let record else { return nil }
    return try await withLiveState(record)
  }

  package func activities(_ query: ActivityQuery) async throws(StoreError) -> ActivityPage {
    guard (1...StoreLimits.maxActivitiesPerPage).contains(query.limit) else {
      throw .invalid(field: "limit")
    }
    guard query.sources.count <= StoreLimits.maxSourcesPerList else {
      throw .invalid(field: "sources")
    }
    // One more than asked for tells whether there is a next page.
    var wanted = query
    wanted.limit += 1
    let (heads, unavailable) = try await newest(wanted)
    let page = Array(heads.prefix(query.limit))
    let records = try await records(at: page)
    return ActivityPage(
      activities: records,
      next: heads.count > query.limit ? page.last?.position : nil,
      unavailable: unavailable
    )
  }

  /// The newest positions over all sources: each bucket gives its newest, the newest of those win.
  private func newest(
    _ query: ActivityQuery
  ) async throws(StoreError) -> (heads: [ActivityHead], unavailable: [UserID]) {
    let byBucket = Dictionary(grouping: query.sources) { FileKey.bucket(bucket(of: $0.user)) }
    let keys = Array(byBucket.keys)
    let results = await onEach(keys) { key, file throws(StoreError) in
      try file.heads(of: byBucket[key] ?? [], query)
    }
    var heads: [ActivityHead] = []
    var unavailable: [UserID] = []
    var damage: StoreError?
    for (key, result) in zip(keys, results) {
      switch result {
      case .success(let found): heads += found
      case .failure(key.damage):
        damage = key.damage
        unavailable += (byBucket[key] ?? []).map(\.user)
      case .failure(let error): throw error
      }
    }
    if let damage, unavailable.count == query.sources.count { throw damage }
    heads.sort { $0.position > $1.position }
    return (Array(heads.prefix(query.limit)), unavailable.sorted())
  }

  private func records(at heads: [ActivityHead]) async throws(StoreError) -> [ActivityRecord] {
    let byBucket = Dictionary(grouping: heads) { FileKey.bucket(bucket(of: $0.owner)) }
    let results = await onEach(Array(byBucket.keys)) { key, file throws(StoreError) in
      try file.activities(at: byBucket[key] ?? [])
    }
    var records: [ActivityRecord] = []
    for result in results { records += try result.get() }
    return records.sorted { left, right in
      ActivityPosition(startedAtMs: left.header.startedAtMs, id: left.header.id)
        > ActivityPosition(startedAtMs: right.header.startedAtMs, id: right.header.id)
    }
  }

  package func track(of id: ActivityID) async throws(StoreError) -> StoredTrack {
    guard let owner = try await owner(of: id) else { throw .activityNotFound }
    let bucket = bucket(of: owner)
    // First the tail, then the file: what moves from one to the other in between is in both, and
    // what is in both is taken once.
    let tail = try await unsettled(id, bucket: bucket)
    return try await on(.bucket(bucket)) { file throws(StoreError) in
      guard let settled = try file.progress(of: id) else { throw .activityNotFound }
      let chunks = settled.state.isFinal ? [] : tail?.flush.chunks ?? []
      return try file.track(of: id, extendedBy: chunks)
    }
  }
}

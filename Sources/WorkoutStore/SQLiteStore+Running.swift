internal import WorkoutCore

extension SQLiteStore {
  // MARK: Start-up

  /// Repairs what a crash left half done: names, outboxes, live tails.
  func recover() async throws(StoreError) {
    await inspectFiles()
    for (place, journal) in journalsByPlace.enumerated() {
      let recovered = try await journal.run { shard throws(StoreError) in try shard.recover() }
      for file in recovered.damaged {
        report(.damagedJournal(shard: map.shards[place], file: file))
      }
      try await rebuild(recovered, in: journal)
    }
  }

  /// Opens every file that there is: damaged ones are found, and unfinished work is noted.
  private func inspectFiles() async {
    let directories = (0..<StoreLimits.directoryBuckets).map { FileKey.directory($0) }
    let claims = await onEach(directories.filter(exists)) { _, file throws(StoreError) in
      try file.unconfirmedClaims()
    }
    for claim in claims.flatMap({ (try? $0.get()) ?? [] }) { _ = try? await resolve(claim) }
    let buckets = (0..<map.buckets).map { FileKey.bucket($0) }.filter(exists)
    let outboxes = await onEach(buckets) { key, file throws(StoreError) in
      try file.friendDeliveries(of: nil).isEmpty ? nil : key
    }
    for case .bucket(let number)? in outboxes.compactMap({ try? $0.get() }) {
      noteOutbox(number)
    }
  }

  private func rebuild(
    _ recovered: RecoveredJournal,
    in journal: StoreJournal
  ) async throws(StoreError) {
    for live in recovered.activities.values {
      let bucket = bucket(of: live.owner)
      let settled: SettledProgress?
      do throws(StoreError) {
        settled = try await on(.bucket(bucket)) { file throws(StoreError) in
          try file.progress(of: live.id)
        }
      } catch .bucketDamaged {
        settled = nil
      } catch {
        throw error
      }
      let isWhole = try await journal.run { shard in
        guard let settled else {
          shard.hold(live)
          return false
        }
        return shard.rebuild(live, bucket: bucket, settled)
      }
      route(live.id, toBucket: bucket)
      if !isWhole { report(.unsettled(activity: live.id)) }
    }
  }

  // MARK: Chores

  package func maintain() async {
    guard beginMaintaining() else { return }
    defer { endMaintaining() }
    for journal in journalsByPlace {
      guard let chores = try? await journal.run({ shard in shard.takeChores() }) else { continue }
      for (bucket, flushes) in chores.flushes {
        await flush(flushes, bucket: bucket, in: journal)
      }
      for activity in chores.closing { await close(activity, in: journal) }
      try? await journal.run { shard in shard.dropSettled() }
    }
    for bucket in takeOutboxes() { await emptyOutbox(ofBucket: bucket) }
  }

  /// Moves tails into their bucket file, many in one transaction.
  private func flush(_ flushes: [TailFlush], bucket: Int, in journal: StoreJournal) async {
    var rest = flushes[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(StoreLimits.maxFlushesPerTransaction))
      rest = rest.dropFirst(some.count)
      do throws(StoreError) {
        try await on(.bucket(bucket)) { file throws(StoreError) in try file.flush(some) }
        try await journal.run { shard in
          for flush in some { shard.settled(flush.activity, first: flush.chunks.count) }
        }
      } catch {
        await handle(error, of: some, bucket: bucket, in: journal)
      }
    }
  }

  /// One activity that does not fit must not keep the others from being settled.
  private func handle(
    _ error: StoreError,
    of flushes: [TailFlush],
    bucket: Int,
    in journal: StoreJournal
  ) async {
    if error.isAboutOneActivity {
      if flushes.count > 1 {
        for flush in flushes { await self.flush([flush], bucket: bucket, in: journal) }
        return
      }
      for flush in flushes { report(.unsettled(activity: flush.activity)) }
    }
    try? await journal.run { shard in
      for flush in flushes { shard.flushFailed(flush.activity, error) }
    }
  }

  /// Completes an activity whose device did not stay for it, or that a crash interrupted.
  private func close(_ activity: ActivityID, in journal: StoreJournal) async {
    do throws(StoreError) {
      _ = try await settleActivity(activity)
    } catch {
      try? await journal.run { shard in shard.flushFailed(activity, error) }
    }
  }
}

extension StoreError {
  /// Whether the data of one activity is at fault and not the disk or the file.
  fileprivate var isAboutOneActivity: Bool {
    switch self {
    case .activityNotFound, .sequenceGap, .eventSequenceGap, .invalid: true
    default: false
    }
  }
}

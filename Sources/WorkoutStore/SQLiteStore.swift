package import WorkoutCore

internal import Synchronization

/// The store on this machine's disks: SQLite files, see `docs/storage.md`.
///
/// Its parts: directory and bucket files, each belonging to one of a few worker threads; a
/// journal thread for each shard. This type only routes between them.
package final class SQLiteStore: ShardStore {
  let configuration: StoreConfiguration
  let map: ShardMap
  private let lock: DirectoryLock
  private let workers: [StoreWorker<BucketFiles>]
  private let journals: [StoreJournal]
  private let state = Mutex(State())

  /// What may be touched from any thread.
  private struct State {
    /// Which journal an activity belongs to; filled only when there are several.
    var routes: [ActivityID: Int] = [:]
    /// Buckets with friendships to deliver.
    var outboxes: Set<Int> = []
    /// Registrations that are running: their claims are not left over from a crash.
    var registering: Set<UserID> = []
    var problems: [StoreProblem] = []
    var isMaintaining = false
    var chores: Task<Void, Never>?
  }

  /// Opens a store, creating it when there is none, and repairs what a crash left half done.
  ///
  /// A damaged bucket does not stop it; see `problems`. Throws `inUse` when another process has
  /// the store open, `incompatible` when it was created with other settings, and what the disk
  /// says.
  package static func open(
    _ configuration: StoreConfiguration
  ) async throws(StoreError) -> SQLiteStore {
    let store = try SQLiteStore(configuration)
    do throws(StoreError) {
      try await store.recover()
    } catch {
      await store.close()
      throw error
    }
    await store.maintain()
    store.startChores()
    return store
  }

  private init(_ configuration: StoreConfiguration) throws(StoreError) {
    var configuration = configuration
    if configuration.shards.isEmpty {
      configuration.shards = [.init(name: "shard", path: "\(configuration.root)/shard")]
    }
    try Self.check(configuration)
    let layout = StoreLayout(
      root: configuration.root,
      shardPaths: Dictionary(uniqueKeysWithValues: configuration.shards.map { ($0.name, $0.path) })
    )
    try FileSystem.makeDirectory(configuration.root)
    lock = try DirectoryLock(layout.lock)
    try FileSystem.makeDirectory(layout.directories)
    for shard in configuration.shards { try FileSystem.makeDirectory(shard.path) }
    let map = try StoreManifest.open(
      layout.manifest,
      buckets: configuration.buckets,
      shards: configuration.shards.map(\.name),
      hasData: try layout.hasData()
    )
    self.map = map
    self.configuration = configuration
    let path: @Sendable (FileKey) -> String = { key in
      switch key {
      case .bucket(let number): layout.bucket(number, shard: map.shard(of: number))
      case .directory(let number): layout.directory(number)
      }
    }
    let filesEach = configuration.openBuckets / configuration.bucketThreads
    workers = try (0..<configuration.bucketThreads).map { _ throws(StoreError) in
      try StoreWorker(
        limit: StoreLimits.maxWaitingJobs,
        makeState: { BucketFiles(limit: filesEach, path: path) },
        finish: { $0.closeAll() }
      )
    }
    self.path = path
    journals = try map.shards.map { shard throws(StoreError) in
      try StoreJournal(directory: layout.journal(shard: shard), configuration: configuration)
    }
  }

  private let path: @Sendable (FileKey) -> String

  private static func check(_ configuration: StoreConfiguration) throws(StoreError) {
    let names = configuration.shards.map(\.name)
    guard Set(names).count == names.count,
      names.allSatisfy({ (1...StoreLimits.maxShardNameBytes).contains($0.utf8.count) })
    else { throw .invalid(field: "shards") }
    guard (1...StoreLimits.maxBuckets).contains(configuration.buckets) else {
      throw .invalid(field: "buckets")
    }
    guard (1...64).contains(configuration.bucketThreads) else {
      throw .invalid(field: "bucketThreads")
    }
  }

  /// What was found wrong so far: damaged files, journal entries that connect to nothing.
  package var problems: [StoreProblem] { state.withLock { $0.problems } }

  /// Sums over all journals.
  package func counters() async -> JournalCounters {
    var sum = JournalCounters(commits: 0, files: 0, liveActivities: 0)
    for journal in journals {
      guard let counters = try? await journal.run({ shard in shard.counters() }) else { continue }
      sum.commits += counters.commits
      sum.files += counters.files
      sum.liveActivities += counters.liveActivities
    }
    return sum
  }

  // MARK: Routing

  package func bucket(of user: UserID) -> Int {
    BucketHash.bucket(BucketHash.hash(user.unique), of: map.buckets)
  }

  func directory(of activity: ActivityID) -> Int {
    BucketHash.bucket(BucketHash.hash(activity.unique), of: StoreLimits.directoryBuckets)
  }

  func directory(of name: String) -> Int {
    BucketHash.bucket(BucketHash.hash(name), of: StoreLimits.directoryBuckets)
  }

  private func worker(of key: FileKey) -> StoreWorker<BucketFiles> {
    switch key {
    case .bucket(let number): workers[number % workers.count]
    case .directory(let number): workers[number % workers.count]
    }
  }

  /// Runs `body` on a file's thread.
  func on<Value: Sendable>(
    _ key: FileKey,
    _ body: @escaping @Sendable (BucketFile) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    do throws(StoreError) {
      return try await worker(of: key).run { files throws(StoreError) in
        try files.with(key, body)
      }
    } catch {
      if error == key.damage { report(.damagedFile(path: path(key))) }
      throw error
    }
  }

  /// Runs `body` on the file with the user's data.
  func onBucket<Value: Sendable>(
    of user: UserID,
    _ body: @escaping @Sendable (BucketFile) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    try await on(.bucket(bucket(of: user)), body)
  }

  /// Runs `body` on several files at once; results in the order of the keys.
  func onEach<Value: Sendable>(
    _ keys: [FileKey],
    _ body: @escaping @Sendable (FileKey, BucketFile) throws(StoreError) -> Value
  ) async -> [Result<Value, StoreError>] {
    // All jobs are queued before the first is awaited, so that the threads work side by side.
    let jobs = keys.map { key in PendingJob(key, worker(of: key), body) }
    var results: [Result<Value, StoreError>] = []
    for (key, job) in zip(keys, jobs) {
      let result = await job.result()
      if case .failure(key.damage) = result { report(.damagedFile(path: path(key))) }
      results.append(result)
    }
    return results
  }

  func exists(_ key: FileKey) -> Bool { FileSystem.exists(path(key)) }

  var journalsByPlace: [StoreJournal] { journals }

  func journal(ofBucket bucket: Int) -> StoreJournal { journals[map.places[bucket]] }

  /// The journal of a live activity; `nil` when that is not known here.
  func journal(of activity: ActivityID) -> StoreJournal? {
    if journals.count == 1 { return journals[0] }
    return state.withLock { $0.routes[activity] }.map { journals[$0] }
  }

  func route(_ activity: ActivityID, toBucket bucket: Int) {
    guard journals.count > 1 else { return }
    state.withLock { $0.routes[activity] = map.places[bucket] }
  }

  func forgetRoute(_ activity: ActivityID) {
    guard journals.count > 1 else { return }
    state.withLock { $0.routes[activity] = nil }
  }

  // MARK: Notes

  func report(_ problem: StoreProblem) {
    let isNew = state.withLock { state in
      guard !state.problems.contains(problem),
        state.problems.count < StoreLimits.maxProblems
      else { return false }
      state.problems.append(problem)
      return true
    }
    if isNew { configuration.onProblem(problem) }
  }

  func noteOutbox(_ bucket: Int) { _ = state.withLock { $0.outboxes.insert(bucket) } }

  func takeOutboxes() -> Set<Int> {
    state.withLock { state in
      defer { state.outboxes = [] }
      return state.outboxes
    }
  }

  func beginRegistering(_ user: UserID) { _ = state.withLock { $0.registering.insert(user) } }

  func endRegistering(_ user: UserID) { _ = state.withLock { $0.registering.remove(user) } }

  func isRegistering(_ user: UserID) -> Bool {
    state.withLock { $0.registering.contains(user) }
  }

  /// One round of chores at a time; false when one is running.
  func beginMaintaining() -> Bool {
    state.withLock { state in
      if state.isMaintaining { return false }
      state.isMaintaining = true
      return true
    }
  }

  func endMaintaining() { state.withLock { $0.isMaintaining = false } }

  private func startChores() {
    let interval = configuration.maintenanceIntervalMs
    guard interval > 0 else { return }
    let task = Task.detached { [weak self] in
      while !Task.isCancelled {
        try? await Task.sleep(nanoseconds: UInt64(interval) * 1_000_000)
        guard !Task.isCancelled, let self else { return }
        await self.maintain()
      }
    }
    state.withLock { $0.chores = task }
  }

  package func close() async {
    let chores = state.withLock { $0.chores }
    chores?.cancel()
    await chores?.value
    for journal in journals { await journal.close() }
    for worker in workers { await worker.close() }
    lock.release()
  }
}

/// Something that a person should look at; the store goes on without it.
package enum StoreProblem: Sendable, Hashable {
  /// The file is damaged; its users are refused, and the file is left as it is.
  case damagedFile(path: String)
  /// A journal of this shard could be read in part only; the file is kept.
  case damagedJournal(shard: String, file: Int)
  /// Acknowledged data of this activity is in a journal file that is kept, and not in its bucket:
  /// the bucket is damaged, or was replaced by an older one.
  case unsettled(activity: ActivityID)
}

/// A job that has been queued and is awaited later.
private final class PendingJob<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, StoreError>?
    var reply: Reply<Value>?
  }

  private let state = Mutex(State())

  init(
    _ key: FileKey,
    _ worker: StoreWorker<BucketFiles>,
    _ body: @escaping @Sendable (FileKey, BucketFile) throws(StoreError) -> Value
  ) {
    do throws(StoreError) {
      try worker.submit { files in
        self.finish(
          Result { () throws(StoreError) in
            try files.with(key) { file throws(StoreError) in try body(key, file) }
          }
        )
      }
    } catch {
      finish(.failure(error))
    }
  }

  func result() async -> Result<Value, StoreError> {
    do throws(StoreError) {
      return .success(
        try await awaitReply { (reply: Reply<Value>) in
          let early = state.withLock { state in
            if state.result == nil { state.reply = reply }
            return state.result
          }
          if let early { reply.send(early) }
        }
      )
    } catch {
      return .failure(error)
    }
  }

  private func finish(_ result: Result<Value, StoreError>) {
    let waiting = state.withLock { state in
      state.result = result
      return state.reply
    }
    waiting?.send(result)
  }
}

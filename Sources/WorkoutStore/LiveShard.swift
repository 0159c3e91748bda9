internal import WorkoutCore

/// The live activities of one disk and their journal: the state of the journal's thread.
///
/// Everything here happens on that thread, one thing after another, so nothing is locked.
final class LiveShard {
  private let directory: String
  private let configuration: StoreConfiguration
  private var files: JournalFiles?
  private var tails: [ActivityID: LiveTail] = [:]
  private var group: [PendingAppend] = []
  private var isClosed = false

  // Chores that will come due, roughly in order of time.
  private var flushQueue = TimedQueue<ActivityID>()
  private var forgetQueue = TimedQueue<ActivityID>()
  private var full: [ActivityID] = []
  private var closing: Set<ActivityID> = []
  private var finishedLately: Set<ActivityID> = []
  private var finishedQueue = TimedQueue<ActivityID>()

  init(directory: String, configuration: StoreConfiguration) {
    self.directory = directory
    self.configuration = configuration
  }

  // MARK: Appending

  /// Takes an append into the group that the next commit holds.
  func add(_ append: PendingAppend) {
    group.append(append)
    if group.count >= StoreLimits.maxAppendsPerCommit { commitGroup() }
  }

  /// Commits the group, then answers everybody in it.
  func commitGroup() {
    guard !group.isEmpty else { return }
    let appends = group
    group = []
    guard let files, !isClosed else {
      for append in appends { append.reply.send(.failure(.closed)) }
      return
    }
    var staged = StagedGroup()
    let outcomes = appends.map { stage($0, &staged) }
    do throws(StoreError) {
      if !staged.rows.isEmpty { try files.commit(staged.rows) }
      let now = configuration.now()
      for (tail, chunk) in staged.chunks { commit(chunk, to: tail, file: files, nowMs: now) }
      rotate()
      for (append, outcome) in zip(appends, outcomes) { append.reply.send(outcome) }
    } catch {
      // Nothing of the group is on the disk: nobody in it is told otherwise, repeats included,
      // because they may repeat what is in this very group.
      for (tail, _) in staged.chunks { tail.abandon() }
      for (append, outcome) in zip(appends, outcomes) {
        append.reply.send(outcome.flatMap { $0 == nil ? .success(nil) : .failure(error) })
      }
    }
  }

  /// What a group has come to before its commit.
  private struct StagedGroup {
    var chunks: [(tail: LiveTail, chunk: TailChunk)] = []
    var rows: [[UInt8]] = []

    mutating func add(_ chunk: TailChunk, to tail: LiveTail) {
      chunks.append((tail, chunk))
      let needsRow = rows.last.map { $0.count >= StoreLimits.maxJournalRowBytes } ?? true
      if needsRow { rows.append([]) }
      JournalEntry(activity: tail.activity, owner: tail.owner, chunk: chunk)
        .append(to: &rows[rows.count - 1])
    }
  }

  private func stage(
    _ append: PendingAppend,
    _ group: inout StagedGroup
  ) -> Result<TrackProgress?, StoreError> {
    guard let tail = tails[append.activity] else { return .success(nil) }
    switch tail.stage(append) {
    case .refused(let error): return .failure(error)
    case .repeated(let progress): return .success(progress)
    case .staged(let chunk, let progress):
      group.add(chunk, to: tail)
      return .success(progress)
    }
  }

  private func commit(_ chunk: TailChunk, to tail: LiveTail, file: JournalFiles, nowMs: Int64) {
    tail.commit(chunk, file: file.number, nowMs: nowMs)
    file.retain(file.number)
    noteWaiting(tail, nowMs: nowMs)
  }

  private func noteWaiting(_ tail: LiveTail, nowMs: Int64) {
    if tail.waiting.count == 1 {
      flushQueue.add(tail.activity, atMs: nowMs + configuration.flushAfterMs)
    }
    let isFull = tail.waitingSamples >= configuration.flushAfterSamples
    if isFull && !tail.isFlushing { full.append(tail.activity) }
    if tail.closing != nil { closing.insert(tail.activity) }
  }

  private func rotate() {
    files?.rotate(
      ifLargerThan: configuration.rotateAfterBytes,
      orOlderThan: configuration.rotateAfterMs,
      nowMs: configuration.now()
    )
  }

  // MARK: Tails

  /// Takes a live activity into memory, unless it is there; says where a device goes on.
  ///
  /// `nil` when it was completed a moment ago: what was read of it before is out of date.
  func install(
    _ activity: ActivityID,
    bucket: Int,
    _ settled: SettledProgress,
    device: DeviceID
  ) throws(StoreError) -> TrackProgress? {
    if let known = tails[activity] { return known.progress(of: device) }
    if finishedLately.contains(activity) { return nil }
    guard !isClosed else { throw .closed }
    guard tails.count < StoreLimits.maxLiveActivities else {
      throw .overloaded(limit: "maxLiveActivities")
    }
    let now = configuration.now()
    let tail = LiveTail(activity: activity, bucket: bucket, settled: settled, nowMs: now)
    tails[activity] = tail
    forgetQueue.add(activity, atMs: now + configuration.forgetAfterMs)
    return tail.progress(of: device)
  }

  /// What is not settled of an activity, and how it is ending; `nil` when it is not in memory.
  func unsettled(_ activity: ActivityID) -> UnsettledTail? {
    tails[activity].map {
      UnsettledTail(
        flush: $0.flush,
        closing: $0.closing,
        running: $0.running,
        refusal: $0.refusal
      )
    }
  }

  /// The first chunks of an activity are in its bucket file.
  func settled(_ activity: ActivityID, first count: Int) {
    guard let tail = tails[activity] else { return }
    tail.isFlushing = false
    files?.release(tail.settle(first: count))
    let now = configuration.now()
    if tail.waiting.isEmpty {
      forgetQueue.add(activity, atMs: tail.lastAppendAtMs + configuration.forgetAfterMs)
    } else {
      flushQueue.add(activity, atMs: now + configuration.flushAfterMs)
    }
  }

  /// The activity is completed or discarded; nothing of it is needed here any more.
  func finished(_ activity: ActivityID) {
    closing.remove(activity)
    finishedLately.insert(activity)
    finishedQueue.add(
      activity,
      atMs: configuration.now() + StoreLimits.rememberFinishedMs
    )
    guard let tail = tails.removeValue(forKey: activity) else { return }
    files?.release(tail.settle(first: tail.waiting.count))
    files?.dropSettled()
  }

  /// A flush failed: it is tried again, or given up for a damaged bucket.
  func flushFailed(_ activity: ActivityID, _ error: StoreError) {
    guard let tail = tails[activity] else { return }
    tail.isFlushing = false
    if case .bucketDamaged = error {
      tail.refusal = error
      closing.remove(activity)
    } else {
      flushQueue.add(activity, atMs: configuration.now() + configuration.maintenanceIntervalMs)
    }
  }

  // MARK: Chores

  /// What has to be flushed or completed now.
  func takeChores() -> LiveChores {
    let now = configuration.now()
    forgetIdle(nowMs: now)
    rotate()
    files?.dropSettled()
    var chores = LiveChores()
    for activity in flushQueue.take(until: now) + full {
      guard let tail = tails[activity], !tail.isFlushing, !tail.waiting.isEmpty,
        tail.closing == nil, tail.refusal == nil
      else { continue }
      tail.isFlushing = true
      chores.flushes[tail.bucket, default: []].append(tail.flush)
    }
    full = []
    chores.closing = Array(closing)
    return chores
  }

  func dropSettled() { files?.dropSettled() }

  private func forgetIdle(nowMs: Int64) {
    for activity in finishedQueue.take(until: nowMs) { finishedLately.remove(activity) }
    for activity in forgetQueue.take(until: nowMs) {
      guard let tail = tails[activity], tail.waiting.isEmpty, !tail.isFlushing else { continue }
      let due = tail.lastAppendAtMs + configuration.forgetAfterMs
      if due <= nowMs {
        tails[activity] = nil
      } else {
        forgetQueue.add(activity, atMs: due)
      }
    }
  }

  func counters() -> JournalCounters {
    JournalCounters(
      commits: files?.commits ?? 0,
      files: files?.count ?? 0,
      liveActivities: tails.count
    )
  }

  func close() {
    isClosed = true
    files?.close()
    files = nil
    tails = [:]
  }

  // MARK: Start-up

  /// Reads all that the journal holds and starts a new file.
  func recover() throws(StoreError) -> RecoveredJournal {
    try FileSystem.makeDirectory(directory)
    let numbers = try JournalFiles.scan(directory)
    var recovered = RecoveredJournal()
    for number in numbers {
      let path = StoreLayout.journalFile(number, in: directory)
      let (entries, isWhole) = JournalFile.read(path)
      if !isWhole { recovered.damaged.append(number) }
      for entry in entries { recovered.add(entry, file: number) }
    }
    let files = try JournalFiles(directory: directory, older: numbers, nowMs: configuration.now())
    for number in recovered.damaged { files.hold(number) }
    self.files = files
    return recovered
  }

  /// Rebuilds the tail of one activity from the journal.
  ///
  /// Returns false, and keeps the files, when its data does not connect to what is settled.
  func rebuild(_ live: RecoveredActivity, bucket: Int, _ settled: SettledProgress) -> Bool {
    guard !settled.state.isFinal, let files else { return true }
    let now = configuration.now()
    let tail = LiveTail(activity: live.id, bucket: bucket, settled: settled, nowMs: now)
    var isWhole = true
    for (chunk, file) in live.chunks {
      let before = tail.waiting.count
      if !tail.recover(chunk, file: file, nowMs: now) {
        files.hold(file)
        isWhole = false
      } else if tail.waiting.count > before {
        files.retain(file)
        noteWaiting(tail, nowMs: now)
      }
    }
    tails[live.id] = tail
    if tail.waiting.isEmpty {
      forgetQueue.add(live.id, atMs: now + configuration.forgetAfterMs)
    }
    return isWhole
  }

  /// Keeps the files that hold an activity which cannot be rebuilt.
  func hold(_ live: RecoveredActivity) {
    for (_, file) in live.chunks { files?.hold(file) }
  }
}

internal import WorkoutCore

/// The way to a journal's thread.
///
/// The thread takes everything that is pending, commits it once, and then answers: the busier the
/// disk, the larger the groups.
final class StoreJournal: Sendable {
  private enum Command: Sendable {
    case append(PendingAppend)
    case work(@Sendable (LiveShard) -> Void)
  }

  private let queue = WorkQueue<Command>(limit: StoreLimits.maxWaitingAppends)

  init(directory: String, configuration: StoreConfiguration) throws(StoreError) {
    let queue = queue
    try startThread {
      let shard = LiveShard(directory: directory, configuration: configuration)
      while let commands = queue.takeAll() {
        for command in commands {
          switch command {
          case .append(let append): shard.add(append)
          case .work(let work):
            // Appends that came first are committed first.
            shard.commitGroup()
            work(shard)
          }
        }
        shard.commitGroup()
      }
    }
  }

  /// Makes a batch durable; `nil` when the activity is not in memory.
  func append(_ batch: TrackBatch, _ chunk: TailChunk) async throws(StoreError) -> TrackProgress? {
    try await awaitReply { reply in
      let append = PendingAppend(
        activity: batch.activity,
        chunk: chunk,
        samples: batch.samples,
        reply: reply
      )
      push(.append(append)) { reply.send(.failure($0)) }
    }
  }

  /// Runs `work` on the thread after all appends before it have been committed.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable (LiveShard) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    try await awaitReply { (reply: Reply<Value>) in
      push(
        .work { shard in
          reply.send(Result { () throws(StoreError) in try work(shard) })
        }
      ) { reply.send(.failure($0)) }
    }
  }

  /// Finishes what is pending and closes the files; returns when that is done.
  func close() async {
    try? await run { shard in shard.close() }
    queue.close()
  }

  private func push(_ command: Command, refused: (StoreError) -> Void) {
    let isChore = if case .work = command { true } else { false }
    switch queue.push(command, evenIfFull: isChore) {
    case nil: return
    case .full: refused(.overloaded(limit: "maxWaitingAppends"))
    case .closed: refused(.closed)
    }
  }
}

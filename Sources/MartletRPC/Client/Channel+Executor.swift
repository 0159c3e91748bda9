internal import MartletNet

extension Channel {
  /// Where the channel's calls are carried: its event loop, for tasks that mostly make calls.
  ///
  /// A task that runs there is not woken through Swift's own threads for each answer, which costs
  /// more than all else of a small call: it goes on where the answer arrives. All channels of a
  /// process share its client loops (`ClientLoops.count`).
  ///
  /// ```swift
  /// Task(executorPreference: channel.executor) {
  ///   let reply = try await client.sayHello(request)
  /// }
  /// ```
  ///
  /// Child tasks stay there too; a plain `Task { … }` and what is isolated to an actor with an
  /// executor of its own, such as the main actor, does not. The loop is one thread that serves all
  /// calls of all its channels: what runs there must not block, nor compute for long without a
  /// suspension, for it would hold up every one of them. `offLoop` does such work elsewhere.
  ///
  /// Swift's global executor when the process has no thread or descriptor for a loop.
  public var executor: any TaskExecutor {
    guard let core = try? core() else { return globalConcurrentExecutor }
    return core.loop
  }

  /// Runs `body` on the channel's event loop and comes back.
  ///
  /// ```swift
  /// let replies = try await channel.onLoop {
  ///   var replies: [HelloReply] = []
  ///   for name in names { replies.append(try await client.sayHello(.with { $0.name = name })) }
  ///   return replies
  /// }
  /// ```
  ///
  /// See `executor` for what it gives and what must not run there. In a module with nonisolated
  /// functions that stay with their caller (SE-0461) `withTaskExecutorPreference` moves its body only
  /// at the next suspension; this does at once.
  ///
  /// - Parameter body: what to run; it must not block.
  /// - Returns: what `body` returned.
  /// - Throws: what `body` threw.
  public func onLoop<Result: Sendable, Failure: Error>(
    _ body: @Sendable @concurrent () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try await withTaskExecutorPreference(executor) { () async throws(Failure) -> Result in
      try await body()
    }
  }
}

internal import MartletNet

/// Runs blocking work, such as a file's `fsync` or a password's hash, on a small pool of threads,
/// so that it holds up no event loop; the caller goes on where it was.
///
/// The work is not interrupted when the task is cancelled.
///
/// - Parameter work: the work; it may block.
/// - Returns: what the work returned.
/// - Throws: what the work threw; `RPCError` RESOURCE_EXHAUSTED when too much work waits already.
public func offLoop<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
  do {
    return try await BlockingPool.shared.run(work)
  } catch let error as NetError {
    throw RPCError(.resourceExhausted, "no thread for blocking work: \(error)")
  }
}

/// A few threads for work that blocks: files, passwords, name look-ups.
package final class BlockingPool: @unchecked Sendable {
  /// The process's pool: 4 threads, 1,024 pieces of work waiting.
  package static let shared = BlockingPool()

  package init(threads: Int = 4, maxQueued: Int = 1_024) {}

  /// Runs `work` on a thread of the pool, then resumes the caller on its own executor.
  ///
  /// - Throws: what `work` throws; `NetError.limit` if the queue is full; `NetError.stopped`.
  package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    fatalError("coming")
  }

  /// Refuses new work and ends the threads once the queue is empty.
  package func shutdown() {}
}

internal import Glibc
internal import Synchronization

/// A few threads for work that blocks: files, passwords, name look-ups.
package final class BlockingPool: Sendable {
  /// The process's pool.
  package static let shared = BlockingPool()

  private struct State {
    var queue: [@Sendable () -> Void] = []
    var head = 0
    var threads = 0
    var idle = 0
    var isShutDown = false

    var waiting: Int { queue.count - head }

    mutating func next() -> (@Sendable () -> Void)? {
      guard head < queue.count else { return nil }
      let work = queue[head]
      head += 1
      if head == queue.count {
        queue.removeAll(keepingCapacity: true)
        head = 0
      } else if head >= 1_024 {
        queue.removeFirst(head)
        head = 0
      }
      return work
    }
  }

  private let maxThreads: Int
  private let maxQueued: Int
  private let state = Mutex(State())
  private let available = Semaphore()

  /// A pool whose threads start when they are first needed.
  package init(threads: Int = 4, maxQueued: Int = 1_024) {
    maxThreads = threads
    self.maxQueued = maxQueued
  }

  /// Runs `work` on a thread of the pool, then resumes the caller on its own executor.
  ///
  /// - Throws: what `work` throws, and what `submit` does.
  package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      do throws(NetError) {
        try submit { continuation.resume(with: Result(catching: work)) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// Refuses new work and ends the threads once the queue is empty.
  package func shutdown() {
    let threads = state.withLock { state in
      state.isShutDown = true
      return state.threads
    }
    for _ in 0..<threads { available.signal() }
  }

  /// Runs `work` on a thread of the pool.
  ///
  /// - Throws: `NetError.limit` if the queue is full; `NetError.stopped`; the system's error if it
  ///   refuses the first thread.
  package func submit(_ work: @escaping @Sendable () -> Void) throws(NetError) {
    try state.withLock { (state) throws(NetError) in
      guard !state.isShutDown else { throw .stopped }
      guard state.waiting < maxQueued else { throw .limit("BlockingPool.maxQueued") }
      if state.idle <= state.waiting, state.threads < maxThreads {
        let code = startThread()
        if code == 0 {
          state.threads += 1
        } else if state.threads == 0 {
          throw .systemCall(name: "pthread_create", code: code)
        }
        // With another thread the work only waits longer.
      }
      state.queue.append(work)
    }
    available.signal()
  }

  /// The thread soon waits for the lock that its maker holds.
  private func startThread() -> Int32 {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(&thread, nil, blockingPoolThread, context)
    if code == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<BlockingPool>.fromOpaque(context).release()
    }
    return code
  }

  fileprivate func serve() {
    while true {
      state.withLock { $0.idle += 1 }
      available.wait()
      let (work, isOver) = state.withLock { state in
        state.idle -= 1
        let work = state.next()
        return (work, work == nil && state.isShutDown)
      }
      if isOver { return }
      work?()
    }
  }
}

private func blockingPoolThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  Unmanaged<BlockingPool>.fromOpaque(context).takeRetainedValue().serve()
  return nil
}

/// A counting semaphore between threads.
private final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() {
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() {
    sem_post(semaphore)
  }

  /// Waits through interruptions by signals.
  func wait() {
    while sem_wait(semaphore) != 0 {}
  }
}

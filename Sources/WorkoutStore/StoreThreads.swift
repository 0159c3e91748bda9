// The store's own threads: SQLite blocks, and an event loop must not. All unsafe code of the
// threads stands here.

internal import Glibc
internal import Synchronization

/// A queue between any threads and the one that drains it.
@safe final class WorkQueue<Element: Sendable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let limit: Int
  // Guarded by `mutex`.
  private var elements: [Element] = []
  private var isWaiting = false
  private var isClosed = false

  init(limit: Int) {
    self.limit = limit
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(filled, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(filled)
    unsafe pthread_mutex_destroy(mutex)
    unsafe filled.deallocate()
    unsafe mutex.deallocate()
  }

  /// Why an element was not taken.
  enum Refusal { case full, closed }

  /// Adds an element, or says why not.
  func push(_ element: Element, evenIfFull: Bool = false) -> Refusal? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    if isClosed { return .closed }
    if elements.count >= limit && !evenIfFull { return .full }
    elements.append(element)
    if isWaiting {
      isWaiting = false
      unsafe pthread_cond_signal(filled)
    }
    return nil
  }

  /// Waits for elements and takes them all; `nil` when the queue is closed and empty.
  func takeAll() -> [Element]? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while elements.isEmpty && !isClosed {
      isWaiting = true
      unsafe pthread_cond_wait(filled, mutex)
    }
    isWaiting = false
    guard !elements.isEmpty else { return nil }
    let taken = elements
    elements = []
    elements.reserveCapacity(min(taken.count, 1_024))
    return taken
  }

  /// Takes no more; what is in it is still drained.
  func close() {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    isClosed = true
    unsafe pthread_cond_signal(filled)
  }
}

/// Starts a detached thread.
///
/// Throws `io` when the system has no more of them.
func startThread(_ body: @escaping @Sendable () -> Void) throws(StoreError) {
  let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
  var thread = pthread_t()
  let code = unsafe pthread_create(
    &thread,
    nil,
    { context in
      guard let context = unsafe context else { return nil }
      let body = unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
      body.run()
      return nil
    },
    box.toOpaque()
  )
  guard code == 0 else {
    unsafe box.release()
    throw .overloaded(limit: "threads of the process")
  }
  pthread_detach(thread)
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Where an answer goes; used exactly once.
@safe struct Reply<Value: Sendable>: Sendable {
  private let continuation: UnsafeContinuation<Result<Value, StoreError>, Never>

  init(_ continuation: UnsafeContinuation<Result<Value, StoreError>, Never>) {
    unsafe self.continuation = continuation
  }

  func send(_ result: Result<Value, StoreError>) {
    unsafe continuation.resume(returning: result)
  }
}

/// Suspends the caller until the reply is sent.
func awaitReply<Value: Sendable>(
  _ body: (Reply<Value>) -> Void
) async throws(StoreError) -> Value {
  try await unsafe withUnsafeContinuation { unsafe body(Reply($0)) }.get()
}

/// A thread that owns a state and runs jobs on it, one after another.
///
/// The state is made on the thread and never leaves it, so it need not be `Sendable`.
final class StoreWorker<State>: Sendable {
  typealias Job = @Sendable (State) -> Void
  private let queue: WorkQueue<Job>
  private let ended = Event()

  /// Starts the thread; `makeState` runs on it first, `finish` after the last job.
  init(
    limit: Int,
    makeState: @escaping @Sendable () -> State,
    finish: @escaping @Sendable (State) -> Void
  ) throws(StoreError) {
    let queue = WorkQueue<Job>(limit: limit)
    self.queue = queue
    let ended = ended
    try startThread {
      let state = makeState()
      while let jobs = queue.takeAll() {
        for job in jobs { job(state) }
      }
      finish(state)
      ended.happen()
    }
  }

  /// Queues a job; refused jobs do not run.
  func submit(_ job: @escaping Job) throws(StoreError) {
    switch queue.push(job) {
    case nil: return
    case .full: throw .overloaded(limit: "maxWaitingJobs")
    case .closed: throw .closed
    }
  }

  /// Runs a job and comes back with its result.
  func run<Value: Sendable>(
    _ job: @escaping @Sendable (State) throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    try await awaitReply { (reply: Reply<Value>) in
      do throws(StoreError) {
        try submit { state in
          reply.send(Result { () throws(StoreError) in try job(state) })
        }
      } catch {
        reply.send(.failure(error))
      }
    }
  }

  /// Finishes what is queued; returns when the last job and `finish` have run.
  func close() async {
    queue.close()
    await ended.wait()
  }
}

/// Something that happens once and can be waited for.
private final class Event: Sendable {
  private struct State {
    var hasHappened = false
    var waiting: [Reply<Void>] = []
  }

  private let state = Mutex(State())

  func happen() {
    let waiting = state.withLock { state in
      state.hasHappened = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for reply in waiting { reply.send(.success(())) }
  }

  func wait() async {
    try? await awaitReply { (reply: Reply<Void>) in
      let isOver = state.withLock { state in
        if !state.hasHappened { state.waiting.append(reply) }
        return state.hasHappened
      }
      if isOver { reply.send(.success(())) }
    }
  }
}

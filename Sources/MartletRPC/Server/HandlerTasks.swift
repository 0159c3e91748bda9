internal import MartletNet

/// The tasks of one event loop that run the handlers of its calls.
///
/// A task runs one call's handler after the other, so that a call whose handler does not suspend
/// costs neither a new task nor, among others of the same turn, a suspension. Calls wait in `ready`
/// only until the next job of the loop: as long as one is there, a task is on its way to it, which
/// may find that another was faster.
///
/// A task that was cancelled serves no second call, for a cancellation cannot be taken back.
///
/// Confined to the loop.
final class HandlerTasks: @unchecked Sendable {
  private let loop: EventLoop
  /// Idle tasks beyond these end.
  private let maxIdle: Int
  @exclusivity(unchecked) private var ready: ContiguousArray<ServerCallCore> = []
  @exclusivity(unchecked) private var readyStart = 0
  @exclusivity(unchecked) private var idle: ContiguousArray<HandlerTask> = []
  @exclusivity(unchecked) private var isOneOnItsWay = false
  private var isClosed = false

  init(loop: EventLoop, maxIdle: Int) {
    self.loop = loop
    self.maxIdle = maxIdle
  }

  deinit {
    for task in idle { task.end() }
  }

  var idleCount: Int { idle.count }

  /// Has the call's handler run in a later job of this turn.
  func start(_ core: ServerCallCore) {
    ready.append(core)
    sendOne()
  }

  /// Ends the idle tasks now, the others when they have nothing more to run.
  func close() {
    isClosed = true
    let ended = idle
    idle = []
    for task in ended { task.end() }
  }

  private func sendOne() {
    guard !isOneOnItsWay else { return }
    isOneOnItsWay = true
    if let task = idle.popLast() { task.wake() } else { HandlerTask(self).begin(on: loop) }
  }

  // MARK: From the tasks

  fileprivate func arrived() { isOneOnItsWay = false }

  /// The call that has waited longest.
  ///
  /// Its handler may suspend its task, so another is sent to those behind it.
  fileprivate func next() -> ServerCallCore? {
    guard readyStart < ready.count else { return nil }
    let core = ready[readyStart]
    readyStart += 1
    if readyStart == ready.count {
      ready.removeAll(keepingCapacity: ready.capacity <= 512)
      readyStart = 0
    } else {
      sendOne()
    }
    return core
  }

  /// Whether the task shall wait for more.
  fileprivate func park(_ task: HandlerTask) -> Bool {
    guard !isClosed, idle.count < maxIdle else { return false }
    idle.append(task)
    return true
  }
}

/// One task that runs handlers.
///
/// Confined to the loop.
final class HandlerTask: @unchecked Sendable {
  private unowned let owner: HandlerTasks
  private var task: Task<Void, Never>?
  /// The same, to be compared with, never used.
  @exclusivity(unchecked) private(set) var identity: UnsafeRawPointer?
  @exclusivity(unchecked) private var waiter: UnsafeContinuation<Bool, Never>?

  fileprivate init(_ owner: HandlerTasks) {
    self.owner = owner
  }

  /// Detached: a handler inherits no task-local values of whoever happens to run when it is started.
  fileprivate func begin(on loop: EventLoop) {
    task = Task.detached(executorPreference: loop) { await self.run() }
  }

  fileprivate func wake() { resume(true) }
  fileprivate func end() { resume(false) }

  /// Cancels what it runs.
  func cancel() { task?.cancel() }

  private func resume(_ goesOn: Bool) {
    let waiter = waiter
    self.waiter = nil
    waiter?.resume(returning: goesOn)
  }

  private func run() async {
    identity = EventLoop.uncancelledTask
    repeat {
      owner.arrived()
      while let core = owner.next() {
        await core.runHandler(in: self)
        if Task.isCancelled {
          task = nil
          return
        }
      }
    } while await park()
    task = nil
  }

  private func park() async -> Bool {
    guard owner.park(self) else { return false }
    return await withUnsafeContinuation { waiter = $0 }
  }
}

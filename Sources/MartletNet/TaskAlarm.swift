internal import Synchronization

/// A task that waits, and what it shall hear.
struct WokenTask {
  let continuation: UnsafeContinuation<UInt8, Never>
  let value: UInt8

  func wake() { continuation.resume(returning: value) }
}

/// Wakes tasks that run on Swift's global executor, many at a time.
///
/// To resume a task there from another thread costs a futex call, mostly, and a change of threads.
/// So what is to be woken together is handed to one kept task, which resumes the others on a thread
/// that is awake. Safe to use from any thread.
final class TaskAlarm: Sendable {
  private struct State {
    var due: ContiguousArray<WokenTask> = []
    /// The kept task, while it sleeps.
    var sleeper: UnsafeContinuation<Void, Never>?
    var isRunning = false
    var isEnded = false
  }

  private let state = Mutex(State())

  /// Resumes the tasks.
  func wake(_ tasks: ContiguousArray<WokenTask>) {
    if tasks.count == 1 { return tasks[0].wake() }
    let (sleeper, mustStart) = state.withLock { state in
      state.due.append(contentsOf: tasks)
      let sleeper = state.sleeper
      state.sleeper = nil
      let mustStart = !state.isRunning
      state.isRunning = true
      return (sleeper, mustStart)
    }
    sleeper?.resume()
    // Detached: it inherits no task-local values of whoever happens to run.
    if mustStart { Task.detached { await self.run() } }
  }

  /// Lets the kept task end.
  func end() {
    let sleeper = state.withLock { state in
      state.isEnded = true
      defer { state.sleeper = nil }
      return state.sleeper
    }
    sleeper?.resume()
  }

  private func run() async {
    var tasks: ContiguousArray<WokenTask> = []
    while true {
      let isEnded = state.withLock { state in
        swap(&state.due, &tasks)
        return state.isEnded
      }
      for task in tasks { task.wake() }
      if tasks.isEmpty {
        if isEnded { return }
        await sleep()
      }
      tasks.removeAll(keepingCapacity: tasks.count < 64)
    }
  }

  private func sleep() async {
    await withUnsafeContinuation { continuation in
      let mustGoOn = state.withLock { state in
        guard state.due.isEmpty, !state.isEnded else { return true }
        state.sleeper = continuation
        return false
      }
      if mustGoOn { continuation.resume() }
    }
  }
}

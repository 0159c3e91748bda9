internal import Synchronization

/// Wakes one waiting task: raised any number of times, from any thread, it wakes once.
///
/// It carries no value. Who is woken looks for itself at what has changed, so that nothing queues
/// up while nobody waits.
package final class WakeUp: Sendable {
  private enum State {
    case quiet
    case raised
    case waiting(CheckedContinuation<Void, any Error>)
    /// The waiting task was cancelled: a task cannot be un-cancelled, so this is final.
    case cancelled
  }

  private let state = Mutex(State.quiet)

  package init() {}

  /// Wakes the task that waits, or the next that will.
  package func raise() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      switch state {
      case .quiet, .raised:
        state = .raised
        return nil
      case .waiting(let continuation):
        state = .quiet
        return continuation
      case .cancelled:
        return nil
      }
    }
    // Outside of the lock: resuming may run other code at once.
    waiter?.resume()
  }

  /// Waits until it is raised, also in a task that is cancelled meanwhile: for what ends soon and
  /// has to be waited for in any case.
  package func waitRegardless() async {
    try? await withCheckedThrowingContinuation { settle($0) }
  }

  /// Waits until it is raised, or returns at once when it was since the last wait.
  ///
  /// One task waits at a time; a second is our own mistake.
  ///
  /// - Throws: `CancellationError` when the waiting task is cancelled.
  package func wait() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { settle($0) }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        defer { state = .cancelled }
        if case .waiting(let continuation) = state { return continuation }
        return nil
      }
      waiter?.resume(throwing: CancellationError())
    }
  }

  private func settle(_ continuation: CheckedContinuation<Void, any Error>) {
    let outcome = state.withLock { state -> Result<Void, any Error>? in
      switch state {
      case .quiet:
        state = .waiting(continuation)
        return nil
      case .raised:
        state = .quiet
        return .success(())
      case .waiting:
        preconditionFailure("two tasks wait for one WakeUp")
      case .cancelled:
        return .failure(CancellationError())
      }
    }
    if let outcome { continuation.resume(with: outcome) }
  }
}

internal import MartletRPC
internal import Synchronization

/// Hashes passwords off the event loops, a few at a time.
///
/// Each hash takes a core and 32 MiB for a fifth of a second, on purpose. So only a few run at
/// once, a bounded number waits, and the rest is refused: a flood of log-ins slows log-ins down,
/// not those who are running.
package final class PasswordHasher: Sendable {
  private let cost: ScryptCost
  private let gate: AdmissionGate

  package init(
    cost: ScryptCost = .standard,
    atOnce: Int = ServiceLimits.passwordHashesAtOnce,
    waiting: Int = ServiceLimits.passwordHashesWaiting
  ) {
    self.cost = cost
    gate = AdmissionGate(places: atOnce, queue: waiting)
  }

  /// The text to store for a password.
  func hash(_ password: String) async throws -> String {
    let cost = cost
    return try await throughGate { try PasswordHash(of: password, cost: cost).text }
  }

  /// Whether a password is the one that was stored.
  ///
  /// Where nothing is stored the answer is no after as much work, so that the time taken does not
  /// tell which accounts exist.
  func check(_ password: String, against stored: String?) async throws -> Bool {
    let cost = cost
    return try await throughGate {
      guard let stored, let hash = PasswordHash(text: stored) else {
        _ = try PasswordHash(of: password, cost: cost)
        return false
      }
      return try hash.matches(password)
    }
  }

  private func throughGate<T: Sendable>(
    _ work: @escaping @Sendable () throws -> T
  ) async throws -> T {
    try await gate.enter()
    defer { gate.leave() }
    return try await offLoop(work)
  }
}

/// Lets a few in at once and a bounded number wait, first come first served.
final class AdmissionGate: Sendable {
  private struct Waiter {
    let number: Int
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var free: Int
    var waiters: [Waiter] = []
    var nextNumber = 0
    /// Who has asked and neither waits nor was answered yet; who is missing there when the answer
    /// is due was cancelled on the way.
    var arriving: Set<Int> = []
  }

  private let queue: Int
  private let state: Mutex<State>

  init(places: Int, queue: Int) {
    self.queue = queue
    state = Mutex(State(free: places))
  }

  /// Waits for a place; each success is to be followed by one `leave()`.
  ///
  /// - Throws: `RPCError` RESOURCE_EXHAUSTED when too many wait already; `CancellationError`.
  func enter() async throws {
    let number = state.withLock { state in
      state.nextNumber += 1
      state.arriving.insert(state.nextNumber)
      return state.nextNumber
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        admit(Waiter(number: number, continuation: continuation))
      }
    } onCancel: {
      cancel(number)
    }
  }

  /// Gives the place to the next who waits.
  func leave() {
    let next = state.withLock { state -> Waiter? in
      guard !state.waiters.isEmpty else {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume()
  }

  private func admit(_ waiter: Waiter) {
    let outcome = state.withLock { state -> Result<Void, any Error>? in
      guard state.arriving.remove(waiter.number) != nil else {
        return .failure(CancellationError())
      }
      if state.free > 0 {
        state.free -= 1
        return .success(())
      }
      guard state.waiters.count < queue else {
        return .failure(RPCError(.resourceExhausted, "too many log-ins at once: try again shortly"))
      }
      state.waiters.append(waiter)
      return nil
    }
    if let outcome { waiter.continuation.resume(with: outcome) }
  }

  private func cancel(_ number: Int) {
    let waiter = state.withLock { state -> Waiter? in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else {
        state.arriving.remove(number)
        return nil
      }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(throwing: CancellationError())
  }
}

internal import Synchronization

/// The last states of a channel, numbered, and the tasks that wait for the next.
///
/// All watchers share it, so its memory does not grow with their number, nor with how far behind
/// they are.
final class ConnectivityLog: Sendable {
  private struct State {
    /// The newest `capacity` states.
    var recent: [ConnectivityState] = [.idle]
    /// The number of the first of them.
    var firstNumber = 0
    var waiters: [Int: UnsafeContinuation<Void, Never>] = [:]
    var lastTicket = 0

    var nextNumber: Int { firstNumber + recent.count }
  }

  /// What a watcher finds.
  enum Entry: Hashable {
    case state(ConnectivityState, number: Int)
    /// Nothing new yet.
    case none
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) {
    self.capacity = max(capacity, 1)
  }

  var current: ConnectivityState {
    state.withLock { $0.recent.last ?? .idle }
  }

  /// The number of the current state.
  var currentNumber: Int {
    state.withLock { $0.nextNumber - 1 }
  }

  /// Adds a state, unless it is the current one.
  func append(_ new: ConnectivityState) {
    let waiters: [UnsafeContinuation<Void, Never>] = state.withLock { state in
      guard state.recent.last != new, state.recent.last != .shutdown else { return [] }
      if state.recent.count == capacity {
        state.recent.removeFirst()
        state.firstNumber += 1
      }
      state.recent.append(new)
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// The state of a number, or the oldest that is left after it.
  func entry(_ number: Int) -> Entry {
    state.withLock { state in
      guard number < state.nextNumber else { return .none }
      let index = max(number - state.firstNumber, 0)
      return .state(state.recent[index], number: state.firstNumber + index)
    }
  }

  /// Waits until there is a state of this number, or the task is cancelled.
  func wait(for number: Int) async {
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let isOver = state.withLock { state in
          // Cancelled before: its handler has run and found nobody.
          guard number >= state.nextNumber, !Task.isCancelled else { return true }
          state.waiters[ticket] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume()
    }
  }
}

/// A channel's states: the current one, then each that follows, in order.
///
/// It ends after `shutdown`, and when the task that reads it is cancelled. A reader that is more than
/// `ClientLimits.maxUnseenStates` behind misses the oldest.
public struct ConnectivityStates: AsyncSequence, Sendable {
  /// It does not fail.
  public typealias Failure = Never

  let log: ConnectivityLog

  /// Takes states out of the sequence.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let log: ConnectivityLog
    var number: Int
    var isOver = false

    /// Waits for the next state.
    ///
    /// - Parameter actor: where the caller runs; leave it to the default.
    /// - Returns: the state; nil after `shutdown`, or when the task is cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async -> ConnectivityState? {
      while !isOver, !Task.isCancelled {
        switch log.entry(number) {
        case .none: await log.wait(for: number)
        case .state(let state, let number):
          self.number = number + 1
          isOver = state == .shutdown
          return state
        }
      }
      return nil
    }
  }

  /// Starts at the current state.
  ///
  /// - Returns: an iterator.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(log: log, number: log.currentNumber)
  }
}

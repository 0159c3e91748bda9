/// The life of a channel: when it connects, when it waits, when its calls fail.
///
/// A value without I/O; randomness is handed in. Its graph is in docs/call-life.md.
package struct ChannelLife {
  package enum State: Hashable {
    /// No connection and none wanted.
    case idle
    case connecting
    case ready
    /// The last attempt failed, with this cause; the next one waits for a timer.
    case backingOff(cause: String)
    case closed
  }

  package private(set) var state = State.idle
  /// Attempts that failed since the last connection that worked.
  package private(set) var failures = 0
  private let backoff: ChannelConfiguration.Backoff

  package init(backoff: ChannelConfiguration.Backoff) {
    self.backoff = backoff
  }

  /// What to do with a new call.
  package enum CallAction: Hashable {
    /// Put it on the connection.
    case start
    /// Keep it until there is a connection; `connect` asks to make one now.
    case wait(connect: Bool)
    case fail(RPCError)
  }

  package mutating func call(waitForReady: Bool) -> CallAction {
    switch state {
    case .ready: return .start
    case .connecting: return .wait(connect: false)
    case .idle:
      state = .connecting
      return .wait(connect: true)
    case .backingOff(let cause):
      return waitForReady ? .wait(connect: false) : .fail(RPCError(.unavailable, cause))
    case .closed: return .fail(RPCError(.unavailable, "the channel is closed"))
    }
  }

  /// The connection works: the server's HTTP/2 settings have come.
  ///
  /// False when the channel was closed meanwhile.
  package mutating func connected() -> Bool {
    guard state == .connecting else { return false }
    state = .ready
    failures = 0
    return true
  }

  /// The attempt failed.
  ///
  /// Returns how long to wait before the next; nil when the channel was closed meanwhile.
  ///
  /// - Parameters:
  ///   - cause: what failed, for the calls that fail with it.
  ///   - random: a number from 0 up to 1, which places the wait in its range.
  /// - Returns: how long to wait before the next attempt.
  package mutating func attemptFailed(cause: String, random: Double) -> Duration? {
    guard state == .connecting else { return nil }
    state = .backingOff(cause: cause)
    failures += 1
    return delay(random: random)
  }

  /// The wait is over.
  ///
  /// Returns whether to connect now, which it does only if calls wait.
  package mutating func backoffElapsed(callsWait: Bool) -> Bool {
    guard case .backingOff = state else { return false }
    state = callsWait ? .connecting : .idle
    return callsWait
  }

  /// The connection is lost, or takes no more calls.
  ///
  /// Returns whether to connect again now.
  package mutating func lost(callsWait: Bool) -> Bool {
    guard state == .ready else { return false }
    state = callsWait ? .connecting : .idle
    return callsWait
  }

  /// False when it was closed before.
  package mutating func close() -> Bool {
    guard state != .closed else { return false }
    state = .closed
    return true
  }

  private func delay(random: Double) -> Duration {
    var delay = backoff.initial
    for _ in 1..<max(failures, 1) where delay < backoff.maximum {
      delay = delay * backoff.multiplier
    }
    return min(delay, backoff.maximum) * (1 + backoff.jitter * (2 * random - 1))
  }
}

package import MartletNet

/// The life of the way to one address: when it connects, and when it may try again.
///
/// A value without I/O. Its graph is in docs/call-life.md.
package struct SubchannelLife: Sendable {
  package enum State: Hashable, Sendable {
    /// No connection, and none wanted.
    case idle
    case connecting
    case ready
    /// The last attempt failed, with this cause; the next begins at `until` at the earliest.
    case backingOff(until: MonotonicTime, cause: String)
  }

  package let endpoint: Endpoint
  package private(set) var state = State.idle
  /// Why the last attempt failed, until one succeeds.
  package private(set) var cause: String?
  private var backoff: ConnectBackoff

  package init(_ endpoint: Endpoint, backoff: ChannelConfiguration.Backoff) {
    self.endpoint = endpoint
    self.backoff = ConnectBackoff(backoff)
  }

  package var failures: Int { backoff.failures }

  /// When the wait is over, while there is one.
  package var wakesAt: MonotonicTime? {
    if case .backingOff(let until, _) = state { return until }
    return nil
  }

  /// Begins an attempt.
  ///
  /// False when one is under way, there is a connection, or the wait is not over.
  package mutating func connect(_ now: MonotonicTime) -> Bool {
    switch state {
    case .connecting, .ready: return false
    case .backingOff(let until, _) where until > now: return false
    case .idle, .backingOff:
      state = .connecting
      backoff.attemptBegins(now)
      return true
    }
  }

  /// The server's HTTP/2 settings have come.
  ///
  /// False when nobody waits for them any more.
  package mutating func connected() -> Bool {
    guard state == .connecting else { return false }
    state = .ready
    cause = nil
    return true
  }

  /// The attempt failed.
  ///
  /// False when it was given up before.
  package mutating func attemptFailed(
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> Bool {
    guard state == .connecting else { return false }
    backOff(cause, now, random)
    return true
  }

  /// The connection is gone, or takes no more calls.
  ///
  /// A server that lets clients in only to send them away at once, before any call, is one that
  /// cannot be reached: without the wait, both would be busy with nothing else.
  ///
  /// - Parameters:
  ///   - wasUsed: whether a call was put on the connection.
  ///   - cause: why it is gone.
  ///   - now: the time.
  ///   - random: a number from 0 up to 1.
  /// - Returns: false when there was no connection.
  package mutating func lost(
    wasUsed: Bool,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> Bool {
    guard state == .ready else { return false }
    if !wasUsed, backoff.isEarly(now) {
      backOff(cause, now, random)
    } else {
      backoff.reset()
      state = .idle
    }
    return true
  }

  /// Gives an attempt or a connection up; a wait goes on.
  package mutating func rest() {
    switch state {
    case .connecting: state = .idle
    case .ready:
      backoff.reset()
      state = .idle
    case .idle, .backingOff: break
    }
  }

  /// The network is back: forgets the failures and the wait.
  package mutating func resetBackoff() {
    backoff.reset()
    if case .backingOff = state { state = .idle }
  }

  private mutating func backOff(_ cause: String, _ now: MonotonicTime, _ random: Double) {
    self.cause = cause
    state = .backingOff(until: backoff.failed(now, random: random), cause: cause)
  }
}

package import MartletNet

/// When a channel asks its resolver.
///
/// A value without I/O.
package struct ResolutionLife: Sendable {
  package enum State: Hashable, Sendable {
    case idle
    case running
    /// It begins at this time.
    case waiting(MonotonicTime)
  }

  package private(set) var state = State.idle
  /// Why the last look-up failed, until one succeeds.
  package private(set) var failure: String?
  private let minInterval: Duration
  private var backoff: ConnectBackoff
  private var lastBegan: MonotonicTime?

  package init(minInterval: Duration, backoff: ChannelConfiguration.Backoff) {
    self.minInterval = minInterval
    self.backoff = ConnectBackoff(backoff)
  }

  package var wakesAt: MonotonicTime? {
    if case .waiting(let time) = state { return time }
    return nil
  }

  /// Somebody wants to know anew.
  ///
  /// True to begin now; otherwise it is under way, or begins when `wakesAt` comes.
  package mutating func request(_ now: MonotonicTime) -> Bool {
    guard state == .idle else { return false }
    if let lastBegan, lastBegan + minInterval > now {
      state = .waiting(lastBegan + minInterval)
      return false
    }
    begin(now)
    return true
  }

  package mutating func succeeded(_ now: MonotonicTime, refreshAfter: Duration?) {
    guard state == .running else { return }
    backoff.reset()
    failure = nil
    state = refreshAfter.map { .waiting(now + max($0, minInterval)) } ?? .idle
  }

  package mutating func failed(cause: String, now: MonotonicTime, random: Double) {
    guard state == .running else { return }
    failure = cause
    state = .waiting(backoff.failed(now, random: random))
  }

  /// The time that `wakesAt` named has come.
  ///
  /// True to begin now.
  package mutating func wake(_ now: MonotonicTime, isWanted: Bool) -> Bool {
    guard case .waiting(let time) = state, time <= now else { return false }
    guard isWanted else {
      rest()
      return false
    }
    begin(now)
    return true
  }

  /// The network is back.
  ///
  /// True to begin now.
  package mutating func resetBackoff(_ now: MonotonicTime) -> Bool {
    backoff.reset()
    guard failure != nil, case .waiting = state else { return false }
    begin(now)
    return true
  }

  /// Nobody wants to know; an answer that is under way is ignored.
  package mutating func rest() {
    state = .idle
    if failure != nil { lastBegan = nil }
    failure = nil
  }

  private mutating func begin(_ now: MonotonicTime) {
    state = .running
    lastBegan = now
    backoff.attemptBegins(now)
  }
}

package import MartletNet

/// How long to wait before connecting again, after the spec at
/// <https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md>.
///
/// A value; time and randomness are handed in.
package struct ConnectBackoff: Sendable {
  /// Attempts that failed since the last success.
  package private(set) var failures = 0
  private let rule: ChannelConfiguration.Backoff
  private var attemptBegan = MonotonicTime(nanoseconds: 0)

  package init(_ rule: ChannelConfiguration.Backoff) {
    self.rule = rule
  }

  package mutating func attemptBegins(_ now: MonotonicTime) {
    attemptBegan = now
  }

  /// Counts a failure.
  ///
  /// - Parameters:
  ///   - now: the time of the failure.
  ///   - random: a number from 0 up to 1, which places the wait in its range.
  /// - Returns: when the next attempt may begin; the wait counts from the last one's beginning.
  package mutating func failed(_ now: MonotonicTime, random: Double) -> MonotonicTime {
    failures += 1
    return max(attemptBegan + delay(random: random), now)
  }

  package mutating func reset() {
    failures = 0
  }

  /// Whether a connection that was made by the last attempt and has just been lost did not even
  /// live as long as the shortest wait.
  package func isEarly(_ now: MonotonicTime) -> Bool {
    now - attemptBegan < rule.initial
  }

  private func delay(random: Double) -> Duration {
    var delay = rule.initial.bounded
    for _ in 1..<max(min(failures, Self.mostSteps), 1) where delay < rule.maximum {
      delay = delay.times(rule.multiplier)
    }
    let jitter = rule.jitter > 0 ? min(rule.jitter, 1) : 0
    return min(delay, rule.maximum.bounded) * (1 + jitter * (2 * random - 1))
  }

  /// A multiplier for which that is not enough is as good as 1.
  private static let mostSteps = 1_000
}

// Arithmetic on waits that somebody configured, which must not trap whatever that was.
extension Duration {
  /// Itself between nothing and a year.
  var bounded: Duration { min(max(self, .zero), .seconds(31_536_000)) }

  /// A bounded wait made longer by a factor; one that is no number, or less than 1, is 1.
  func times(_ factor: Double) -> Duration {
    factor > 1 ? (self * min(factor, 1_000_000)).bounded : self
  }
}

/// The tokens of a channel's `RetryThrottling`.
///
/// A value; integers, so that nothing is lost to rounding.
package struct RetryThrottle: Sendable {
  private let maximum: Int
  private let ratio: Int
  private(set) var thousandths: Int

  /// Creates the bucket, full; without a rule it never holds anything back.
  package init(_ rule: RetryThrottling?) {
    maximum = min(max(rule?.maxTokens ?? 0, rule == nil ? 0 : 1), 1_000) * 1_000
    let ratio = rule?.tokenRatio ?? 0
    self.ratio = ratio > 0 ? Int(min(ratio, 1_000) * 1_000) : 0
    thousandths = maximum
  }

  package var allows: Bool { maximum == 0 || thousandths > maximum / 2 }

  package mutating func failed() { thousandths = max(thousandths - 1_000, 0) }

  package mutating func succeeded() { thousandths = min(thousandths + ratio, maximum) }
}

/// What a server says about making a call again: `grpc-retry-pushback-ms`.
package enum RetryPushback: Hashable, Sendable {
  /// Nothing.
  case none
  /// Not before this wait.
  case after(Duration)
  /// Not at all: a negative number, or what is no number.
  case never

  package init(header: String?) {
    guard let header else {
      self = .none
      return
    }
    let milliseconds = Int32(header) ?? -1
    self = milliseconds < 0 ? .never : .after(.milliseconds(milliseconds))
  }
}

/// The attempts of one call under a retry policy.
///
/// A value; randomness is handed in.
package struct RetryLife: Sendable {
  private let policy: RetryPolicy
  /// Attempts that failed and were followed by another.
  package private(set) var previousAttempts = 0
  /// Waits since the beginning, or since the server last named one.
  private var waits = 0

  package init(_ policy: RetryPolicy) {
    self.policy = policy
  }

  package enum Decision: Hashable, Sendable {
    case retry(after: Duration)
    /// The failure stands.
    case fail
    /// It would be tried again, but the channel's tokens are used up.
    case throttled
  }

  /// An attempt failed before anything of an answer came.
  ///
  /// - Parameters:
  ///   - code: its status.
  ///   - pushback: what the server said about another attempt.
  ///   - throttle: the channel's tokens.
  ///   - random: a number from 0 up to 1, which places the wait in its range.
  /// - Returns: whether, and when, to try again.
  package mutating func attemptFailed(
    _ code: StatusCode,
    _ pushback: RetryPushback,
    _ throttle: inout RetryThrottle,
    random: Double
  ) -> Decision {
    guard pushback != .never else {
      throttle.failed()
      return .fail
    }
    guard policy.retryableCodes.contains(code) else { return .fail }
    throttle.failed()
    let attempts = previousAttempts + 1
    guard attempts < min(policy.maxAttempts, RetryPolicy.mostAttempts) else { return .fail }
    guard throttle.allows else { return .throttled }
    previousAttempts = attempts
    return .retry(after: nextWait(pushback, random))
  }

  private mutating func nextWait(_ pushback: RetryPushback, _ random: Double) -> Duration {
    if case .after(let wait) = pushback {
      waits = 0
      return wait
    }
    var wait = policy.initialBackoff.bounded
    for _ in 0..<waits where wait < policy.maxBackoff { wait = wait.times(policy.multiplier) }
    waits += 1
    return min(wait, policy.maxBackoff.bounded) * (0.8 + 0.4 * random)
  }
}

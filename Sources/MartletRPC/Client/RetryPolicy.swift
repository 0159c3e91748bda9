/// When a call that failed is made again, after gRPC's proposal A6
/// (<https://github.com/grpc/proposal/blob/master/A6-client-retries.md>), without hedging.
///
/// A call is made again only as long as nothing of an answer has come and all that was sent is
/// still held (`ClientLimits.replayBytes`). The caller sees the last attempt's status.
public struct RetryPolicy: Sendable, Hashable {
  /// Attempts in all, the first included; more than 5 count as 5, fewer than 2 as no retry.
  public var maxAttempts: Int
  /// The wait before the first retry, before jitter of ±20 %.
  public var initialBackoff: Duration
  /// The longest wait, before jitter.
  public var maxBackoff: Duration
  /// How much longer each next wait is.
  public var multiplier: Double
  /// The codes after which to try again.
  public var retryableCodes: Set<StatusCode>

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxAttempts: attempts in all, the first included, at most 5.
  ///   - initialBackoff: the wait before the first retry.
  ///   - maxBackoff: the longest wait.
  ///   - multiplier: how much longer each next wait is.
  ///   - retryableCodes: the codes after which to try again; only such as mean that a method which
  ///     may be called twice should be.
  public init(
    maxAttempts: Int = 4,
    initialBackoff: Duration = .milliseconds(100),
    maxBackoff: Duration = .seconds(2),
    multiplier: Double = 2,
    retryableCodes: Set<StatusCode> = [.unavailable]
  ) {
    self.maxAttempts = maxAttempts
    self.initialBackoff = initialBackoff
    self.maxBackoff = maxBackoff
    self.multiplier = multiplier
    self.retryableCodes = retryableCodes
  }

  /// A6 allows no more.
  static let mostAttempts = 5
}

/// Whether calls are made again, and how.
public enum RetryRule: Sendable, Hashable {
  /// They are not, unless the server has provably not looked at them.
  case never
  /// They are as the policy says.
  case policy(RetryPolicy)

  var policy: RetryPolicy? {
    if case .policy(let policy) = self, policy.maxAttempts > 1, !policy.retryableCodes.isEmpty {
      return policy
    }
    return nil
  }
}

/// Which calls of a channel are made again, and when so many fail that none is.
public struct RetryConfiguration: Sendable, Hashable {
  /// What holds for calls that `services` and `methods` do not name.
  public var channel = RetryRule.never
  /// What holds for a service's methods, by its full name, such as `martlet.v1.LiveService`.
  public var services: [String: RetryRule] = [:]
  /// What holds for a method, by its path, such as `MethodDescriptor.path`.
  public var methods: [String: RetryRule] = [:]
  /// When the channel stops to make calls again because too many fail; nil for never.
  public var throttling: RetryThrottling?

  /// Creates a configuration.
  ///
  /// - Parameter channel: what holds for all calls of the channel.
  public init(_ channel: RetryRule = .never) {
    self.channel = channel
  }

  /// Whether no rule lets a call be made again.
  var isEmpty: Bool {
    ([channel] + services.values + methods.values).allSatisfy { $0.policy == nil }
  }

  /// The rule for the method at a path.
  ///
  /// - Complexity: O(1); without rules for services and methods nothing is looked up.
  func rule(at path: String) -> RetryRule {
    if !methods.isEmpty, let rule = methods[path] { return rule }
    if !services.isEmpty, let rule = services[String(path.dropFirst().prefix { $0 != "/" })] {
      return rule
    }
    return channel
  }
}

/// Holds retries back while much fails, so that they do not add to a server's trouble (A6,
/// "Throttling Retry Attempts and Hedged RPCs").
///
/// A channel has a number of tokens. An attempt that fails with a retryable code takes one, a call
/// that succeeds gives `tokenRatio` back, and with half of them or fewer nothing is made again.
public struct RetryThrottling: Sendable, Hashable {
  /// How many tokens there are at first and at most; 1 to 1,000.
  public var maxTokens: Int
  /// What a success gives back; three places after the point count.
  public var tokenRatio: Double

  /// Creates a rule.
  ///
  /// - Parameters:
  ///   - maxTokens: how many tokens there are; 1 to 1,000.
  ///   - tokenRatio: what a success gives back.
  public init(maxTokens: Int = 100, tokenRatio: Double = 0.1) {
    self.maxTokens = maxTokens
    self.tokenRatio = tokenRatio
  }
}

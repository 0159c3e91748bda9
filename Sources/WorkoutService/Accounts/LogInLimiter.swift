/// Slows down those who guess passwords: per account and per address, an allowance of failures
/// that fills up again with time.
///
/// A log-in is charged when it begins and refunded when it succeeds, so that many guesses at the
/// same moment cannot slip through while the first is still being hashed. The clock is handed in.
package struct LogInLimiter: Sendable {
  /// How many failures are allowed, and for how long they are held against somebody.
  package struct Allowance: Sendable {
    package var failures: Int
    package var memory: Duration

    package init(failures: Int, memory: Duration) {
      self.failures = failures
      self.memory = memory
    }
  }

  /// Whether a log-in may go on.
  package enum Verdict: Sendable, Equatable {
    case admitted
    /// Try again after this time.
    case refused(retryAfter: Duration)
  }

  private var accounts: FailureLedger
  private var addresses: FailureLedger

  package init(
    perAccount: Allowance = Allowance(
      failures: ServiceLimits.logInFailuresPerAccount,
      memory: ServiceLimits.logInFailureMemory
    ),
    perAddress: Allowance = Allowance(
      failures: ServiceLimits.logInFailuresPerAddress,
      memory: ServiceLimits.logInFailureMemory
    ),
    capacity: Int = ServiceLimits.rememberedLogInFailures
  ) {
    accounts = FailureLedger(allowance: perAccount, capacity: capacity)
    addresses = FailureLedger(allowance: perAddress, capacity: capacity)
  }

  /// Charges both sides, or refuses and charges neither.
  ///
  /// - Parameters:
  ///   - account: What was typed, in one spelling; it need not exist.
  ///   - address: The peer's address without its port.
  ///   - now: Time since any fixed moment.
  /// - Returns: Whether the log-in may go on, and if not, when to come again.
  package mutating func begin(account: String, address: String, now: Duration) -> Verdict {
    let wait = max(accounts.wait(account, now), addresses.wait(address, now))
    guard wait <= .zero else { return .refused(retryAfter: wait) }
    accounts.charge(account, now)
    addresses.charge(address, now)
    return .admitted
  }

  /// Takes the charge back: the password was right, or it was never looked at.
  package mutating func refund(account: String, address: String) {
    accounts.refund(account)
    addresses.refund(address)
  }

  /// How many accounts and addresses are remembered.
  package var remembered: (accounts: Int, addresses: Int) { (accounts.count, addresses.count) }
}

/// Failures by key, each as the moment at which all of them are forgotten (a leaky bucket).
private struct FailureLedger: Sendable {
  private let cost: Duration
  private let memory: Duration
  private let capacity: Int
  private var clearAt: [String: Duration] = [:]

  init(allowance: LogInLimiter.Allowance, capacity: Int) {
    cost = allowance.memory / max(1, allowance.failures)
    memory = allowance.memory
    self.capacity = max(1, capacity)
  }

  var count: Int { clearAt.count }

  /// How long until one more failure fits in the allowance.
  func wait(_ key: String, _ now: Duration) -> Duration {
    guard let clear = clearAt[key] else { return .zero }
    return clear + cost - (now + memory)
  }

  mutating func charge(_ key: String, _ now: Duration) {
    if clearAt[key] == nil, clearAt.count >= capacity { makeRoom(now) }
    clearAt[key] = max(clearAt[key] ?? now, now) + cost
  }

  mutating func refund(_ key: String) {
    guard let clear = clearAt[key] else { return }
    clearAt[key] = clear - cost
  }

  /// Forgets those whose failures have run out, and if there are none, the half that is nearest
  /// to it: who guesses most is remembered longest.
  private mutating func makeRoom(_ now: Duration) {
    clearAt = clearAt.filter { $0.value > now }
    guard clearAt.count >= capacity else { return }
    let middle = clearAt.values.sorted()[clearAt.count / 2]
    clearAt = clearAt.filter { $0.value > middle }
  }
}

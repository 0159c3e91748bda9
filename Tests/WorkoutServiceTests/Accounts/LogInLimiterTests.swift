import Testing

@testable import WorkoutService

@Suite("the log-in limiter")
struct LogInLimiterTests {
  private func limiter(account: Int = 3, address: Int = 100, capacity: Int = 100) -> LogInLimiter {
    LogInLimiter(
      perAccount: .init(failures: account, memory: .seconds(30)),
      perAddress: .init(failures: address, memory: .seconds(30)),
      capacity: capacity
    )
  }

  @Test("refuses an account after its allowance of failures, from any address")
  func account() {
    var limiter = limiter()
    for index in 0..<3 {
      #expect(limiter.begin(account: "ann", address: "\(index)", now: .zero) == .admitted)
    }
    #expect(
      limiter.begin(account: "ann", address: "9", now: .zero)
        == .refused(retryAfter: .seconds(10))
    )
    #expect(limiter.begin(account: "bob", address: "9", now: .zero) == .admitted)
  }

  @Test("gives one failure back after its share of the time, and all after the whole")
  func refills() {
    var limiter = limiter()
    for _ in 0..<3 { _ = limiter.begin(account: "ann", address: "1", now: .zero) }
    #expect(
      limiter.begin(account: "ann", address: "1", now: .seconds(9))
        == .refused(retryAfter: .seconds(1))
    )
    #expect(limiter.begin(account: "ann", address: "1", now: .seconds(10)) == .admitted)
    #expect(limiter.begin(account: "ann", address: "1", now: .seconds(10)) != .admitted)
    for _ in 0..<3 {
      #expect(limiter.begin(account: "ann", address: "1", now: .seconds(1000)) == .admitted)
    }
    #expect(limiter.begin(account: "ann", address: "1", now: .seconds(1000)) != .admitted)
  }

  @Test("refuses an address that fails on many accounts")
  func address() {
    var limiter = limiter(address: 5)
    for index in 0..<5 {
      #expect(limiter.begin(account: "\(index)", address: "1", now: .zero) == .admitted)
    }
    #expect(limiter.begin(account: "ann", address: "1", now: .zero) != .admitted)
    #expect(limiter.begin(account: "ann", address: "2", now: .zero) == .admitted)
  }

  @Test("does not count log-ins that succeed")
  func refunds() {
    var limiter = limiter()
    for _ in 0..<100 {
      #expect(limiter.begin(account: "ann", address: "1", now: .zero) == .admitted)
      limiter.refund(account: "ann", address: "1")
    }
  }

  @Test("counts guesses that run at the same time")
  func parallel() {
    var limiter = limiter()
    let verdicts = (0..<10).map { _ in limiter.begin(account: "ann", address: "1", now: .zero) }
    #expect(verdicts.filter { $0 == .admitted }.count == 3)
  }

  @Test("a refused log-in is not charged")
  func refusedIsFree() {
    var limiter = limiter()
    for _ in 0..<1000 { _ = limiter.begin(account: "ann", address: "1", now: .zero) }
    #expect(limiter.begin(account: "ann", address: "1", now: .seconds(10)) == .admitted)
  }

  @Test("remembers a bounded number of names, the worst offenders the longest")
  func bounded() {
    var limiter = limiter(address: 1_000_000, capacity: 50)
    for _ in 0..<3 { _ = limiter.begin(account: "worst", address: "1", now: .zero) }
    for index in 0..<5000 {
      _ = limiter.begin(account: "\(index)", address: "1", now: .milliseconds(index / 10))
    }
    #expect(limiter.remembered.accounts <= 50)
    #expect(limiter.begin(account: "worst", address: "1", now: .seconds(1)) != .admitted)
  }
}

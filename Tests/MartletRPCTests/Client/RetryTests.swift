import EchoSchema
import MartletHTTP2
import MartletNet
import MartletWire
import Testing

@testable import MartletRPC

@Suite struct RetryLifeTests {
  private func life(_ policy: RetryPolicy = RetryPolicy()) -> RetryLife { RetryLife(policy) }

  /// One failure in a channel without tokens.
  private func fail(
    _ life: inout RetryLife,
    _ code: StatusCode = .unavailable,
    _ pushback: RetryPushback = .none,
    random: Double = 0.5
  ) -> RetryLife.Decision {
    var free = RetryThrottle(nil)
    return life.attemptFailed(code, pushback, &free, random: random)
  }

  @Test("waits grow from the first to the longest, each within a fifth of its value")
  func waits() {
    var life = life(RetryPolicy(maxAttempts: 5, maxBackoff: .milliseconds(300)))
    for (random, expected) in [(0.5, 100), (0.5, 200), (0.0, 240), (0.5, 300)] {
      let decision = fail(&life, random: random)
      guard case .retry(let wait) = decision else {
        Issue.record("\(decision)")
        return
      }
      #expect(abs(wait / .milliseconds(1) - Double(expected)) < 0.001)
    }
    let last = fail(&life)
    #expect(last == .fail)
    #expect(life.previousAttempts == 4)
  }

  @Test("no more than five attempts, whatever the policy says; other codes are final")
  func bounds() {
    var many = life(RetryPolicy(maxAttempts: 100))
    var count = 0
    while fail(&many) != .fail { count += 1 }
    #expect(count == 4)
    var other = life()
    let decisions = [fail(&other, .notFound), fail(&other, .notFound, .after(.zero))]
    #expect(decisions == [.fail, .fail])
    #expect(RetryRule.policy(RetryPolicy(maxAttempts: 1)).policy == nil)
  }

  @Test("the server names the wait, or forbids another attempt; then the waits begin anew")
  func pushback() {
    var life = life(RetryPolicy(maxAttempts: 5))
    _ = fail(&life)
    let named = fail(&life, .unavailable, .after(.seconds(7)))
    #expect(named == .retry(after: .seconds(7)))
    guard case .retry(let next) = fail(&life) else {
      Issue.record("a further attempt is allowed")
      return
    }
    #expect(abs(next / .milliseconds(1) - 100) < 0.001)
    let forbidden = fail(&life, .unavailable, .never)
    #expect(forbidden == .fail)
  }

  @Test(
    "pushback is a number of milliseconds; all else forbids",
    arguments: [
      (nil, RetryPushback.none), ("0", .after(.zero)), ("1500", .after(.milliseconds(1_500))),
      ("-1", .never), ("soon", .never), ("", .never), ("99999999999999999999", .never),
    ]
  )
  func header(text: String?, pushback: RetryPushback) {
    #expect(RetryPushback(header: text) == pushback)
  }

  @Test("with half of the tokens gone nothing is tried again, until successes give them back")
  func throttle() {
    var throttle = RetryThrottle(RetryThrottling(maxTokens: 10, tokenRatio: 0.5))
    var decisions: [Bool] = []
    for _ in 0..<6 { decisions.append(decide(&throttle) == .throttled) }
    #expect(decisions == [false, false, false, false, true, true])
    throttle.succeeded()
    throttle.succeeded()
    throttle.succeeded()
    #expect(throttle.allows)
    for _ in 0..<50 { throttle.failed() }
    #expect(throttle.thousandths == 0)
    for _ in 0..<500 { throttle.succeeded() }
    #expect(throttle.thousandths == 10_000)
  }

  private func decide(_ throttle: inout RetryThrottle) -> RetryLife.Decision {
    var life = life()
    return life.attemptFailed(.unavailable, .none, &throttle, random: 0)
  }

  @Test("a method's rule goes before its service's, and that before the channel's")
  func rules() {
    var rules = RetryConfiguration(.policy(RetryPolicy(maxAttempts: 2)))
    rules.services["a.B"] = .policy(RetryPolicy(maxAttempts: 3))
    rules.methods["/a.B/C"] = .never
    #expect(rules.rule(at: "/x.Y/Z").policy?.maxAttempts == 2)
    #expect(rules.rule(at: "/a.B/D").policy?.maxAttempts == 3)
    #expect(rules.rule(at: "/a.B/C").policy == nil)
    #expect(!rules.isEmpty && RetryConfiguration().isEmpty)
  }
}

@Suite(.timeLimit(.minutes(1))) struct RetryTests {
  private var configuration: ChannelConfiguration {
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.retries = RetryConfiguration(
      .policy(RetryPolicy(initialBackoff: .milliseconds(2), maxBackoff: .milliseconds(5)))
    )
    return configuration
  }

  @Test("a call that fails with a retryable status is made again, and says how often it was")
  func retried() async throws {
    let attempts = Recorded<String?>()
    let report = CallReport()
    try await withScriptedServer(configuration) { request in
      attempts.append(request.headers["grpc-previous-rpc-attempts"])
      if request.number < 4 { request.fail(14) } else { request.answer("fourth") }
    } _: { client, channel in
      let options = options { $0.report = report }
      let text = try await client.get(request("again"), options: options).text
      #expect(text == "fourth")
      let statistics = await channel.statistics()
      #expect(statistics.retries == 3)
      #expect(statistics.callsStarted == 1)
      #expect(statistics.callsSucceeded == 1)
    }
    #expect(attempts.all == [nil, "1", "2", "3"])
    #expect(report.attempts == 4)
  }

  @Test("the last attempt's status is the caller's")
  func exhausted() async throws {
    let count = Counter()
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.fail(14, [("grpc-message", "try \(request.number)")])
    } _: { client, _ in
      let error = await failure { try await client.get(request()) }
      #expect(error == RPCError(.unavailable, "try 4"))
    }
    #expect(count.current == 4)
  }

  @Test("other codes, and a call that says never, are not tried again")
  func notRetried() async throws {
    let count = Counter()
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.fail(request.number == 1 ? 5 : 14)
    } _: { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .notFound)
      let options = options { $0.retry = .never }
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .unavailable)
    }
    #expect(count.current == 2)
  }

  @Test("once the response has begun, its failure stands")
  func committed() async throws {
    let count = Counter()
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.failLate(14)
    } _: { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .unavailable)
    }
    #expect(count.current == 1)
  }

  @Test("the server forbids another attempt, or names the wait")
  func pushback() async throws {
    let count = Counter()
    try await withScriptedServer(configuration) { request in
      count.increment()
      switch request.number {
      case 1: request.fail(14, [("grpc-retry-pushback-ms", "-1")])
      case 2: request.fail(14, [("grpc-retry-pushback-ms", "300")])
      default: request.answer("ok")
      }
    } _: { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .unavailable)
      #expect(count.current == 1)
      let start = ContinuousClock.now
      _ = try await client.get(request())
      #expect(ContinuousClock.now - start >= .milliseconds(300))
    }
  }

  @Test("a connection that breaks before the answer is a failure like any other")
  func brokenConnection() async throws {
    try await withScriptedServer(configuration) { request in
      if request.number < 3 { request.connection.transport.close() } else { request.answer("ok") }
    } _: { client, channel in
      let text = try await client.get(request()).text
      #expect(text == "ok")
      let statistics = await channel.statistics()
      #expect(statistics.retries == 2)
      #expect(statistics.connectionAttempts == 3)
    }
  }

  @Test("all requests of a stream are sent again, and those that follow go to the new attempt")
  func streaming() async throws {
    let bodies = Recorded<Int>()
    try await withScriptedServer(configuration) { request in
      bodies.append(request.body.count)
      if request.number == 1 { request.fail(14) } else { request.answer("done") }
    } _: { client, _ in
      let call = try await client.collect()
      for index in 0..<20 { try await call.requests.send(request("\(index % 10)")) }
      await call.requests.finish()
      let text = try await call.response().text
      #expect(text == "done")
    }
    #expect(bodies.all.count == 2)
    #expect(Set(bodies.all).count == 1 && bodies.all[0] > 100)
  }

  @Test("a call that failed in the midst of its requests goes on where it was")
  func midstream() async throws {
    let bodies = Recorded<Int>()
    try await withScriptedServer(configuration, early: 1) { request in
      bodies.append(request.body.count)
      if request.number == 1 { request.fail(14) } else { request.answer("second") }
    } _: { client, _ in
      let call = try await client.chat()
      try await call.requests.send(request("one"))
      await call.requests.finish()
      var responses = call.responses.makeAsyncIterator()
      let text = try await responses.next()?.text
      #expect(text == "second")
    }
    // Sent before the failure or after it, the request comes once.
    #expect(bodies.all == [0, request("one").encoded().count + Envelope.prefixLength])
  }

  @Test("a call that has sent more than is kept is not made again, nor held back")
  func overflow() async throws {
    let count = Counter()
    var configuration = configuration
    configuration.limits.replayBytes = 10_000
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.fail(14)
    } _: { client, channel in
      let call = try await client.collect()
      for _ in 0..<20 {
        try await call.requests.send(request(String(repeating: "x", count: 1_000)))
      }
      await call.requests.finish()
      #expect(await failure { try await call.response() }.code == .unavailable)
      let statistics = await channel.statistics()
      #expect(statistics.replaysDropped == 1)
      #expect(statistics.retries == 0)
    }
    #expect(count.current == 1)
  }

  @Test("all calls of a channel together keep no more than its bound, and give it back")
  func channelBound() async throws {
    let count = Counter()
    var configuration = configuration
    configuration.limits.maxReplayBytesPerChannel = 3_000
    try await withScriptedServer(configuration) { request in
      count.increment()
      if request.number <= 2 { request.fail(14) } else { request.answer("ok") }
    } _: { client, channel in
      let big = request(String(repeating: "x", count: 4_000))
      #expect(await failure { try await client.get(big) }.code == .unavailable)
      // Many that fit, one after the other: nothing is held for those that are over.
      for _ in 0..<20 { _ = try await client.get(request(String(repeating: "x", count: 2_000))) }
      let statistics = await channel.statistics()
      #expect(statistics.replaysDropped == 1)
      #expect(statistics.retries == 1)
    }
  }

  @Test("the deadline holds for all attempts together, and a wait ends with it")
  func deadline() async throws {
    var configuration = configuration
    configuration.retries.channel = .policy(
      RetryPolicy(initialBackoff: .seconds(60), maxBackoff: .seconds(60))
    )
    try await withScriptedServer(configuration) { request in
      request.fail(14)
    } _: { client, _ in
      let options = CallOptions(timeout: .milliseconds(100))
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .deadlineExceeded)
    }
  }

  @Test("a call between two attempts ends with its channel, and with its task")
  func endedWhileWaiting() async throws {
    var configuration = configuration
    configuration.retries.channel = .policy(
      RetryPolicy(initialBackoff: .seconds(60), maxBackoff: .seconds(60))
    )
    let count = Counter()
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.fail(14)
    } _: { client, channel in
      let cancelled = Task { await failure { try await client.get(request()) }.code }
      let closed = Task { await failure { try await client.get(request()) }.code }
      #expect(await waitUntil { count.current == 2 })
      cancelled.cancel()
      #expect(await cancelled.value == .cancelled)
      await channel.close()
      #expect(await closed.value == .cancelled)
    }
  }

  @Test("when too much fails, nothing is made again until calls succeed")
  func throttled() async throws {
    let count = Counter()
    var configuration = configuration
    configuration.retries.throttling = RetryThrottling(maxTokens: 4, tokenRatio: 1)
    try await withScriptedServer(configuration) { request in
      count.increment()
      request.fail(14)
    } _: { client, channel in
      for _ in 0..<10 { _ = await failure { try await client.get(request()) } }
      let statistics = await channel.statistics()
      #expect(statistics.retries == 1)
      #expect(statistics.retriesThrottled == 10)
    }
    #expect(count.current == 11)
  }

  @Test("a server that cannot be reached is a failure that the policy knows")
  func unreachable() async throws {
    var configuration = configuration
    configuration.backoff.initial = .milliseconds(20)
    let loop = try EventLoop()
    try loop.start()
    let count = Counter()
    let channel = Channel(configuration: configuration, loop: loop) { (loop) throws(NetError) in
      count.increment()
      throw .closedByPeer
    }
    let error = await failure { try await EchoServiceClient(channel).get(request()) }
    #expect(error.code == .unavailable)
    let retries = await channel.statistics().retries
    #expect(retries == 3)
    await channel.close()
    await loop.stopAndWait()
  }
}

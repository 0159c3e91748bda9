import EchoSchema
import MartletNet
import MartletWire
import Synchronization
import Testing

@testable import MartletHTTP2
@testable import MartletRPC

/// Where a channel's bounds meet, and servers and configurations that mean no good.
@Suite(.timeLimit(.minutes(1))) struct ChannelEdgeTests {
  @Test("a request over what the channel may keep is sent whole", arguments: [1, 30])
  func overReplayBound(calls: Int) async throws {
    var fixture = EchoFixture()
    fixture.channel.limits.maxReplayBytesPerChannel = calls == 1 ? 1_000 : 10_000
    try await fixture.run { client, channel in
      let text = String(repeating: "x", count: 2_000)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<calls {
          group.addTask {
            let response = try await client.get(request(text))
            #expect(response.text == text)
          }
        }
        try await group.waitForAll()
      }
      #expect(await channel.statistics().replaysDropped > 0)
    }
  }

  @Test("what is sent between two attempts is in the next one, whatever the channel may keep")
  func overReplayBoundWhileWaiting() async throws {
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.limits.maxReplayBytesPerChannel = 3_000
    configuration.retries.channel = .policy(RetryPolicy(initialBackoff: .milliseconds(300)))
    let bodies = Recorded<Int>()
    try await withScriptedServer(configuration, early: 1) { request in
      // The first is turned down at its headers, the second answered at its end.
      if request.number == 1 { return request.fail(14) }
      bodies.append(request.body.count)
      request.answer("ok")
    } _: { client, channel in
      let call = try await client.collect()
      while await channel.statistics().retries == 0 { try await Task.sleep(for: .milliseconds(5)) }
      let message = request(String(repeating: "x", count: 1_000))
      for _ in 0..<10 { try await call.requests.send(message) }
      await call.requests.finish()
      let last = try await call.response()
      #expect(last.text == "ok")
      #expect(bodies.all == [10 * (message.encoded().count + Envelope.prefixLength)])
    }
  }

  @Test("a call whose headers no connection takes fails, and holds up no other")
  func headersTooLong() async throws {
    try await EchoFixture().run { client, _ in
      let long = options(timeout: .seconds(5)) {
        $0.authority = String(repeating: "a", count: 100_000)
      }
      #expect(await failure { try await client.get(request(), options: long) }.code == .internal)
      let response = try await client.get(request("x"), options: CallOptions(timeout: .seconds(5)))
      #expect(response.text == "x")
    }
  }

  @Test("a server that sends its clients away a hundred times over ends nothing but calls")
  func manyGoAways() async throws {
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.keepaliveInterval = .seconds(10)
    try await withScriptedServer(configuration) { request in
      request.stream.answer("ok")
      guard request.number <= 100, let session = request.connection.session else { return }
      for _ in 0..<(request.number == 1 ? 100 : 1) {
        request.connection.submitGoAway(.enhanceYourCalm, session, text: "too_many_pings")
      }
    } _: { client, _ in
      for _ in 0..<101 { _ = try? await client.get(request()) }
      let last = try await client.get(request())
      #expect(last.text == "ok")
    }
  }

  @Test("an answer that is not gRPC's and never ends is cut")
  func endlessAnswer() async throws {
    try await withScriptedServer { request in
      guard request.number == 1 else {
        return request.stream.answer("\(request.connection.openStreamCount)")
      }
      request.stream.submitResponse(ResponseHeaders.plainText(status: "502"))
    } _: { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .unavailable)
      let last = try await client.get(request())
      #expect(last.text == "1")
    }
  }

  @Test("a call that waits for its credentials ends with its channel")
  func closedWhileAsking() async throws {
    var configuration = ChannelConfiguration()
    let asked = Flag()
    configuration.credentials = BearerToken {
      asked.set()
      // One that does not look whether it is cancelled.
      await Task { try? await Task.sleep(for: .seconds(3)) }.value
      return "late"
    }
    let channel = Channel(to: .host("127.0.0.1", port: 9), configuration: configuration)
    let call = Task {
      await failure { try await EchoServiceClient(channel).get(request()) }.code
    }
    #expect(await asked.wait())
    let start = ContinuousClock.now
    await channel.close()
    #expect(await call.value == .cancelled)
    #expect(ContinuousClock.now - start < .seconds(2))
  }

  @Test(
    "numbers that are none, or out of any range, make no trap",
    arguments: [Double.nan, .infinity, -.infinity, -1, 0, 1e300]
  )
  func strangeNumbers(number: Double) {
    var throttle = RetryThrottle(RetryThrottling(maxTokens: .min, tokenRatio: number))
    throttle.failed()
    throttle.succeeded()
    var policy = RetryPolicy(maxAttempts: 5, maxBackoff: .seconds(Int64.max), multiplier: number)
    for initial in [Duration.seconds(1), .seconds(-1), .seconds(Int64.max)] {
      policy.initialBackoff = initial
      var life = RetryLife(policy)
      var free = RetryThrottle(nil)
      for _ in 0..<5 { _ = life.attemptFailed(.unavailable, .none, &free, random: 0.99) }
    }
    var backoff = ChannelConfiguration.Backoff()
    backoff.maximum = .seconds(Int64.max)
    backoff.multiplier = number
    backoff.jitter = number
    var connecting = ConnectBackoff(backoff)
    for _ in 0..<100 { _ = connecting.failed(.read(), random: 0.99) }
  }
}

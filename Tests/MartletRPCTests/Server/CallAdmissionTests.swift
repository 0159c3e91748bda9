import EchoSchema
import MartletNet
import Testing

@testable import MartletRPC

@Suite struct CallAdmissionTests {
  private func now(_ milliseconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: 5_000_000_000_000 + milliseconds * 1_000_000)
  }

  private func admission(_ set: (inout ServerLimits) -> Void) throws -> CallAdmission {
    var limits = ServerLimits()
    set(&limits)
    return try #require(CallAdmission(limits))
  }

  @Test("no limit, no admission")
  func none() {
    #expect(CallAdmission(ServerLimits()) == nil)
  }

  @Test("calls are counted over all peers, and per peer")
  func concurrency() throws {
    let calls = try admission {
      $0.maxConcurrentCalls = 3
      $0.maxConcurrentCallsPerPeer = 2
    }
    #expect(calls.enter("a", now: now(0)) == nil)
    #expect(calls.enter("a", now: now(0)) == nil)
    #expect(calls.enter("a", now: now(0))?.error.code == .resourceExhausted)
    #expect(calls.enter("b", now: now(0)) == nil)
    #expect(calls.enter("c", now: now(0))?.error.code == .resourceExhausted)
    calls.leave("a")
    #expect(calls.enter("c", now: now(0)) == nil)
    calls.leave("a")
    calls.leave("b")
    calls.leave("c")
    #expect(calls.peerCount == 0)
  }

  @Test("a rate allows a burst, then one in each interval, and says when")
  func rate() throws {
    let calls = try admission {
      $0.callsPerSecondPerPeer = 10
      $0.callBurstPerPeer = 3
    }
    for _ in 0..<3 { #expect(calls.enter("a", now: now(0)) == nil) }
    #expect(calls.enter("a", now: now(0))?.pushback == .milliseconds(100))
    #expect(calls.enter("b", now: now(0)) == nil)
    #expect(calls.enter("a", now: now(70))?.pushback == .milliseconds(30))
    #expect(calls.enter("a", now: now(100)) == nil)
    #expect(calls.enter("a", now: now(100)) != nil)
    var taken = 0
    for millisecond in 1_000..<2_000 where calls.enter("a", now: now(UInt64(millisecond))) == nil {
      taken += 1
    }
    // A burst, saved up meanwhile, and the second's ten.
    #expect((12...13).contains(taken))
  }

  @Test("peers that are gone and owe nothing are forgotten")
  func sweep() throws {
    let calls = try admission { $0.callsPerSecondPerPeer = 1_000 }
    for index in 0..<100_000 {
      let key = "\(index)"
      #expect(calls.enter(key, now: now(UInt64(index))) == nil)
      calls.leave(key)
    }
    #expect(calls.peerCount <= 2_048)
  }

  @Test(
    "one peer is an address without its port, or an IPv6 network",
    arguments: [
      ("192.0.2.7:50123", "192.0.2.7"), ("unix:", "unix"), ("pipe", "pipe"), ("", ""),
      ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::"), ("[2001:db8::1]:443", "2001:db8:0:0::"),
      ("[::1]:50123", "0:0:0:0::"), ("[::ffff:192.0.2.7]:1", "::ffff:192.0.2.7"),
      ("[fe80::1%eth0]:1", "fe80:0:0:0::"), ("[", "["), ("[]", "0:0:0:0::"),
    ]
  )
  func keys(address: String, key: String) {
    // What is no address must do no harm, whatever it becomes.
    if address != "[]", address != "[" { #expect(CallAdmission.key(of: address) == key) }
    _ = CallAdmission.key(of: address)
  }
}

@Suite(.timeLimit(.minutes(1))) struct CallLimitTests {
  @Test("calls over a peer's limit are refused, over all its connections, and taken again later")
  func perPeer() async throws {
    let goOn = Flag()
    let started = Counter()
    let handler = CustomHandler(onGet: { _, _ in
      started.increment()
      _ = await goOn.wait()
      return EchoResponse()
    })
    var configuration = ServerConfiguration(loops: 2)
    configuration.limits.maxConcurrentCallsPerPeer = 3
    let server = EchoFixture(handler: handler).makeServer(configuration)
    let port = try #require(try server.start().first).port
    let channels = (0..<3).map { _ in
      Channel(
        to: .host("127.0.0.1", port: port),
        configuration: ChannelConfiguration(security: .plaintext)
      )
    }
    let running = channels.map { channel in
      Task { try await EchoServiceClient(channel).get(request()) }
    }
    #expect(await waitUntil { started.current == 3 })
    let error = await failure { try await EchoServiceClient(channels[0]).get(request()) }
    #expect(error.code == .resourceExhausted)
    #expect(error.message.contains("too many calls of this client"))
    goOn.set()
    for task in running { _ = try await task.value }
    _ = try await EchoServiceClient(channels[0]).get(request())
    for channel in channels { await channel.close() }
    await server.shutdown(grace: .zero)
  }

  @Test("a server that is full sheds load at once, and recovers")
  func serverWide() async throws {
    let goOn = Flag()
    let started = Counter()
    var fixture = EchoFixture(wire: .plaintext)
    fixture.handler = CustomHandler(onChat: { _, _, _ in
      started.increment()
      _ = await goOn.wait()
    })
    fixture.server.limits.maxConcurrentCalls = 5
    try await fixture.run { client, _ in
      var calls: [ClientCall<EchoRequest, EchoResponse>] = []
      for _ in 0..<5 { calls.append(try await client.chat()) }
      #expect(await waitUntil { started.current == 5 })
      let refused = await failure { try await client.get(request()) }
      #expect(refused.code == .resourceExhausted)
      goOn.set()
      for call in calls { _ = try await call.trailers() }
      _ = try await client.get(request())
    }
  }

  @Test("calls that come too fast are refused with the time to wait")
  func rate() async throws {
    var fixture = EchoFixture(wire: .plaintext)
    fixture.server.limits.callsPerSecondPerPeer = 1
    fixture.server.limits.callBurstPerPeer = 5
    try await fixture.run { client, _ in
      for _ in 0..<5 { _ = try await client.get(request()) }
      let error = await failure { try await client.get(request()) }
      #expect(error.code == .resourceExhausted && error.message.contains("too fast"))
    }
  }
}

import EchoSchema
import Glibc
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct KeepaliveTests {
  @Test("a server that has stopped is noticed in the stated time, without keepalive")
  func stalled() async throws {
    // A handler that blocks its loop: the process is there, its sockets too, and nobody answers.
    let handler = CustomHandler(onGet: { request, _ in
      if request.text == "block" { sleep(4) }
      return EchoResponse()
    })
    try await run(handler) { configuration in
      configuration.stallTimeout = .milliseconds(300)
      configuration.keepaliveTimeout = .milliseconds(300)
    } _: { client, _ in
      // The first call brings the connection's first frames to their end.
      _ = try await client.get(request())
      let start = ContinuousClock.now
      let error = await failure { try await client.get(request("block")) }
      #expect(error.code == .unavailable)
      #expect(ContinuousClock.now - start < .seconds(3))
      #expect(ContinuousClock.now - start >= .milliseconds(550))
    }
  }

  @Test("a server that is slow, and there, is left alone")
  func slow() async throws {
    let handler = CustomHandler(onGet: { _, _ in
      try await Task.sleep(for: .seconds(1))
      return EchoResponse()
    })
    try await run(handler) { configuration in
      configuration.stallTimeout = .milliseconds(100)
      configuration.keepaliveTimeout = .seconds(5)
    } _: { client, channel in
      for _ in 0..<2 { _ = try await client.get(request()) }
      let attempts = await channel.statistics().connectionAttempts
      #expect(attempts == 1)
    }
  }

  @Test("without calls the server is asked only where that was wanted", arguments: [false, true])
  func withoutCalls(isWanted: Bool) async throws {
    try await run(CustomHandler()) { configuration in
      configuration.keepaliveInterval = .milliseconds(50)
      configuration.keepaliveWithoutCalls = isWanted
    } _: { client, channel in
      _ = try await client.get(request())
      // A stock server bears few PINGs from a client without calls, and sends it away.
      if isWanted {
        #expect(await waitUntil { channel.state == .idle })
      } else {
        try await Task.sleep(for: .seconds(1))
        #expect(channel.state == .ready)
      }
    }
  }

  @Test("a channel that is sent away for too many PINGs sends half as many, again and again")
  func tooManyPings() async throws {
    let handler = CustomHandler(onChat: { requests, _, _ in for try await _ in requests {} })
    try await run(handler) { configuration in
      configuration.keepaliveInterval = .milliseconds(10)
    } _: { client, channel in
      let end = ContinuousClock.now + .seconds(3)
      while ContinuousClock.now < end {
        let options = CallOptions(timeout: end - .now)
        let call = try await client.chat(options: options)
        _ = try? await call.trailers()
      }
      // 10 ms for ever would be some fifty connections.
      let attempts = await channel.statistics().connectionAttempts
      #expect((2...10).contains(attempts), "\(attempts) connections")
    }
  }

  private func run(
    _ handler: CustomHandler,
    _ change: (inout ChannelConfiguration) -> Void,
    _ body: (EchoServiceClient, Channel) async throws -> Void
  ) async throws {
    var fixture = EchoFixture(wire: .plaintext, handler: handler)
    change(&fixture.channel)
    try await fixture.run(body)
  }
}

import EchoSchema
import MartletNet
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ConnectionLifeTests {
  @Test("shutting down lets a call finish within the grace and refuses new ones")
  func drain() async throws {
    let started = Flag()
    let finish = Flag()
    let handler = CustomHandler(onGet: { _, _ in
      started.set()
      _ = await finish.wait()
      var response = EchoResponse()
      response.text = "finished"
      return response
    })
    let (server, channel) = try pair(handler)
    let client = EchoServiceClient(channel)
    let running = Task { try await client.get(request()) }
    #expect(await started.wait())
    let shutdown = Task { await server.shutdown(grace: .seconds(20)) }
    #expect(await waitUntilRefused(client))
    finish.set()
    let answer = try await running.value.text
    #expect(answer == "finished")
    await shutdown.value
    await channel.close()
  }

  @Test("after the grace, calls end with UNAVAILABLE and their tasks are cancelled")
  func cut() async throws {
    let started = Flag()
    let cancelled = Flag()
    let handler = CustomHandler(onChat: { requests, _, call in
      started.set()
      do { for try await _ in requests {} } catch {
        if call.isCancelled, Task.isCancelled { cancelled.set() }
        throw error
      }
    })
    let (server, channel) = try pair(handler)
    let call = try await EchoServiceClient(channel).chat()
    #expect(await started.wait())
    await server.shutdown(grace: .milliseconds(100))
    #expect(cancelled.isSet)
    #expect(await failure { try await call.response() }.code == .unavailable)
    await channel.close()
  }

  @Test("a channel connects again after its server comes back")
  func reconnect() async throws {
    let first = EchoFixture().makeServer(ServerConfiguration())
    let port = try #require(try first.start().first).port
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.backoff.initial = .milliseconds(20)
    configuration.backoff.maximum = .milliseconds(50)
    let channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
    let client = EchoServiceClient(channel)
    let answer = try await client.get(request("one")).text
    #expect(answer == "one")
    await first.shutdown(grace: .zero)

    let error = await failure { try await client.get(request()) }
    #expect(error.code == .unavailable)
    #expect(error.message.contains("127.0.0.1:\(port)"), "\(error.message)")

    let patient = Task { try await client.get(request("two"), options: .init(waitForReady: true)) }
    try await Task.sleep(for: .milliseconds(100))
    var again = ServerConfiguration()
    again.port = port
    let second = EchoFixture().makeServer(again)
    _ = try second.start()
    let waited = try await patient.value.text
    #expect(waited == "two")
    let later = try await client.get(request("three")).text
    #expect(later == "three")
    await channel.close()
    await second.shutdown(grace: .zero)
  }

  @Test("a server that its maker forgets serves on")
  func forgottenServer() async throws {
    var server: Server? = EchoFixture().makeServer(ServerConfiguration())
    let port = try #require(try server?.start().first).port
    server = nil
    for text in ["first", "second"] {
      let channel = Channel(
        to: .host("127.0.0.1", port: port),
        configuration: ChannelConfiguration(security: .plaintext)
      )
      let answer = try await EchoServiceClient(channel).get(request(text)).text
      #expect(answer == text)
      await channel.close()
    }
  }

  @Test("a host's addresses are tried in turn until one answers")
  func nextAddress() async throws {
    let server = EchoFixture().makeServer(ServerConfiguration())
    let port = UInt16(try #require(try server.start().first).port)
    let loop = try EventLoop()
    try loop.start()
    let channel = Channel(
      to: .endpoints([
        try Endpoint(ip: "::1", port: Int(port)), try Endpoint(ip: "127.0.0.1", port: 1),
        try Endpoint(ip: "127.0.0.1", port: Int(port)),
      ]),
      configuration: ChannelConfiguration(security: .plaintext),
      loop: loop
    )
    let answer = try await EchoServiceClient(channel).get(request("found")).text
    #expect(answer == "found")
    await channel.close()
    await loop.stopAndWait()
    await server.shutdown(grace: .zero)
  }

  @Test("waiting for a connection ends with the deadline")
  func waitForReadyDeadline() async throws {
    let channel = Channel(
      to: .host("127.0.0.1", port: 1),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    let options = CallOptions(timeout: .milliseconds(100), waitForReady: true)
    let error = await failure {
      try await EchoServiceClient(channel).get(request(), options: options)
    }
    #expect(error.code == .deadlineExceeded)
    await channel.close()
  }

  @Test("what is wrong with a connection stands in the error")
  func causes() async throws {
    let closed = ChannelTarget.host("127.0.0.1", port: 1)
    #expect(await cause(closed, .plaintext).contains("refused"))
    #expect(await cause(.host("no-such-host.invalid", port: 1), .plaintext).contains("resolve"))
    #expect(await cause(closed, .tls(trust: .pemFile("/nonexistent"))).contains("trust roots"))

    var configuration = ServerConfiguration()
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    configuration.tls = try EchoFixture().certificate(in: directory)
    let server = EchoFixture().makeServer(configuration)
    let port = try #require(try server.start().first).port
    let untrusted = await cause(.host("localhost", port: port), .tls(trust: .system))
    #expect(untrusted.contains("certificate"), "\(untrusted)")
    await server.shutdown(grace: .zero)
  }

  @Test("several loops serve one port")
  func severalLoops() async throws {
    let server = EchoFixture().makeServer(ServerConfiguration(loops: 3))
    let port = try #require(try server.start().first).port
    for index in 0..<20 {
      let channel = Channel(
        to: .host("127.0.0.1", port: port),
        configuration: ChannelConfiguration(security: .plaintext)
      )
      let answer = try await EchoServiceClient(channel).get(request("\(index)")).text
      #expect(answer == "\(index)")
      await channel.close()
    }
    await server.shutdown(grace: .zero)
  }

  @Test("a port in use, a missing certificate and a second start are clear errors")
  func startErrors() async throws {
    let server = EchoFixture().makeServer(ServerConfiguration())
    let port = try #require(try server.start().first).port
    #expect(throws: RPCError(.failedPrecondition, "a server starts once")) { try server.start() }
    let other = EchoFixture().makeServer(ServerConfiguration(port: port))
    #expect(await failure { try other.start() }.code == .unavailable)
    var tls = ServerConfiguration()
    tls.tls = .init(certificateChainFile: "/nonexistent", privateKeyFile: "/nonexistent")
    #expect(await failure { try EchoFixture().makeServer(tls).start() }.code == .failedPrecondition)
    await server.shutdown(grace: .zero)
  }

  private func pair(_ handler: CustomHandler) throws -> (Server, Channel) {
    let server = EchoFixture(handler: handler).makeServer(ServerConfiguration())
    let port = try #require(try server.start().first).port
    let configuration = ChannelConfiguration(security: .plaintext)
    return (server, Channel(to: .host("127.0.0.1", port: port), configuration: configuration))
  }

  private func waitUntilRefused(_ client: EchoServiceClient) async -> Bool {
    for _ in 0..<500 {
      let options = CallOptions(timeout: .milliseconds(50))
      do { _ = try await client.get(request(), options: options) } catch {
        if error.code == .unavailable { return true }
      }
    }
    return false
  }

  private func cause(
    _ target: ChannelTarget,
    _ security: ChannelConfiguration.Security
  ) async -> String {
    let channel = Channel(to: target, configuration: ChannelConfiguration(security: security))
    let error = await failure { try await EchoServiceClient(channel).get(request()) }
    #expect(error.code == .unavailable)
    await channel.close()
    return error.message
  }
}

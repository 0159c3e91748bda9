import EchoSchema
import Synchronization
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(2))) struct StormTests {
  @Test("calls given up at any moment leave nothing behind", arguments: Wire.allCases)
  func cancelStorm(wire: Wire) async throws {
    let running = Counter()
    let ended = Counter()
    let handler = CustomHandler(onChat: { requests, responses, _ in
      running.increment()
      defer { ended.increment() }
      for try await request in requests {
        var response = EchoResponse()
        response.text = request.text
        try await responses.send(response)
      }
    })
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      for round in 0..<10 {
        await withTaskGroup { group in
          for number in 0..<40 {
            group.addTask { await Self.chatAndLeave(client, seed: round * 40 + number) }
          }
          // Some of them are cancelled before they do anything.
          if round % 3 == 0 { group.cancelAll() }
        }
      }
      let call = try await client.chat()
      try await call.requests.send(request("still here"))
      var responses = call.responses.makeAsyncIterator()
      let text = try await responses.next()?.text
      #expect(text == "still here")
      await call.requests.finish()
      #expect(try await responses.next() == nil)
      #expect(await waitUntil { running.current == ended.current })
    }
  }

  private static func chatAndLeave(_ client: EchoServiceClient, seed: Int) async {
    do {
      let options = CallOptions(timeout: seed % 5 == 0 ? .microseconds(seed * 10) : nil)
      let call = try await client.chat(options: options)
      let reader = Task {
        var count = 0
        for try await _ in call.responses { count += 1 }
        return count
      }
      for index in 0..<(seed % 7) { try await call.requests.send(request("\(index)")) }
      switch seed % 4 {
      case 0: call.cancel()
      case 1: reader.cancel()
      case 2: await call.requests.finish()
      default: call.cancel()
      }
      _ = try await reader.value
    } catch {
      // Whatever it is, it came.
    }
  }

  @Test("a server that comes and goes under load leaves no call without an end")
  func restarts() async throws {
    var server = EchoFixture().makeServer(ServerConfiguration(loops: 2))
    let port = try #require(try server.start().first).port
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.backoff.initial = .milliseconds(5)
    configuration.backoff.maximum = .milliseconds(20)
    let channel = Channel(to: .host("localhost", port: port), configuration: configuration)
    let client = EchoServiceClient(channel)
    let stop = Flag()
    let succeeded = Counter()
    let load = Task {
      await withTaskGroup(of: [StatusCode].self) { group in
        for _ in 0..<8 {
          group.addTask {
            var codes: [StatusCode] = []
            while !stop.isSet {
              do throws(RPCError) {
                _ = try await client.get(request("x"), options: .init(waitForReady: true))
                succeeded.increment()
              } catch {
                codes.append(error.code)
              }
            }
            return codes
          }
        }
        return await group.reduce(into: []) { $0 += $1 }
      }
    }
    for _ in 0..<8 {
      let before = succeeded.current
      #expect(await waitUntil { succeeded.current > before + 20 })
      await server.shutdown(grace: .milliseconds(5))
      var again = ServerConfiguration(loops: 2)
      again.port = port
      server = EchoFixture().makeServer(again)
      _ = try server.start()
    }
    stop.set()
    let codes = Set(await load.value)
    #expect(codes.isSubset(of: [.unavailable]), "\(codes)")
    await channel.close()
    await server.shutdown(grace: .zero)
  }
}

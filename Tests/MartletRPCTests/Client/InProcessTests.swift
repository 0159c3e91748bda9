import EchoSchema
import MartletRPC
import Testing

@Suite("In one process")
struct InProcessTests {
  @Test("a channel reaches a server of this process, whatever its security says")
  func calls() async throws {
    let server = Server(
      configuration: ServerConfiguration(listeners: [], loops: 2),
      services: [EchoHandler().service]
    )
    #expect(try server.start().isEmpty)
    let channel = Channel(inProcess: server)
    let client = EchoServiceClient(channel)
    #expect(try await client.get(request("hello")).text == "hello")
    let call = try await client.chat()
    var responses = call.responses.makeAsyncIterator()
    for index in 0..<100 {
      try await call.requests.send(request("\(index)", paddingBytes: 10_000))
      #expect(try await responses.next()?.text == "\(index)")
    }
    await call.requests.finish()
    #expect(try await responses.next() == nil)
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  @Test("without a running server its calls are UNAVAILABLE")
  func notRunning() async throws {
    let server = Server(
      configuration: ServerConfiguration(listeners: [], loops: 2),
      services: [EchoHandler().service]
    )
    let early = Channel(inProcess: server)
    let error = await failure { try await EchoServiceClient(early).get(request()) }
    #expect(error.code == .unavailable)
    await early.close()
    _ = try server.start()
    let channel = Channel(inProcess: server)
    _ = try await EchoServiceClient(channel).get(request())
    await server.shutdown(grace: .seconds(1))
    let late = await failure { try await EchoServiceClient(channel).get(request()) }
    #expect(late.code == .unavailable)
    await channel.close()
  }
}

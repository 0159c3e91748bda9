import EchoSchema
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct BackPressureTests {
  private static let messageBytes: UInt32 = 10_000

  @Test("a handler's send waits for a client that does not read", arguments: Wire.allCases)
  func slowClient(wire: Wire) async throws {
    let sent = Counter()
    let handler = CustomHandler(onExpand: { request, responses, _ in
      for index in 0..<request.count {
        var response = EchoResponse()
        response.index = index
        response.padding = [UInt8](repeating: 1, count: Int(Self.messageBytes))
        try await responses.send(response)
        sent.increment()
      }
    })
    var fixture = EchoFixture(wire: wire, handler: handler)
    fixture.channel.limits.streamWindowBytes = 100_000
    try await fixture.run { client, _ in
      let call = try await client.expand(request(count: 1000))
      await settle(sent)
      // The window, the high-water mark and one message, and nothing in kernel buffers beyond the
      // window.
      let bound = (100_000 + 64 << 10) / Int(Self.messageBytes) + 2
      #expect(sent.current <= bound, "\(sent.current) messages went into the dark")
      #expect(sent.current > 5)
      var next: UInt32 = 0
      for try await response in call.responses {
        #expect(response.index == next)
        next += 1
      }
      #expect(next == 1000)
    }
  }

  @Test("a client's send waits for a handler that does not read", arguments: Wire.allCases)
  func slowHandler(wire: Wire) async throws {
    let mayRead = Flag()
    let handler = CustomHandler(onCollect: { requests, _ in
      _ = await mayRead.wait()
      var response = EchoResponse()
      for try await request in requests { response.index += UInt32(request.padding.count) }
      return response
    })
    let sent = Counter()
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      let call = try await client.collect()
      let writer = Task {
        var message = request()
        message.padding = [UInt8](repeating: 1, count: Int(Self.messageBytes))
        for _ in 0..<500 {
          try await call.requests.send(message)
          sent.increment()
        }
        await call.requests.finish()
      }
      await settle(sent)
      #expect(sent.current <= (64 << 10 + 64 << 10) / Int(Self.messageBytes) + 2)
      mayRead.set()
      try await writer.value
      let answer = try await call.response().index
      #expect(answer == 500 * Self.messageBytes)
    }
  }

  @Test("a call that is not read holds up no other call of its connection")
  func neighbours() async throws {
    var fixture = EchoFixture(wire: .tls)
    fixture.channel.limits.streamWindowBytes = 64 << 10
    try await fixture.run { client, _ in
      var stuck: [ClientCall<EchoRequest, EchoResponse>] = []
      for _ in 0..<5 {
        stuck.append(try await client.expand(request(count: 1000, paddingBytes: 10_000)))
      }
      for index in 0..<100 {
        let answer = try await client.get(request("\(index)", paddingBytes: 50_000)).text
        #expect(answer == "\(index)")
      }
      _ = stuck
    }
  }

  @Test("a send that waits ends with the call")
  func cancelledSend() async throws {
    let failed = Flag()
    let handler = CustomHandler(onExpand: { _, responses, _ in
      var response = EchoResponse()
      response.padding = [UInt8](repeating: 1, count: Int(Self.messageBytes))
      do {
        while true { try await responses.send(response) }
      } catch {
        if (error as? RPCError)?.code == .cancelled { failed.set() }
        throw error
      }
    })
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let call = try await client.expand(request())
      var responses = call.responses.makeAsyncIterator()
      _ = try await responses.next()
      call.cancel()
      #expect(await failed.wait())
    }
  }

  @Test("writers and streams work from tasks off the loop")
  func offLoop() async throws {
    let handler = CustomHandler(onChat: { requests, responses, _ in
      // A detached task runs on the global executor, not on the call's loop.
      try await Task.detached {
        for try await request in requests {
          var response = EchoResponse()
          response.text = request.text
          try await responses.send(response)
        }
      }.value
    })
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let call = try await client.chat()
      var responses = call.responses.makeAsyncIterator()
      for index in 0..<200 {
        try await call.requests.send(request("\(index)"))
        let answer = try await responses.next()?.text
        #expect(answer == "\(index)")
      }
    }
  }

  @Test("writers and streams work from actors, on both sides")
  func actors() async throws {
    let handler = CustomHandler(onChat: { requests, responses, _ in
      try await Echoer().run(requests, responses)
    })
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let texts = try await chatOnMainActor(client)
      #expect(texts == (0..<50).map { "\($0)" })
    }
  }

  private actor Echoer {
    func run(
      _ requests: MessageStream<EchoRequest>,
      _ responses: MessageWriter<EchoResponse>
    ) async throws {
      for try await request in requests {
        var response = EchoResponse()
        response.text = request.text
        try await responses.send(response)
      }
    }
  }

  @MainActor
  private func chatOnMainActor(_ client: EchoServiceClient) async throws -> [String] {
    let call = try await client.chat()
    var texts: [String] = []
    for index in 0..<50 { try await call.requests.send(request("\(index)")) }
    await call.requests.finish()
    for try await response in call.responses { texts.append(response.text) }
    return texts
  }

  /// Waits until the counter has not moved for a while.
  private func settle(_ counter: Counter) async {
    var last = -1
    while counter.current != last || last <= 0 {
      last = counter.current
      try? await Task.sleep(for: .milliseconds(200))
    }
  }
}

import EchoSchema
import Testing

@testable import MartletRPC

/// An EchoService whose answers a test chooses.
struct CustomHandler: EchoServiceHandler {
  var onGet: @Sendable (EchoRequest, ServerCall) async throws -> EchoResponse = { _, _ in
    EchoResponse()
  }
  var onExpand:
    @Sendable (EchoRequest, MessageWriter<EchoResponse>, ServerCall) async throws -> Void = {
      _,
      _,
      _ in
    }
  var onCollect: @Sendable (MessageStream<EchoRequest>, ServerCall) async throws -> EchoResponse = {
    _,
    _ in EchoResponse()
  }
  var onChat:
    @Sendable (MessageStream<EchoRequest>, MessageWriter<EchoResponse>, ServerCall) async throws ->
      Void = { _, _, _ in }

  func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
    try await onGet(request, call)
  }
  func expand(
    _ request: EchoRequest,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws { try await onExpand(request, responses, call) }
  func collect(
    _ requests: MessageStream<EchoRequest>,
    _ call: ServerCall
  ) async throws -> EchoResponse { try await onCollect(requests, call) }
  func chat(
    _ requests: MessageStream<EchoRequest>,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws { try await onChat(requests, responses, call) }
}

@Suite(.timeLimit(.minutes(1))) struct StatusOverWireTests {
  @Test("a handler's error arrives with code, message and metadata", arguments: Wire.allCases)
  func error(wire: Wire) async throws {
    var metadata = Metadata()
    try metadata.append([1, 2, 255], for: "detail-bin")
    let sent = RPCError(.notFound, "nie ma łodzi: 100% ☂\n", metadata: metadata)
    let handler = CustomHandler(onGet: { _, _ in throw sent })
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      #expect(await failure { try await client.get(request()) } == sent)
    }
  }

  @Test("a status message too long for a header list arrives cut", arguments: [5_000, 200_000])
  func longMessage(count: Int) async throws {
    let handler = CustomHandler(onGet: { _, _ in
      throw RPCError(.invalidArgument, String(repeating: "ł", count: count))
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let options = CallOptions(timeout: .seconds(5))
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .invalidArgument)
      #expect(error.message.count > 100 && error.message.count < count)
      #expect(error.message.allSatisfy { $0 == "ł" })
    }
  }

  @Test(
    "metadata over the limit fails the call instead of leaving it open",
    arguments: [true, false]
  )
  func largeResponseMetadata(isTrailing: Bool) async throws {
    let handler = CustomHandler(onExpand: { _, responses, call in
      var metadata = Metadata()
      try metadata.append(String(repeating: "m", count: 100_000), for: "large")
      if isTrailing { call.trailingMetadata = metadata } else { call.responseMetadata = metadata }
      try await responses.send(EchoResponse())
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let options = CallOptions(timeout: .seconds(5))
      let error = await failure {
        let call = try await client.expand(request(), options: options)
        for try await _ in call.responses {}
      }
      #expect(error.code == .internal)
      #expect(error.message.contains("metadata"))
    }
  }

  @Test("a request's metadata over the limit fails the call at once")
  func largeRequestMetadata() async throws {
    var metadata = Metadata()
    try metadata.append(String(repeating: "m", count: 100_000), for: "large")
    let options = CallOptions(metadata: metadata, timeout: .seconds(5))
    try await EchoFixture().run { client, _ in
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .internal)
      #expect(error.message.contains("metadata"))
      let after = try await client.get(request("after")).text
      #expect(after == "after")
    }
  }

  @Test("responses before an error arrive before the error")
  func errorAfterResponses() async throws {
    let handler = CustomHandler(onExpand: { _, responses, _ in
      for _ in 0..<3 { try await responses.send(EchoResponse()) }
      throw RPCError(.aborted, "enough")
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.expand(request())
      var count = 0
      let error = await failure { for try await _ in call.responses { count += 1 } }
      #expect(error == RPCError(.aborted, "enough"))
      #expect(count == 3)
      #expect(await failure { try await call.trailers() } == error)
    }
  }

  @Test("an unforeseen error is UNKNOWN, says nothing to the client and all to the server's log")
  func unforeseen() async throws {
    struct Secret: Error {}
    let logged = Counter()
    var fixture = EchoFixture(handler: CustomHandler(onGet: { _, _ in throw Secret() }))
    fixture.server.onUnexpectedError = { error, method in
      if error is Secret, method == "/martlet.test.v1.EchoService/Get" { logged.increment() }
    }
    try await fixture.run { client, _ in
      let error = await failure { try await client.get(request()) }
      #expect(error.code == .unknown)
      #expect(!error.message.contains("Secret"))
    }
    #expect(logged.current == 1)
  }

  @Test("a method that nobody answers is UNIMPLEMENTED")
  func unknownMethod() async throws {
    try await EchoFixture().run { _, channel in
      for (service, name) in [(EchoService.name, "Missing"), ("no.Service", "Get"), ("", "")] {
        let method = MethodDescriptor<EchoRequest, EchoResponse>(
          service: service,
          name: name,
          kind: .unary
        )
        #expect(await failure { try await channel.unary(method, request()) }.code == .unimplemented)
      }
    }
  }

  @Test("a call of the wrong kind is UNIMPLEMENTED: one request is not none or two")
  func wrongKind() async throws {
    try await EchoFixture().run { _, channel in
      let method = MethodDescriptor<EchoRequest, EchoResponse>(
        service: EchoService.name,
        name: "Get",
        kind: .bidirectional
      )
      for count in [0, 2] {
        let call = try await channel.open(method)
        for _ in 0..<count { try await call.requests.send(request()) }
        await call.requests.finish()
        #expect(await failure { try await call.response() }.code == .unimplemented)
      }
    }
  }

  @Test("one response is not none or two")
  func responseCount() async throws {
    try await EchoFixture().run { _, channel in
      let method = MethodDescriptor<EchoRequest, EchoResponse>(
        service: EchoService.name,
        name: "Expand",
        kind: .unary
      )
      for count: UInt32 in [0, 2, 1000] {
        let error = await failure { try await channel.unary(method, request(count: count)) }
        #expect(error.code == .unimplemented)
      }
    }
  }

  @Test("metadata of both kinds reaches the handler, and comes back before and after the responses")
  func metadata() async throws {
    var metadata = Metadata()
    try metadata.append("a, b", for: "x-echo-text")
    try metadata.append([0, 255, 1], for: "x-echo-one-bin")
    try metadata.append([UInt8](), for: "x-echo-one-bin")
    try await EchoFixture(wire: .tls).run { client, _ in
      let options = CallOptions(metadata: metadata)
      let call = try await client.expand(request(count: 2), options: options)
      let answer = try await call.metadata().values(for: "x-echo-text")
      #expect(answer == ["a, b"])
      for try await _ in call.responses {}
      let second = try await call.trailers().binaryValues(for: "x-echo-one-bin")
      #expect(second == [[0, 255, 1], []])
    }
  }

  @Test("interceptors run outermost first, leave values, and may refuse")
  func interceptors() async throws {
    enum Caller: ServerCallKey { typealias Value = String }
    struct Naming: ServerInterceptor {
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        guard let name = call.metadata["name"] else {
          throw RPCError(.unauthenticated, "who are you")
        }
        call[Caller.self] = (call[Caller.self] ?? "") + name
        try await next()
        try call.trailingMetadata.append("after", for: "stage")
      }
    }
    var fixture = EchoFixture(interceptors: [Naming(), Naming()])
    fixture.handler = CustomHandler(
      onGet: { _, call in
        var response = EchoResponse()
        response.text = call[Caller.self] ?? "nobody"
        return response
      },
      onChat: { requests, responses, call in
        for try await _ in requests {}
        var response = EchoResponse()
        response.text = call[Caller.self] ?? "nobody"
        try await responses.send(response)
      }
    )
    try await fixture.run { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .unauthenticated)
      var metadata = Metadata()
      try metadata.append("Ada", for: "name")
      let options = CallOptions(metadata: metadata)
      let answer = try await client.get(request(), options: options).text
      #expect(answer == "AdaAda")
      let call = try await client.chat(options: options)
      await call.requests.finish()
      let second = try await call.response().text
      #expect(second == "AdaAda")
      let third = try await call.trailers().values(for: "stage")
      #expect(third == ["after", "after"])
    }
  }

  @Test("a handler may end before it has read everything")
  func endsEarly() async throws {
    let handler = CustomHandler(onCollect: { requests, _ in
      var iterator = requests.makeAsyncIterator()
      var response = EchoResponse()
      response.text = try await iterator.next()?.text ?? "none"
      return response
    })
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let call = try await client.collect()
      try await call.requests.send(request("first"))
      let answer = try await call.response().text
      #expect(answer == "first")
      let error = await failure { while true { try await call.requests.send(request("more")) } }
      #expect(error.code == .cancelled)
    }
  }

  @Test("a message over a limit is RESOURCE_EXHAUSTED and harms no other call")
  func limits() async throws {
    var fixture = EchoFixture(wire: .tls)
    fixture.server.limits.maxRequestMessageBytes = 10_000
    fixture.server.limits.maxResponseMessageBytes = 20_000
    fixture.channel.limits.maxResponseMessageBytes = 15_000
    try await fixture.run { client, _ in
      let bystander = try await client.chat()
      var big = request()
      big.padding = [UInt8](repeating: 0, count: 10_001)
      #expect(await failure { try await client.get(big) }.code == .resourceExhausted)
      // Larger than the window: the refusal must not wait for the rest.
      big.padding = [UInt8](repeating: 0, count: 1_000_000)
      #expect(await failure { try await client.get(big) }.code == .resourceExhausted)
      let chat = try await client.chat()
      // The refusal may be faster than the rest of the message.
      try? await chat.requests.send(big)
      var responses = chat.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .resourceExhausted)
      for bytes: UInt32 in [16_000, 21_000] {
        let error = await failure { try await client.get(request(paddingBytes: bytes)) }
        #expect(error.code == .resourceExhausted)
      }
      try await bystander.requests.send(request("unharmed"))
      var answers = bystander.responses.makeAsyncIterator()
      let answer = try await answers.next()?.text
      #expect(answer == "unharmed")
    }
  }
}

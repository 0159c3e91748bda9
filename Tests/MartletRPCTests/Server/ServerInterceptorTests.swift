import EchoSchema
import MartletWire
import Synchronization
import Testing

@testable import MartletRPC

/// What happened, in order, from any task.
final class Journal: Sendable {
  private let state = Mutex<[String]>([])
  var lines: [String] { state.withLock { $0 } }
  func note(_ line: String) { state.withLock { $0.append(line) } }
}

/// Notes when a call passes it, and each message.
private struct Noting: ServerInterceptor {
  let name: String
  let journal: Journal

  func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws {
    journal.note("\(name) begins")
    do {
      try await next(
        requests.transformed { message in
          journal.note("\(name) in \((message as? EchoRequest)?.text ?? "?")")
          return message
        },
        responses.transformed { message in
          journal.note("\(name) out \((message as? EchoResponse)?.text ?? "?")")
          return message
        }
      )
      journal.note("\(name) ends")
    } catch {
      journal.note("\(name) fails \(RPCError(handlerError: error).code.name)")
      throw error
    }
  }
}

/// The simple form, which sees the call alone.
private struct Simple: ServerInterceptor {
  let name: String
  let journal: Journal

  func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    journal.note("\(name) begins")
    try await next()
    journal.note("\(name) ends")
  }
}

private func call(
  _ kind: CallKind,
  _ client: EchoServiceClient,
  _ text: String
) async throws -> [String] {
  var texts: [String] = []
  switch kind {
  case .unary: texts = [try await client.get(request(text)).text]
  case .serverStreaming:
    for try await response in try await client.expand(request(text, count: 2)).responses {
      texts.append(response.text)
    }
  case .clientStreaming:
    let call = try await client.collect()
    for part in [text, text] { try await call.requests.send(request(part)) }
    await call.requests.finish()
    texts = [try await call.response().text]
  case .bidirectional:
    let call = try await client.chat()
    for part in [text, text] { try await call.requests.send(request(part)) }
    await call.requests.finish()
    for try await response in call.responses { texts.append(response.text) }
  }
  return texts
}

private let allKinds: [CallKind] = [.unary, .serverStreaming, .clientStreaming, .bidirectional]

@Suite(.timeLimit(.minutes(1))) struct ServerInterceptorTests {
  @Test("the first interceptor is outermost, both forms in one list")
  func order() async throws {
    let journal = Journal()
    let fixture = EchoFixture(interceptors: [
      Noting(name: "a", journal: journal), Simple(name: "b", journal: journal),
      Noting(name: "c", journal: journal),
    ])
    try await fixture.run { client, _ in
      let answer = try await client.get(request("x")).text
      #expect(answer == "x")
    }
    #expect(
      journal.lines == [
        "a begins", "b begins", "c begins", "a in x", "c in x", "c out x", "a out x", "c ends",
        "b ends", "a ends",
      ]
    )
  }

  @Test("each kind of call passes with its messages", arguments: allKinds)
  func kinds(kind: CallKind) async throws {
    let journal = Journal()
    var fixture = EchoFixture(wire: .plaintext)
    fixture.interceptors = [Noting(name: "a", journal: journal)]
    try await fixture.run { client, _ in
      let texts = try await call(kind, client, "m")
      #expect(texts == (kind == .unary ? ["m"] : kind == .clientStreaming ? ["mm"] : ["m", "m"]))
    }
    let requests = kind.takesOneRequest ? 1 : 2
    let responses = kind.givesOneResponse ? 1 : 2
    #expect(journal.lines.count { $0.hasPrefix("a in") } == requests)
    #expect(journal.lines.count { $0.hasPrefix("a out") } == responses)
    #expect(journal.lines.first == "a begins" && journal.lines.last == "a ends")
  }

  private struct Changing: ServerInterceptor {
    func intercept<Request: Message, Response: Message>(
      _ requests: MessageStream<Request>,
      _ responses: MessageWriter<Response>,
      _ call: ServerCall,
      next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
    ) async throws {
      try await next(
        requests.transformed { message in
          guard var echo = message as? EchoRequest else { return message }
          if echo.text == "leave out" { return nil }
          echo.text += "<"
          return echo as? Request
        },
        responses.transformed { message in
          guard var echo = message as? EchoResponse else { return message }
          echo.text += ">"
          return echo as? Response
        }
      )
    }
  }

  @Test(
    "messages are changed in both directions, from the outside in and back",
    arguments: allKinds
  )
  func changes(kind: CallKind) async throws {
    try await EchoFixture(interceptors: [Changing(), Changing()]).run { client, _ in
      let texts = try await call(kind, client, "m")
      switch kind {
      case .unary: #expect(texts == ["m<<>>"])
      case .clientStreaming: #expect(texts == ["m<<m<<>>"])
      default: #expect(texts == ["m<<>>", "m<<>>"])
      }
    }
  }

  @Test("a message that an interceptor leaves out does not reach the handler")
  func leavesOut() async throws {
    try await EchoFixture(interceptors: [Changing()]).run { client, _ in
      let call = try await client.collect()
      for text in ["a", "leave out", "b"] { try await call.requests.send(request(text)) }
      await call.requests.finish()
      let response = try await call.response()
      #expect(response.text == "a<b<>")
      #expect(response.index == 2)
    }
  }

  @Test("an interceptor of one method knows its types, and other methods do not meet it")
  func typed() async throws {
    let fixture = EchoFixture(interceptors: [
      .unary(EchoService.Methods.get) { request, call, next in
        var request = request
        request.text += " asked"
        var response = try await next(request)
        response.text += " answered"
        call.trailingMetadata = try Metadata(["stage": "typed"])
        return response
      },
      .streaming(EchoService.Methods.chat) { requests, responses, _, next in
        try await next(requests.transformed { $0.text == "skip" ? nil : $0 }, responses)
      },
    ])
    try await fixture.run { client, _ in
      let texts = try await call(.unary, client, "m")
      #expect(texts == ["m asked answered"])
      let plain = try await call(.clientStreaming, client, "m")
      #expect(plain == ["mm"])
      let kept = try await call(.bidirectional, client, "skip")
      #expect(kept == [])
    }
  }

  @Test("an answer without the handler", arguments: [CallKind.unary, .bidirectional])
  func shortCircuit(kind: CallKind) async throws {
    let handled = Flag()
    var fixture = EchoFixture(interceptors: [
      .unary(EchoService.Methods.get) { _, _, _ in
        var response = EchoResponse()
        response.text = "cached"
        return response
      },
      .streaming(EchoService.Methods.chat) { _, responses, _, _ in
        var response = EchoResponse()
        response.text = "cached"
        try await responses.send(response)
      },
    ])
    fixture.handler = CustomHandler(
      onGet: { _, _ in
        handled.set()
        return EchoResponse()
      },
      onChat: { _, _, _ in handled.set() }
    )
    try await fixture.run { client, _ in
      let answer =
        kind == .unary ? try await client.get(request()) : try await client.chat().response()
      #expect(answer.text == "cached")
    }
    #expect(!handled.isSet)
  }

  @Test("an error before next is the status, and the handler does not run", arguments: allKinds)
  func rejects(kind: CallKind) async throws {
    struct Rejecting: ServerInterceptor {
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        throw RPCError(.permissionDenied, "not you", metadata: try Metadata(["why": "test"]))
      }
    }
    let handled = Flag()
    let fixture = EchoFixture(
      interceptors: [Rejecting()],
      handler: CustomHandler(onGet: { _, _ in
        handled.set()
        return EchoResponse()
      })
    )
    try await fixture.run { client, _ in
      let error = await failure { try await call(kind, client, "m") }
      #expect(error.code == .permissionDenied && error.metadata["why"] == "test")
    }
    #expect(!handled.isSet)
  }

  @Test("an error after next replaces the one response", arguments: allKinds)
  func failsAfter(kind: CallKind) async throws {
    struct Failing: ServerInterceptor {
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        try await next()
        throw RPCError(.dataLoss, "after all")
      }
    }
    try await EchoFixture(interceptors: [Failing()]).run { client, _ in
      let error = await failure { try await call(kind, client, "m") }
      #expect(error == RPCError(.dataLoss, "after all"))
    }
  }

  @Test("an interceptor may change the handler's error, and sees those inside it")
  func mapsErrors() async throws {
    struct Softening: ServerInterceptor {
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        do { try await next() } catch let error as RPCError {
          throw RPCError(.notFound, "was \(error.code.name)")
        }
      }
    }
    let journal = Journal()
    let fixture = EchoFixture(interceptors: [Softening(), Noting(name: "in", journal: journal)])
    try await fixture.run { client, _ in
      var failing = request("x")
      failing.status = 7
      let error = await failure { try await client.get(failing) }
      #expect(error == RPCError(.notFound, "was PERMISSION_DENIED"))
    }
    #expect(journal.lines.contains("in fails PERMISSION_DENIED"))
  }

  @Test(
    "what a transformation throws, the handler gets",
    arguments: [CallKind.unary, .bidirectional]
  )
  func transformationFails(kind: CallKind) async throws {
    struct Checking: ServerInterceptor {
      func intercept<Request: Message, Response: Message>(
        _ requests: MessageStream<Request>,
        _ responses: MessageWriter<Response>,
        _ call: ServerCall,
        next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
      ) async throws {
        try await next(
          requests.transformed { _ in throw RPCError(.invalidArgument, "bad request") },
          responses
        )
      }
    }
    try await EchoFixture(interceptors: [Checking()]).run { client, _ in
      let error = await failure { try await call(kind, client, "m") }
      #expect(error == RPCError(.invalidArgument, "bad request"))
    }
  }

  @Test("an interceptor that neither goes on nor answers a unary call is INTERNAL")
  func neverAnswers() async throws {
    struct Silent: ServerInterceptor {
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {}
    }
    try await EchoFixture(interceptors: [Silent()]).run { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .internal)
    }
  }

  @Test("a second response to a unary call is refused")
  func twoResponses() async throws {
    let fixture = EchoFixture(interceptors: [
      .streaming(EchoService.Methods.get) { requests, responses, _, next in
        try await next(requests, responses)
        try await responses.send(EchoResponse())
      }
    ])
    try await fixture.run { client, _ in
      #expect(await failure { try await client.get(request()) }.code == .internal)
    }
  }

  @Test("scopes: a service, a method, a condition")
  func scopes() async throws {
    let journal = Journal()
    let fixture = EchoFixture(interceptors: [
      Simple(name: "service", journal: journal).on(service: EchoService.name),
      Simple(name: "other", journal: journal).on(service: "martlet.test.v1.Echo"),
      Simple(name: "chat", journal: journal).on(EchoService.Methods.chat),
      Simple(name: "both", journal: journal).on { $0.hasSuffix("/Get") }.on(
        service: EchoService.name
      ),
    ])
    try await fixture.run { client, _ in _ = try await client.get(request()) }
    #expect(journal.lines == ["service begins", "both begins", "both ends", "service ends"])
  }

  @Test("a method outside every scope runs as if there were no interceptor")
  func freeOfCharge() {
    let journal = Journal()
    let router = Router(
      [EchoHandler().service],
      interceptors: [Simple(name: "chat", journal: journal).on(EchoService.Methods.chat)]
    )
    #expect(method(EchoService.Methods.get.path, router)?.isIntercepted == false)
    #expect(method(EchoService.Methods.chat.path, router)?.isIntercepted == true)
  }

  private func method(_ path: String, _ router: Router) -> RPCMethod? {
    Array(path.utf8).withUnsafeBytes { router.route(at: $0)?.method }
  }

  @Test(
    "an interceptor sees that its call was given up",
    arguments: [CallKind.unary, .bidirectional]
  )
  func cancellation(kind: CallKind) async throws {
    let started = Flag()
    let seen = Journal()
    struct Watching: ServerInterceptor {
      let seen: Journal
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        do { try await next() } catch {
          seen.note("\(call.isCancelled) \(Task.isCancelled)")
          throw error
        }
      }
    }
    let handler = CustomHandler(
      onGet: { _, _ in
        started.set()
        try await Task.sleep(for: .seconds(60))
        return EchoResponse()
      },
      onChat: { requests, _, _ in
        started.set()
        for try await _ in requests {}
      }
    )
    let fixture = EchoFixture(interceptors: [Watching(seen: seen)], handler: handler)
    try await fixture.run { client, _ in
      let task = Task {
        if kind == .unary { return await failure { try await client.get(request()) } }
        let call = try await client.chat()
        return await failure { try await call.response() }
      }
      #expect(await started.wait())
      task.cancel()
      let code = try await task.value.code
      #expect(code == .cancelled)
      #expect(await waitUntil { seen.lines == ["true true"] })
    }
  }

  @Test("traffic is counted for every kind", arguments: allKinds)
  func traffic(kind: CallKind) async throws {
    let seen = Mutex<CallTraffic?>(nil)
    struct Counting: ServerInterceptor {
      let report: @Sendable (CallTraffic) -> Void
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        try await next()
        report(call.traffic)
      }
    }
    let fixture = EchoFixture(
      interceptors: [Counting { traffic in seen.withLock { $0 = traffic } }]
    )
    try await fixture.run { client, _ in _ = try await call(kind, client, "mmmm") }
    let traffic = try #require(seen.withLock { $0 })
    let requests = kind.takesOneRequest ? 1 : 2
    let responses = kind.givesOneResponse ? 1 : 2
    #expect(traffic.requestMessages == requests && traffic.responseMessages == responses)
    // A tag, a length, four letters, and in Expand a count.
    #expect(traffic.requestBytes == requests * 6 + (kind == .serverStreaming ? 2 : 0))
    #expect(traffic.responseBytes >= responses * 6)
  }
}

extension Metadata {
  /// Text entries; for tests.
  init(_ entries: KeyValuePairs<String, String>) throws {
    self.init()
    for (name, value) in entries { try append(value, for: name) }
  }
}

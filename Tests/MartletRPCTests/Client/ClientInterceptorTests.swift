import EchoSchema
import MartletWire
import Synchronization
import Testing

@testable import MartletRPC

private struct Simple: ClientInterceptor {
  let name: String
  let journal: Journal

  func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
    journal.note("\(name) begins")
    call.onEnd { error in journal.note("\(name) ended \(error?.code.name ?? "OK")") }
    try await next()
    journal.note("\(name) passed")
  }
}

private func fixture(_ interceptors: [any ClientInterceptor]) -> EchoFixture {
  var fixture = EchoFixture()
  fixture.channel.interceptors = interceptors
  return fixture
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

@Suite(.timeLimit(.minutes(1))) struct ClientInterceptorTests {
  @Test("the first interceptor is outermost")
  func order() async throws {
    let journal = Journal()
    let interceptors = [
      Simple(name: "a", journal: journal), Simple(name: "b", journal: journal),
    ]
    try await fixture(interceptors).run { client, _ in
      let answer = try await client.get(request("x")).text
      #expect(answer == "x")
    }
    #expect(
      journal.lines == [
        "a begins", "b begins", "b passed", "a passed", "b ended OK", "a ended OK",
      ]
    )
  }

  @Test("each kind of call is seen from its beginning to its end", arguments: allKinds)
  func kinds(kind: CallKind) async throws {
    let journal = Journal()
    try await fixture([Simple(name: "a", journal: journal)]).run { client, _ in
      let texts = try await call(kind, client, "m")
      #expect(texts == (kind == .unary ? ["m"] : kind == .clientStreaming ? ["mm"] : ["m", "m"]))
      #expect(await waitUntil { journal.lines.count == 3 })
    }
    #expect(journal.lines == ["a begins", "a passed", "a ended OK"])
  }

  @Test("metadata that an interceptor sets goes with the call", arguments: allKinds)
  func metadata(kind: CallKind) async throws {
    struct Signing: ClientInterceptor {
      func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
        try call.metadata.append("Bearer abc", for: "authorization")
        try await next()
      }
    }
    let seen = Journal()
    struct Reading: ServerInterceptor {
      let seen: Journal
      func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
        seen.note(call.metadata["authorization"] ?? "none")
        try await next()
      }
    }
    var fixture = fixture([Signing()])
    fixture.interceptors = [Reading(seen: seen)]
    try await fixture.run { client, _ in _ = try await call(kind, client, "m") }
    #expect(seen.lines == ["Bearer abc"])
  }

  private struct Changing: ClientInterceptor {
    func intercept<Request: Message, Response: Message>(
      _ request: Request,
      _ call: OutgoingCall,
      next: (Request) async throws -> Response
    ) async throws -> Response {
      outward(try await next(inward(request)))
    }

    func intercept<Request: Message, Response: Message>(
      opening call: OutgoingCall,
      next: () async throws -> ClientCall<Request, Response>
    ) async throws -> ClientCall<Request, Response> {
      try await next().transformed(requests: { inward($0) }, responses: { outward($0) })
    }

    private func inward<Request: Message>(_ message: Request) -> Request {
      guard var echo = message as? EchoRequest else { return message }
      echo.text += "<"
      return echo as? Request ?? message
    }

    private func outward<Response: Message>(_ message: Response) -> Response {
      guard var echo = message as? EchoResponse else { return message }
      echo.text += ">"
      return echo as? Response ?? message
    }
  }

  @Test("messages are changed in both directions", arguments: allKinds)
  func changes(kind: CallKind) async throws {
    try await fixture([Changing(), Changing()]).run { client, _ in
      let texts = try await call(kind, client, "m")
      switch kind {
      case .unary: #expect(texts == ["m<<>>"])
      case .clientStreaming: #expect(texts == ["m<<m<<>>"])
      default: #expect(texts == ["m<<>>", "m<<>>"])
      }
    }
  }

  @Test("an interceptor of one method knows its types")
  func typed() async throws {
    let interceptors: [any ClientInterceptor] = [
      .unary(EchoService.Methods.get) { request, _, next in
        var request = request
        request.text += " asked"
        var response = try await next(request)
        response.text += " answered"
        return response
      },
      .streaming(EchoService.Methods.chat) { _, next in
        try await next().transformed(responses: { $0.text == "skip" ? nil : $0 })
      },
    ]
    try await fixture(interceptors).run { client, _ in
      let texts = try await call(.unary, client, "m")
      #expect(texts == ["m asked answered"])
      let others = try await call(.clientStreaming, client, "m")
      #expect(others == ["mm"])
      let kept = try await call(.bidirectional, client, "skip")
      #expect(kept == [])
    }
  }

  @Test("an answer without a call, and an error without one")
  func shortCircuit() async throws {
    let handled = Flag()
    var fixture = fixture([
      .unary(EchoService.Methods.get) { request, _, _ in
        guard request.text == "cached" else { throw RPCError(.outOfRange, "no") }
        return EchoResponse()
      }
    ])
    fixture.handler = CustomHandler(onGet: { _, _ in
      handled.set()
      return EchoResponse()
    })
    try await fixture.run { client, _ in
      _ = try await client.get(request("cached"))
      let error = await failure { try await client.get(request("other")) }
      #expect(error == RPCError(.outOfRange, "no"))
    }
    #expect(!handled.isSet)
  }

  @Test("next may be called again: a retry with new credentials")
  func retries() async throws {
    struct Refreshing: ClientInterceptor {
      func intercept<Request: Message, Response: Message>(
        _ request: Request,
        _ call: OutgoingCall,
        next: (Request) async throws -> Response
      ) async throws -> Response {
        do { return try await next(request) } catch let error as RPCError {
          guard error.code == .unauthenticated else { throw error }
          try call.metadata.set("new", for: "token")
          return try await next(request)
        }
      }
    }
    let journal = Journal()
    var fixture = fixture([Simple(name: "out", journal: journal), Refreshing()])
    fixture.handler = CustomHandler(onGet: { _, call in
      guard call.metadata["token"] == "new" else { throw RPCError(.unauthenticated, "old") }
      return EchoResponse()
    })
    try await fixture.run { client, _ in _ = try await client.get(request()) }
    #expect(journal.lines == ["out begins", "out passed", "out ended OK"])
  }

  @Test("errors before and after next reach the caller, and every observer", arguments: allKinds)
  func errors(kind: CallKind) async throws {
    struct Failing: ClientInterceptor {
      let before: Bool
      func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
        if !before { try await next() }
        throw RPCError(.dataLoss, before ? "before" : "after")
      }
    }
    for before in [true, false] {
      let journal = Journal()
      let interceptors: [any ClientInterceptor] = [
        Simple(name: "out", journal: journal), Failing(before: before),
      ]
      try await fixture(interceptors).run { client, _ in
        let error = await failure { try await call(kind, client, "m") }
        #expect(error == RPCError(.dataLoss, before ? "before" : "after"))
      }
      #expect(journal.lines == ["out begins", "out ended DATA_LOSS"])
    }
  }

  @Test("the end of a stream is reported once, however it ends")
  func endings() async throws {
    let journal = Journal()
    let handler = CustomHandler(onChat: { requests, _, _ in for try await _ in requests {} })
    var fixture = fixture([Simple(name: "a", journal: journal)])
    fixture.handler = handler
    try await fixture.run { client, channel in
      do { _ = try await client.chat() }
      #expect(await waitUntil { journal.lines.last == "a ended CANCELLED" })
      let given = try await client.chat()
      given.cancel()
      #expect(await waitUntil { journal.lines.count { $0.hasPrefix("a ended") } == 2 })
      let late = try await client.chat(options: CallOptions(timeout: .milliseconds(50)))
      #expect(await failure { try await late.response() }.code == .deadlineExceeded)
      #expect(await waitUntil { journal.lines.last == "a ended DEADLINE_EXCEEDED" })
      let lost = try await client.chat()
      await channel.close()
      #expect(await failure { try await lost.response() }.code == .cancelled)
      #expect(await waitUntil { journal.lines.count { $0.hasPrefix("a ended") } == 4 })
    }
    #expect(journal.lines.count { $0.hasPrefix("a begins") } == 4)
    #expect(journal.lines.count { $0.hasPrefix("a ended") } == 4)
  }

  @Test("cancelling the task cancels a call that goes through interceptors")
  func cancellation() async throws {
    let started = Flag()
    let cancelled = Flag()
    let journal = Journal()
    var fixture = fixture([Simple(name: "a", journal: journal)])
    fixture.handler = CustomHandler(onGet: { _, call in
      started.set()
      do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.set() }
      return EchoResponse()
    })
    try await fixture.run { client, _ in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await started.wait())
      task.cancel()
      #expect(await task.value.code == .cancelled)
      #expect(await cancelled.wait())
    }
    #expect(journal.lines == ["a begins", "a ended CANCELLED"])
  }

  @Test("scopes, trailing metadata and traffic")
  func traffic() async throws {
    let seen = Mutex<(CallTraffic, Metadata)?>(nil)
    struct Watching: ClientInterceptor {
      let report: @Sendable (CallTraffic, Metadata) -> Void
      func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
        call.onEnd { _ in report(call.traffic, call.trailingMetadata) }
        try await next()
      }
    }
    let watching = Watching { traffic, metadata in seen.withLock { $0 = (traffic, metadata) } }
    var metadata = Metadata()
    try metadata.append([1, 2], for: "x-echo-bin")
    try await fixture([watching.on(EchoService.Methods.get)]).run { client, _ in
      _ = try await call(.clientStreaming, client, "mmmm")
      #expect(seen.withLock { $0 } == nil)
      _ = try await client.get(request("mmmm"), options: CallOptions(metadata: metadata))
    }
    let (traffic, trailers) = try #require(seen.withLock { $0 })
    #expect(trailers.binaryValues(for: "x-echo-bin") == [[1, 2]])
    #expect(traffic.requestMessages == 1 && traffic.requestBytes == 6)
    #expect(traffic.responseMessages == 1 && traffic.responseBytes == 6)
  }
}

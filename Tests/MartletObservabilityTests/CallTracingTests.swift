import EchoSchema
import InMemoryTracing
import Instrumentation
import MartletObservability
import MartletRPC
import Testing
import Tracing

@Suite(.timeLimit(.minutes(1))) struct CallTracingTests {
  @Test("a call is a span on either side, the server's a child of the client's")
  func spans() async throws {
    let server = InMemoryTracer(idGenerator: .incrementing)
    let client = InMemoryTracer()
    let fixture = ObservabilityFixture(
      server: [CallTracing(tracer: server)],
      client: [CallTracing(tracer: client)]
    )
    try await fixture.run { caller in
      try await ObservabilityFixture.callAll(caller)
      #expect(
        await waitUntil { server.finishedSpans.count == 6 && client.finishedSpans.count == 6 }
      )
    }
    #expect(server.activeSpans.isEmpty && client.activeSpans.isEmpty)
    for (span, parent) in zip(server.finishedSpans, client.finishedSpans) {
      #expect(span.operationName == parent.operationName)
      #expect(span.traceID == parent.traceID)
      #expect(span.parentSpanID == parent.spanID)
      #expect(span.kind == .server && parent.kind == .client)
    }
    let first = try #require(server.finishedSpans.first)
    #expect(first.operationName == "martlet.test.v1.EchoService/Get")
    #expect(text(first, "rpc.system") == "grpc")
    #expect(text(first, "rpc.service") == "martlet.test.v1.EchoService")
    #expect(text(first, "rpc.method") == "Get")
    #expect(text(first, "client.address")?.hasPrefix("127.0.0.1:") == true)
    // Of a deadline, the client's word may come before the server's own clock.
    #expect(server.finishedSpans.dropLast().map { code($0) } == [0, 0, 0, 0, 7])
    #expect(server.finishedSpans.last.flatMap { code($0) }.map { [1, 4].contains($0) } == true)
    #expect(client.finishedSpans.map { code($0) } == [0, 0, 0, 0, 7, 4])
    // What a client did wrong is no error of the server's.
    #expect(server.finishedSpans.dropLast().allSatisfy { $0.status == nil })
    #expect(client.finishedSpans.map { $0.status?.code } == [nil, nil, nil, nil, .error, .error])
  }

  @Test("spans of the handler are children of the call's")
  func children() async throws {
    struct Spanning: EchoServiceHandlerOfGet {
      let tracer: InMemoryTracer
      func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
        tracer.withSpan("inner") { _ in EchoResponse() }
      }
    }
    let tracer = InMemoryTracer()
    var fixture = ObservabilityFixture(server: [CallTracing(tracer: tracer)])
    fixture.handler = Spanning(tracer: tracer)
    try await fixture.run { client in
      _ = try await client.get(ObservabilityFixture.request("x"))
    }
    let spans = tracer.finishedSpans
    #expect(spans.map(\.operationName) == ["inner", "martlet.test.v1.EchoService/Get"])
    #expect(spans.first?.parentSpanID == spans.last?.spanID)
  }

  @Test("messages are events where that is asked for")
  func events() async throws {
    let server = InMemoryTracer()
    let client = InMemoryTracer()
    let fixture = ObservabilityFixture(
      server: [CallTracing(tracer: server, recordsMessages: true)],
      client: [CallTracing(tracer: client, recordsMessages: true)]
    )
    try await fixture.run { caller in
      _ = try await caller.get(ObservabilityFixture.request("x"))
      let collect = try await caller.collect()
      for text in ["a", "b"] { try await collect.requests.send(ObservabilityFixture.request(text)) }
      await collect.requests.finish()
      _ = try await collect.response()
      #expect(
        await waitUntil { server.finishedSpans.count == 2 && client.finishedSpans.count == 2 }
      )
    }
    #expect(
      server.finishedSpans.map(events) == [
        ["RECEIVED 1", "SENT 1"], ["RECEIVED 1", "RECEIVED 2", "SENT 1"],
      ]
    )
    #expect(client.finishedSpans.first.map(events) == ["SENT 1", "RECEIVED 1"])
    #expect(client.finishedSpans.last.map { events($0).prefix(2) } == ["SENT 1", "SENT 2"])
  }

  @Test("what a tracer writes travels as W3C's headers do")
  func traceparent() async throws {
    struct Seeing: EchoServiceHandlerOfGet {
      func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
        var response = EchoResponse()
        response.text = call.metadata["traceparent"] ?? "none"
        return response
      }
    }
    var fixture = ObservabilityFixture(client: [CallTracing(tracer: W3CTracer())])
    fixture.handler = Seeing()
    try await fixture.run { client in
      let seen = try await client.get(ObservabilityFixture.request("x")).text
      #expect(seen == W3CTracer.traceparent)
    }
  }

  private func text(_ span: FinishedInMemorySpan, _ name: String) -> String? {
    if case .string(let text) = span.attributes.get(name) { text } else { nil }
  }

  private func code(_ span: FinishedInMemorySpan) -> Int64? {
    if case .int64(let code) = span.attributes.get("rpc.grpc.status_code") { code } else { nil }
  }

  private func events(_ span: FinishedInMemorySpan) -> [String] {
    span.events.map { event in
      guard case .string(let type) = event.attributes.get("rpc.message.type"),
        case .int64(let id) = event.attributes.get("rpc.message.id")
      else { return "?" }
      return "\(type) \(id)"
    }
  }
}

/// Writes one `traceparent` (W3C Trace Context, section 3.2), and no spans.
private struct W3CTracer: Tracer {
  static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  func startSpan<Instant: TracerInstant>(
    _ operationName: String,
    context: @autoclosure () -> ServiceContext,
    ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant,
    function: String,
    file fileID: String,
    line: UInt
  ) -> NoOpTracer.NoOpSpan { NoOpTracer.NoOpSpan(context: context()) }

  func forceFlush() {}

  func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier,
    into context: inout ServiceContext,
    using extractor: Extract
  ) where Extract.Carrier == Carrier {}

  func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext,
    into carrier: inout Carrier,
    using injector: Inject
  ) where Inject.Carrier == Carrier {
    injector.inject(Self.traceparent, forKey: "traceparent", into: &carrier)
  }
}

public import MartletRPC
public import MartletWire
internal import Synchronization
public import Tracing

/// A span for each call, continued across processes: what the `Tracer` reads from a call's metadata
/// and writes into it, such as W3C's `traceparent`.
///
/// Names and attributes are those of OpenTelemetry's conventions for gRPC: the span is called
/// `service/Method`; `rpc.system`, `rpc.service`, `rpc.method`, `rpc.grpc.status_code`, and on a
/// server `client.address`. Within a server's span, `ServiceContext.current` is its context, so that
/// spans and calls of the handler become its children.
public struct CallTracing: Sendable {
  private let chosenTracer: (any Tracer)?
  private let recordsMessages: Bool

  /// Creates the tracing.
  ///
  /// - Parameters:
  ///   - tracer: the tracer; that of `InstrumentationSystem` by default.
  ///   - recordsMessages: whether each message is an event of the span, `rpc.message`, with its
  ///     direction and its number.
  public init(tracer: (any Tracer)? = nil, recordsMessages: Bool = false) {
    chosenTracer = tracer
    self.recordsMessages = recordsMessages
  }

  private var tracer: any Tracer { chosenTracer ?? InstrumentationSystem.tracer }

  private func start(_ method: String, in context: ServiceContext, _ kind: SpanKind) -> any Span {
    let path = method.dropFirst()
    let span = tracer.startSpan(String(path), context: context, ofKind: kind)
    let service = path.prefix { $0 != "/" }
    span.updateAttributes { attributes in
      attributes["rpc.system"] = "grpc"
      attributes["rpc.service"] = String(service)
      attributes["rpc.method"] = String(path.dropFirst(service.utf8.count + 1))
    }
    return span
  }

  /// Sets the status as the conventions say: to a server a fault of the client's is no error.
  private func end(_ span: any Span, _ error: RPCError?, isServer: Bool) {
    span.attributes["rpc.grpc.status_code"] = Int64(error?.code.rawValue ?? 0)
    if let error, !isServer || error.code.isServersFault {
      span.setStatus(SpanStatus(code: .error, message: error.code.name))
    }
    span.end()
  }
}

extension CallTracing: ServerInterceptor {
  /// Runs the handler within a span.
  public func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws {
    var context = ServiceContext.current ?? .topLevel
    tracer.extract(call.metadata, into: &context, using: MetadataCarrier())
    let span = start(call.method, in: context, .server)
    span.attributes["client.address"] = call.peerAddress
    let recorder = recordsMessages ? MessageRecorder(span) : nil
    var failure: (any Error)?
    do {
      try await ServiceContext.withValue(span.context) {
        guard let recorder else { return try await next(requests, responses) }
        try await next(
          requests.transformed { recorder.received($0) },
          responses.transformed { recorder.sent($0) }
        )
      }
    } catch {
      failure = error
    }
    end(span, call.status(throwing: failure), isServer: true)
    if let failure { throw failure }
  }
}

extension CallTracing: ClientInterceptor {
  /// Makes the call within a span.
  public func intercept<Request: Message, Response: Message>(
    _ request: Request,
    _ call: OutgoingCall,
    next: (Request) async throws -> Response
  ) async throws -> Response {
    let span = begin(call)
    let recorder = recordsMessages ? MessageRecorder(span) : nil
    let response = try await next(recorder?.sent(request) ?? request)
    return recorder?.received(response) ?? response
  }

  /// Opens the call within a span, which ends with it.
  public func intercept<Request: Message, Response: Message>(
    opening call: OutgoingCall,
    next: () async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response> {
    let span = begin(call)
    guard recordsMessages else { return try await next() }
    let recorder = MessageRecorder(span)
    return try await next().transformed(
      requests: { recorder.sent($0) },
      responses: { recorder.received($0) }
    )
  }

  /// Starts the call's span, which ends with it, and tells the server about it.
  private func begin(_ call: OutgoingCall) -> any Span {
    let span = start(call.method, in: .current ?? .topLevel, .client)
    tracer.inject(span.context, into: &call.metadata, using: MetadataCarrier())
    call.onEnd { error in end(span, error, isServer: false) }
    return span
  }
}

/// Numbers the messages of a call in each direction and makes events of them.
private final class MessageRecorder: Sendable {
  private let span: any Span
  private let counts = Mutex((sent: 0, received: 0))

  init(_ span: any Span) {
    self.span = span
  }

  func sent<M: Message>(_ message: M) -> M {
    let id = counts.withLock { counts in
      counts.sent += 1
      return counts.sent
    }
    record("SENT", id)
    return message
  }

  func received<M: Message>(_ message: M) -> M {
    let id = counts.withLock { counts in
      counts.received += 1
      return counts.received
    }
    record("RECEIVED", id)
    return message
  }

  private func record(_ type: String, _ id: Int) {
    let attributes: SpanAttributes = [
      "rpc.message.type": .string(type), "rpc.message.id": .int64(Int64(id)),
    ]
    span.addEvent(SpanEvent(name: "rpc.message", attributes: attributes))
  }
}

/// How a tracer reads and writes metadata.
///
/// Several values of one name are one list (RFC 9110, section 5.3), as W3C's `tracestate` wants.
private struct MetadataCarrier: Extractor, Injector {
  func extract(key: String, from metadata: Metadata) -> String? {
    let values = metadata.values(for: key.lowercased())
    return values.isEmpty ? nil : values.joined(separator: ",")
  }

  /// A value that cannot stand in metadata is left out: tracing must not end a call.
  func inject(_ value: String, forKey key: String, into metadata: inout Metadata) {
    try? metadata.set(value, for: key)
  }
}

extension StatusCode {
  /// Whether a server's span with this status is an error.
  fileprivate var isServersFault: Bool {
    switch self {
    case .unknown, .deadlineExceeded, .unimplemented, .internal, .unavailable, .dataLoss: true
    default: false
    }
  }
}

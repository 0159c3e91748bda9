public import MartletWire

/// A service's methods with the code that answers them; generated code makes it.
public struct RPCService: Sendable {
  /// The full name, such as `martlet.v1.LiveService`.
  public let name: String
  /// The methods.
  public let methods: [RPCMethod]
  /// The schema file and all that it imports: a serialized `google.protobuf.FileDescriptorSet` in
  /// base64; nil where the code was generated without.
  public let descriptors: StaticString?

  /// Creates a service.
  ///
  /// - Parameters:
  ///   - name: the full name, with its package.
  ///   - methods: the methods; their descriptors carry the same service name.
  ///   - descriptors: what server reflection tells of it; nil for nothing.
  public init(name: String, methods: [RPCMethod], descriptors: StaticString? = nil) {
    self.name = name
    self.methods = methods
    self.descriptors = descriptors
  }
}

/// What a generated handler protocol requires besides its methods; generated code fulfils it.
public protocol ServiceHandler: Sendable {
  /// The service that this handler answers.
  var service: RPCService { get }
}

/// One method with the code that answers it.
public struct RPCMethod: Sendable {
  let path: String
  let kind: CallKind
  /// Runs the handler, on the call's loop.
  ///
  /// What it throws is the call's status.
  private(set) var run: @Sendable (ServerCallCore) async throws -> Void
  /// The same through interceptors.
  private let runIntercepted:
    @Sendable (ServerCallCore, [any ServerInterceptor]) async throws -> Void

  /// `handler` answers a call of any kind as one with many requests and responses; interceptors run
  /// around it.
  @usableFromInline
  init<Request: Message, Response: Message>(
    _ descriptor: MethodDescriptor<Request, Response>,
    kind: CallKind,
    run: @escaping @Sendable (ServerCallCore) async throws -> Void,
    handler:
      @escaping @Sendable (MessageStream<Request>, MessageWriter<Response>, ServerCall)
      async throws -> Void
  ) {
    path = descriptor.path
    self.kind = kind
    self.run = run
    runIntercepted = { core, interceptors in
      let call = ServerInterception(core: core, interceptors: interceptors, handler: handler)
      try await call.run(givesOneResponse: kind.givesOneResponse)
    }
  }

  /// Whether interceptors run around the handler.
  private(set) var isIntercepted = false

  /// The method with interceptors around its handler, the first outermost.
  func intercepted(by interceptors: [any ServerInterceptor]) -> RPCMethod {
    guard !interceptors.isEmpty else { return self }
    var method = self
    let runIntercepted = runIntercepted
    method.isIntercepted = true
    method.run = { core in try await runIntercepted(core, interceptors) }
    return method
  }

  /// One request, one response.
  ///
  /// - Parameters:
  ///   - descriptor: the method.
  ///   - handler: answers a call.
  /// - Returns: the method with its handler.
  @inlinable
  public static func unary<Request: Message, Response: Message>(
    _ descriptor: MethodDescriptor<Request, Response>,
    _ handler: @escaping @Sendable (Request, ServerCall) async throws -> Response
  ) -> RPCMethod {
    RPCMethod(descriptor, kind: .unary) { core in
      let request = try core.onlyRequest(Request.self)
      try core.respond(await handler(request, core.call))
    } handler: { requests, responses, call in
      try await responses.send(handler(requests.onlyMessage(), call))
    }
  }

  /// One request, many responses.
  ///
  /// - Parameters:
  ///   - descriptor: the method.
  ///   - handler: answers a call; its return ends the responses.
  /// - Returns: the method with its handler.
  @inlinable
  public static func serverStreaming<Request: Message, Response: Message>(
    _ descriptor: MethodDescriptor<Request, Response>,
    _ handler:
      @escaping @Sendable (Request, MessageWriter<Response>, ServerCall) async throws -> Void
  ) -> RPCMethod {
    RPCMethod(descriptor, kind: .serverStreaming) { core in
      try await handler(core.onlyRequest(Request.self), MessageWriter(core), core.call)
    } handler: { requests, responses, call in
      try await handler(requests.onlyMessage(), responses, call)
    }
  }

  /// Many requests, one response.
  ///
  /// - Parameters:
  ///   - descriptor: the method.
  ///   - handler: answers a call; it need not read all requests.
  /// - Returns: the method with its handler.
  @inlinable
  public static func clientStreaming<Request: Message, Response: Message>(
    _ descriptor: MethodDescriptor<Request, Response>,
    _ handler: @escaping @Sendable (MessageStream<Request>, ServerCall) async throws -> Response
  ) -> RPCMethod {
    RPCMethod(descriptor, kind: .clientStreaming) { core in
      try core.respond(await handler(MessageStream(core), core.call))
    } handler: { requests, responses, call in
      try await responses.send(handler(requests, call))
    }
  }

  /// Many requests, many responses, in any order.
  ///
  /// - Parameters:
  ///   - descriptor: the method.
  ///   - handler: answers a call; its return ends the responses, and it need not read all requests.
  /// - Returns: the method with its handler.
  @inlinable
  public static func bidirectional<Request: Message, Response: Message>(
    _ descriptor: MethodDescriptor<Request, Response>,
    _ handler:
      @escaping @Sendable (MessageStream<Request>, MessageWriter<Response>, ServerCall)
      async throws -> Void
  ) -> RPCMethod {
    RPCMethod(descriptor, kind: .bidirectional) { core in
      try await handler(MessageStream(core), MessageWriter(core), core.call)
    } handler: { requests, responses, call in
      try await handler(requests, responses, call)
    }
  }
}

public import MartletWire

/// Code that runs around every handler: authentication, logging, counting, changing messages.
///
/// Implement one of the two forms of `intercept`: the one with the call alone, or the one that sees
/// the messages as well. The first interceptor of a server is the outermost: it sees requests first
/// and responses last. What an interceptor throws is the call's status, as if the handler had
/// thrown it.
///
/// An interceptor runs on the call's loop, in the handler's task: it must not block either, and it
/// is cancelled with it. A server finds out once, when it is made, which interceptors belong to
/// which method; a method without any pays nothing for them.
public protocol ServerInterceptor: Sendable {
  /// Runs around one call.
  ///
  /// - Parameters:
  ///   - call: the call; values and metadata set on it reach the handler and the client.
  ///   - next: runs the next interceptor, or the handler. Call it once, or throw instead.
  /// - Throws: an error that becomes the call's status.
  func intercept(_ call: ServerCall, next: () async throws -> Void) async throws

  /// Runs around one call and sees its messages, whatever their types are.
  ///
  /// All four kinds of calls look the same here: a call that has exactly one request is a stream of
  /// one, and its one response is sent to the writer. Such a response leaves only when all
  /// interceptors are through, so that an error thrown after `next` still replaces it.
  ///
  /// `ServerInterceptor.unary(_:_:)` and `streaming(_:_:)` make interceptors for one method, whose
  /// types they know.
  ///
  /// - Parameters:
  ///   - requests: what comes from the client, through the interceptors before this one.
  ///   - responses: where responses go, to the client by way of those interceptors.
  ///   - call: the call; values and metadata set on it reach the handler and the client.
  ///   - next: runs the next interceptor, or the handler, with the streams to use: these, or what
  ///     `transformed` makes of them. Call it once; or throw, or answer without it.
  /// - Throws: an error that becomes the call's status.
  func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws
}

extension ServerInterceptor {
  /// Goes on with the call; for interceptors of the other form.
  public func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    try await next()
  }

  /// Leaves the messages alone; for interceptors of the other form.
  public func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws {
    try await intercept(call) { try await next(requests, responses) }
  }
}

// MARK: For a service or a method only

/// An interceptor for some methods only; `ServerInterceptor.on(service:)` and its like make it.
public struct ScopedServerInterceptor: ServerInterceptor {
  let base: any ServerInterceptor
  let applies: @Sendable (_ path: String) -> Bool

  /// Runs the interceptor around a call of its methods.
  public func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws {
    guard applies(call.method) else { return try await next(requests, responses) }
    try await base.intercept(requests, responses, call, next: next)
  }
}

extension ServerInterceptor {
  /// This interceptor, around the calls of one service only.
  ///
  /// - Parameter service: the service's full name, such as `EchoService.name`.
  /// - Returns: the interceptor to give to a server.
  public func on(service: String) -> ScopedServerInterceptor {
    on { $0.hasPrefix("/\(service)/") }
  }

  /// This interceptor, around the calls of one method only.
  ///
  /// - Parameter method: the method's descriptor, such as `EchoService.Methods.get`.
  /// - Returns: the interceptor to give to a server.
  public func on<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>
  ) -> ScopedServerInterceptor {
    on { $0 == method.path }
  }

  /// This interceptor, around the calls of some methods only.
  ///
  /// - Parameter applies: whether it runs around the calls of the method at this path,
  ///   `/service/method`. It is asked once for each method, when the server is made.
  /// - Returns: the interceptor to give to a server.
  public func on(
    where applies: @escaping @Sendable (_ path: String) -> Bool
  ) -> ScopedServerInterceptor {
    ScopedServerInterceptor(base: self, applies: applies)
  }

  /// What runs around the calls of the method at a path; nil for nothing.
  func interceptor(at path: String) -> (any ServerInterceptor)? {
    guard let scoped = self as? ScopedServerInterceptor else { return self }
    return scoped.applies(path) ? scoped.base.interceptor(at: path) : nil
  }
}

// MARK: For one method, whose types are known

extension ServerInterceptor where Self == ScopedServerInterceptor {
  /// Runs around the calls of one method that has one request and one response.
  ///
  /// - Parameters:
  ///   - method: the method's descriptor.
  ///   - body: gets the request and the call, and gives the response: what `next`, with this or
  ///     another request, returns, or another one. It may throw instead.
  /// - Returns: the interceptor to give to a server.
  public static func unary<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ body:
      @escaping @Sendable (
        _ request: Request,
        _ call: ServerCall,
        _ next: (Request) async throws -> Response
      ) async throws -> Response
  ) -> ScopedServerInterceptor {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    return MethodInterceptor<Request, Response> { requests, responses, call, next in
      let request = try await requests.onlyMessage()
      let response = try await body(request, call) { request in
        let answer = Held<Response>()
        try await next(
          requests.replaced(by: request),
          responses.transformed { response in
            answer.put(response)
            return nil
          }
        )
        guard let response = answer.take() else { throw ServerCallCore.noResponse }
        return response
      }
      try await responses.send(response)
    }.on(method)
  }

  /// Runs around the calls of one method, of whatever kind.
  ///
  /// - Parameters:
  ///   - method: the method's descriptor.
  ///   - body: gets the requests, the writer for responses, the call, and what runs the next
  ///     interceptor or the handler.
  /// - Returns: the interceptor to give to a server.
  public static func streaming<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ body:
      @escaping @Sendable (
        _ requests: MessageStream<Request>,
        _ responses: MessageWriter<Response>,
        _ call: ServerCall,
        _ next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
      ) async throws -> Void
  ) -> ScopedServerInterceptor {
    MethodInterceptor(body: body).on(method)
  }
}

/// An interceptor that knows the types of its one method.
private struct MethodInterceptor<In: Message, Out: Message>: ServerInterceptor {
  let body:
    @Sendable (
      MessageStream<In>, MessageWriter<Out>, ServerCall,
      (MessageStream<In>, MessageWriter<Out>) async throws -> Void
    ) async throws -> Void

  func intercept<Request: Message, Response: Message>(
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>,
    _ call: ServerCall,
    next: (MessageStream<Request>, MessageWriter<Response>) async throws -> Void
  ) async throws {
    guard let typedRequests = requests as? MessageStream<In>,
      let typedResponses = responses as? MessageWriter<Out>
    else {
      throw RPCError(.internal, "an interceptor of \(call.method) was made for other messages")
    }
    try await body(typedRequests, typedResponses, call) { requests, responses in
      guard let requests = requests as? MessageStream<Request>,
        let responses = responses as? MessageWriter<Response>
      else { preconditionFailure("the same types, the other way round") }
      try await next(requests, responses)
    }
  }
}

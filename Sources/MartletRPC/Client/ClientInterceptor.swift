public import MartletWire

/// Code that runs around every call of a channel: credentials, logging, counting, changing
/// messages, retries of one's own.
///
/// Implement the forms of `intercept` that are needed: the one with the call alone is enough to set
/// metadata and options; the other two also see messages. The first interceptor of a channel is
/// the outermost: it sees requests first and responses last. What an interceptor throws, the caller
/// gets, as an `RPCError`. An interceptor runs in the caller's task.
public protocol ClientInterceptor: Sendable {
  /// Runs around a call of any kind.
  ///
  /// - Parameters:
  ///   - call: the call; metadata and options set on it before `next` go with it.
  ///   - next: runs the next interceptor, then makes the call. For a call with one request and one
  ///     response it returns when the response is here; for the others when the stream is open,
  ///     whose end `OutgoingCall.onEnd(_:)` reports.
  /// - Throws: an error that the caller gets.
  func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws

  /// Runs around a call with one request and one response.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - call: the call; metadata and options set on it before `next` go with it.
  ///   - next: makes the call with a request, this one or another. It may be called again, which
  ///     makes another call, or not at all.
  /// - Returns: the response for the caller.
  /// - Throws: an error that the caller gets.
  func intercept<Request: Message, Response: Message>(
    _ request: Request,
    _ call: OutgoingCall,
    next: (Request) async throws -> Response
  ) async throws -> Response

  /// Runs around the opening of a call with many requests or responses.
  ///
  /// - Parameters:
  ///   - call: the call; metadata and options set on it before `next` go with it.
  ///   - next: opens the call.
  /// - Returns: the open call for the caller: what `next` returned, or what
  ///   `ClientCall.transformed` made of it.
  /// - Throws: an error that the caller gets.
  func intercept<Request: Message, Response: Message>(
    opening call: OutgoingCall,
    next: () async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response>
}

extension ClientInterceptor {
  /// Goes on with the call; for interceptors of the other forms.
  public func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
    try await next()
  }

  /// Leaves the messages alone; for interceptors of the other forms.
  public func intercept<Request: Message, Response: Message>(
    _ request: Request,
    _ call: OutgoingCall,
    next: (Request) async throws -> Response
  ) async throws -> Response {
    var response: Response?
    try await intercept(call) { response = try await next(request) }
    guard let response else { throw ClientInterception.notMade }
    return response
  }

  /// Leaves the messages alone; for interceptors of the other forms.
  public func intercept<Request: Message, Response: Message>(
    opening call: OutgoingCall,
    next: () async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response> {
    var opened: ClientCall<Request, Response>?
    try await intercept(call) { opened = try await next() }
    guard let opened else { throw ClientInterception.notMade }
    return opened
  }
}

// MARK: For a service or a method only

/// An interceptor for some methods only; `ClientInterceptor.on(service:)` and its like make it.
public struct ScopedClientInterceptor: ClientInterceptor {
  let base: any ClientInterceptor
  let applies: @Sendable (_ path: String) -> Bool

  /// Runs the interceptor around a call of its methods.
  public func intercept<Request: Message, Response: Message>(
    _ request: Request,
    _ call: OutgoingCall,
    next: (Request) async throws -> Response
  ) async throws -> Response {
    guard applies(call.method) else { return try await next(request) }
    return try await base.intercept(request, call, next: next)
  }

  /// Runs the interceptor around the opening of a call of its methods.
  public func intercept<Request: Message, Response: Message>(
    opening call: OutgoingCall,
    next: () async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response> {
    guard applies(call.method) else { return try await next() }
    return try await base.intercept(opening: call, next: next)
  }
}

extension ClientInterceptor {
  /// This interceptor, around the calls of one service only.
  ///
  /// - Parameter service: the service's full name, such as `EchoService.name`.
  /// - Returns: the interceptor to give to a channel.
  public func on(service: String) -> ScopedClientInterceptor {
    on { $0.hasPrefix("/\(service)/") }
  }

  /// This interceptor, around the calls of one method only.
  ///
  /// - Parameter method: the method's descriptor, such as `EchoService.Methods.get`.
  /// - Returns: the interceptor to give to a channel.
  public func on<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>
  ) -> ScopedClientInterceptor {
    on { $0 == method.path }
  }

  /// This interceptor, around the calls of some methods only.
  ///
  /// - Parameter applies: whether it runs around the calls of the method at this path,
  ///   `/service/method`; it is asked at each call.
  /// - Returns: the interceptor to give to a channel.
  public func on(
    where applies: @escaping @Sendable (_ path: String) -> Bool
  ) -> ScopedClientInterceptor {
    ScopedClientInterceptor(base: self, applies: applies)
  }
}

// MARK: For one method, whose types are known

extension ClientInterceptor where Self == ScopedClientInterceptor {
  /// Runs around the calls of one method that has one request and one response.
  ///
  /// - Parameters:
  ///   - method: the method's descriptor.
  ///   - body: gets the request and the call, and gives the response: what `next`, with this or
  ///     another request, returns, or another one. It may throw instead.
  /// - Returns: the interceptor to give to a channel.
  public static func unary<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ body:
      @escaping @Sendable (
        _ request: Request,
        _ call: OutgoingCall,
        _ next: (Request) async throws -> Response
      ) async throws -> Response
  ) -> ScopedClientInterceptor {
    precondition(method.kind == .unary, "\(method.path) is not unary")
    return UnaryMethodInterceptor(body: body).on(method)
  }

  /// Runs around the opening of the calls of one method that has many requests or responses.
  ///
  /// - Parameters:
  ///   - method: the method's descriptor.
  ///   - body: gets the call and what opens it, and gives the open call: what `next` returns, or
  ///     what `ClientCall.transformed` makes of it.
  /// - Returns: the interceptor to give to a channel.
  public static func streaming<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ body:
      @escaping @Sendable (
        _ call: OutgoingCall,
        _ next: () async throws -> ClientCall<Request, Response>
      ) async throws -> ClientCall<Request, Response>
  ) -> ScopedClientInterceptor {
    precondition(method.kind != .unary, "\(method.path) is unary")
    return StreamingMethodInterceptor(body: body).on(method)
  }
}

/// An interceptor that knows the types of its one unary method.
private struct UnaryMethodInterceptor<In: Message, Out: Message>: ClientInterceptor {
  let body: @Sendable (In, OutgoingCall, (In) async throws -> Out) async throws -> Out

  func intercept<Request: Message, Response: Message>(
    _ request: Request,
    _ call: OutgoingCall,
    next: (Request) async throws -> Response
  ) async throws -> Response {
    guard let typed = request as? In else { throw ClientInterception.otherTypes(call) }
    let answer = try await body(typed, call) { request in
      guard let request = request as? Request, let response = try await next(request) as? Out
      else { throw ClientInterception.otherTypes(call) }
      return response
    }
    guard let response = answer as? Response else { throw ClientInterception.otherTypes(call) }
    return response
  }
}

/// An interceptor that knows the types of its one streaming method.
private struct StreamingMethodInterceptor<In: Message, Out: Message>: ClientInterceptor {
  let body:
    @Sendable (OutgoingCall, () async throws -> ClientCall<In, Out>) async throws
      -> ClientCall<In, Out>

  func intercept<Request: Message, Response: Message>(
    opening call: OutgoingCall,
    next: () async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response> {
    let opened = try await body(call) {
      guard let opened = try await next() as? ClientCall<In, Out> else {
        throw ClientInterception.otherTypes(call)
      }
      return opened
    }
    guard let opened = opened as? ClientCall<Request, Response> else {
      throw ClientInterception.otherTypes(call)
    }
    return opened
  }
}

internal import MartletWire

/// A channel's interceptors around one call.
struct ClientInterception: Sendable {
  let interceptors: [any ClientInterceptor]
  let call: OutgoingCall

  /// Runs a call with one request and one response.
  func unary<Request: Message, Response: Message>(
    _ request: Request,
    _ make: (Request, OutgoingCall) async throws -> Response
  ) async throws(RPCError) -> Response {
    do {
      let response = try await step(0, request, make)
      call.succeeded()
      return response
    } catch {
      let error = RPCError(handlerError: error)
      call.ended(.failure(error))
      throw error
    }
  }

  private func step<Request: Message, Response: Message>(
    _ index: Int,
    _ request: Request,
    _ make: (Request, OutgoingCall) async throws -> Response
  ) async throws -> Response {
    guard index < interceptors.count else { return try await make(request, call) }
    return try await interceptors[index].intercept(request, call) { request in
      try await step(index + 1, request, make)
    }
  }

  /// Opens a call; when it is over, its observers hear of it.
  func open<Request: Message, Response: Message>(
    _ make: (OutgoingCall) async throws -> ClientCall<Request, Response>
  ) async throws(RPCError) -> ClientCall<Request, Response> {
    do {
      let opened = try await step(0, make)
      call.opened()
      return opened
    } catch {
      let error = RPCError(handlerError: error)
      call.ended(.failure(error))
      throw error
    }
  }

  private func step<Request: Message, Response: Message>(
    _ index: Int,
    _ make: (OutgoingCall) async throws -> ClientCall<Request, Response>
  ) async throws -> ClientCall<Request, Response> {
    guard index < interceptors.count else { return try await make(call) }
    return try await interceptors[index].intercept(opening: call) {
      try await step(index + 1, make)
    }
  }

  static let notMade = RPCError(.internal, "an interceptor returned without making the call")

  static func otherTypes(_ call: OutgoingCall) -> RPCError {
    RPCError(.internal, "an interceptor of \(call.method) was made for other messages")
  }
}

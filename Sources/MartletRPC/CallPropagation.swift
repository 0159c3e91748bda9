/// Lets what a handler calls inherit its call: binds `ServerCall.current` around the handler.
///
/// Calls that are then made within the handler's task, or in tasks that it starts, are given no
/// more time than the handler's own caller waits, and are cancelled with it (`CallOptions` says
/// when not). It is an interceptor because binding costs about 4 % of a small call's CPU time, which
/// a server that calls nobody need not pay. `CallOptions.inheriting(_:)` does the same for one call.
public struct CallPropagation: ServerInterceptor {
  /// Creates the interceptor.
  public init() {}

  /// Runs the handler with `ServerCall.current` set.
  public func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    try await ServerCall.$current.withValue(call) { try await next() }
  }
}

extension ServerInterceptor where Self == CallPropagation {
  /// Lets what a handler calls inherit its deadline and its cancellation.
  public static var callPropagation: CallPropagation { CallPropagation() }
}

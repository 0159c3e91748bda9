/// Code that runs around every handler: authentication, logging, counting.
public protocol ServerInterceptor: Sendable {
  /// Runs around one call.
  ///
  /// - Parameters:
  ///   - call: the call; values set on it reach the handler.
  ///   - next: runs the next interceptor, or the handler. Call it once, or throw instead.
  /// - Throws: an error that becomes the call's status, as if the handler had thrown it.
  func intercept(_ call: ServerCall, next: () async throws -> Void) async throws
}

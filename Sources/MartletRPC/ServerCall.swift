/// A key for a value that an interceptor leaves for the handler, such as who is calling.
public protocol ServerCallKey {
  /// The value's type.
  associatedtype Value: Sendable
}

/// One call, as its handler and the interceptors see it.
///
/// Safe to use from any task.
public final class ServerCall: Sendable {
  /// The method's path: `/martlet.v1.LiveService/Watch`.
  public let method: String
  /// The metadata that the client sent.
  public let metadata: Metadata
  /// When the client stops waiting; nil when it waits for ever.
  ///
  /// The handler's task is cancelled then.
  public let deadline: ContinuousClock.Instant?
  /// Where the call comes from: `192.0.2.7:50123`.
  public let peerAddress: String

  init(method: String, metadata: Metadata, deadline: ContinuousClock.Instant?, peerAddress: String)
  {
    self.method = method
    self.metadata = metadata
    self.deadline = deadline
    self.peerAddress = peerAddress
  }

  /// Whether the client gave up, the connection broke, the deadline passed or the server is cutting
  /// calls.
  public var isCancelled: Bool { fatalError("not yet") }

  /// The metadata that goes before the first response.
  ///
  /// Setting it after that has no effect.
  public var responseMetadata: Metadata {
    get { fatalError("not yet") }
    set { fatalError("not yet \(newValue)") }
  }

  /// The metadata that goes with the status.
  ///
  /// An error's own metadata is added to it.
  public var trailingMetadata: Metadata {
    get { fatalError("not yet") }
    set { fatalError("not yet \(newValue)") }
  }

  /// A value that an interceptor left; nil when none did.
  public subscript<Key: ServerCallKey>(key: Key.Type) -> Key.Value? {
    get { fatalError("not yet") }
    set { fatalError("not yet") }
  }
}

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

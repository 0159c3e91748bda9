internal import Synchronization

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
  /// When the client stops waiting; nil when it waits for ever.
  ///
  /// The handler's task is cancelled then.
  public let deadline: ContinuousClock.Instant?
  /// The connection that the call came on.
  public let connection: ConnectionInfo
  /// Where the call comes from: `192.0.2.7:50123`.
  public var peerAddress: String { connection.peerAddress }
  /// Whom the client's certificate names, under mutual TLS; nil when it showed none.
  public var peerIdentity: PeerIdentity? { connection.peerIdentity }

  private let rawMetadata: RawMetadata
  private let cancelled = Atomic<Bool>(false)
  private let state = Mutex(State())

  private struct State {
    var metadata: Metadata?
    var responseMetadata = Metadata()
    var trailingMetadata = Metadata()
    var values: [ObjectIdentifier: any Sendable] = [:]
  }

  init(
    method: String,
    metadata: RawMetadata,
    deadline: ContinuousClock.Instant?,
    connection: ConnectionInfo
  ) {
    self.method = method
    self.rawMetadata = metadata
    self.deadline = deadline
    self.connection = connection
  }

  /// The metadata that the client sent.
  ///
  /// - Complexity: O(size) when first read, O(1) later.
  public var metadata: Metadata {
    state.withLock { state in
      if let metadata = state.metadata { return metadata }
      let metadata = rawMetadata.metadata
      state.metadata = metadata
      return metadata
    }
  }

  /// Whether the client gave up, the connection broke, the deadline passed or the server is cutting
  /// calls.
  public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  /// The metadata that goes before the first response.
  ///
  /// Setting it after that has no effect.
  public var responseMetadata: Metadata {
    get { state.withLock { $0.responseMetadata } }
    set { state.withLock { $0.responseMetadata = newValue } }
  }

  /// The metadata that goes with the status.
  ///
  /// An error's own metadata is added to it.
  public var trailingMetadata: Metadata {
    get { state.withLock { $0.trailingMetadata } }
    set { state.withLock { $0.trailingMetadata = newValue } }
  }

  /// A value that an interceptor left; nil when none did.
  public subscript<Key: ServerCallKey>(key: Key.Type) -> Key.Value? {
    get { state.withLock { $0.values[ObjectIdentifier(key)] as? Key.Value } }
    set { state.withLock { $0.values[ObjectIdentifier(key)] = newValue } }
  }

  func markCancelled() {
    cancelled.store(true, ordering: .releasing)
  }
}

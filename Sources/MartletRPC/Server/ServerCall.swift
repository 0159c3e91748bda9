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
  /// The call that this task, or the one that started it, answers; nil elsewhere, and where the
  /// server has no `CallPropagation`.
  @TaskLocal public static var current: ServerCall?

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
  /// What carries the call.
  ///
  /// It holds this object in turn, until the call is over.
  private let core: ServerCallCore
  private let flags = Atomic<UInt8>(0)
  let compression = CompressionChoice()
  private let state = Mutex(State())

  private struct State {
    var metadata: Metadata?
    var responseMetadata = Metadata()
    var trailingMetadata = Metadata()
    var values: [ObjectIdentifier: any Sendable] = [:]
    var cancellation: RPCError?
    /// Who wants to hear that the call is over, or cancelled.
    var observers: [UInt64: @Sendable (_ isCancelled: Bool) -> Void] = [:]
    var lastObserver: UInt64 = 0
  }

  init(
    core: ServerCallCore,
    method: String,
    metadata: RawMetadata,
    deadline: ContinuousClock.Instant?,
    connection: ConnectionInfo
  ) {
    self.core = core
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

  /// The name of the method's service: `martlet.v1.LiveService`.
  public var serviceName: Substring { method.dropFirst().prefix { $0 != "/" } }

  /// The method's name in its service: `Watch`.
  public var methodName: Substring { method.dropFirst(serviceName.utf8.count + 2) }

  /// How much of the deadline is left, negative once it has passed; nil when the client waits for
  /// ever.
  public var timeLeft: Duration? { deadline.map { ContinuousClock.now.duration(to: $0) } }

  /// How much has gone each way so far.
  public var traffic: CallTraffic { core.traffic(sendsRequests: false) }

  /// The metadata that goes before the first response.
  ///
  /// Setting it after that has no effect.
  public var responseMetadata: Metadata {
    get { state.withLock { $0.responseMetadata } }
    set {
      state.withLock { $0.responseMetadata = newValue }
      flags.bitwiseOr(Self.metadataFlag, ordering: .releasing)
    }
  }

  /// The metadata that goes with the status.
  ///
  /// An error's own metadata is added to it.
  public var trailingMetadata: Metadata {
    get { state.withLock { $0.trailingMetadata } }
    set {
      state.withLock { $0.trailingMetadata = newValue }
      flags.bitwiseOr(Self.metadataFlag, ordering: .releasing)
    }
  }

  /// A value that an interceptor left; nil when none did.
  public subscript<Key: ServerCallKey>(key: Key.Type) -> Key.Value? {
    get { state.withLock { $0.values[ObjectIdentifier(key)] as? Key.Value } }
    set { state.withLock { $0.values[ObjectIdentifier(key)] = newValue } }
  }

  /// Sends the `responseMetadata` now rather than with the first response.
  ///
  /// A client learns from it that the call was taken. Later changes of `responseMetadata` have no
  /// effect; when it has gone already nothing happens.
  ///
  /// - Throws: `RPCError`: the call's status when the call is over, INTERNAL for metadata over the
  ///   limit.
  public func sendResponseMetadata() async throws(RPCError) {
    let core = core
    guard !core.isOnLoop else { return try core.sendHeaders() }
    try await core.hop { () async throws(RPCError) in try core.sendHeaders() }
  }
}

// MARK: Shutdown

extension ServerCall {
  /// Has `body` called once if the server begins to shut down while the call runs; at once when it
  /// has begun already.
  ///
  /// The call may go on for the grace that the shutdown gives. One that would go on for ever does
  /// well to say its last and to return, or the shutdown waits all its grace for it.
  ///
  /// - Parameter body: what to call; it runs on the call's loop, or in this task, and must not block.
  public func onShutdown(_ body: @escaping @Sendable () -> Void) {
    let (isNow, isFirst) = state.withLock { state in
      guard flags.load(ordering: .acquiring) & Self.shutdownFlag == 0 else { return (true, false) }
      let earlier = state.values[Self.shutdownKey] as? [@Sendable () -> Void] ?? []
      state.values[Self.shutdownKey] = earlier + [body]
      return (false, earlier.isEmpty)
    }
    if isNow { body() }
    // What it holds may hold the call.
    if isFirst { whenOver { [unowned self] _ in forgetShutdown() } }
  }

  /// Has the call cancelled with UNAVAILABLE as soon as the server begins to shut down.
  ///
  /// For streams without an end of their own, whose clients do well to ask another server: they would
  /// hold up the shutdown for all its grace.
  public func endOnShutdown() {
    let core = core
    onShutdown { core.cutSoon(Self.shuttingDown) }
  }

  private static let shuttingDown = RPCError(.unavailable, "the server is shutting down")

  private func forgetShutdown() {
    // Outside the lock: what is let go may look at the call.
    let bodies = state.withLock { $0.values.removeValue(forKey: Self.shutdownKey) }
    withExtendedLifetime(bodies) {}
  }

  /// The server takes no new calls from now on.
  func markShutdown() {
    flags.bitwiseOr(Self.shutdownFlag, ordering: .releasing)
    let bodies = state.withLock { state in
      state.values.removeValue(forKey: Self.shutdownKey) as? [@Sendable () -> Void]
    }
    for body in bodies ?? [] { body() }
  }

  /// Few calls want to know, so there is no property for it.
  private enum Shutdown {}
  private static let shutdownKey = ObjectIdentifier(Shutdown.self)
}

// MARK: Cancellation

extension ServerCall {
  /// Whether the client gave up, the connection broke, the deadline passed or the server is cutting
  /// calls.
  ///
  /// The handler's task is cancelled with it; a task of the handler's own making may look here.
  public var isCancelled: Bool { flags.load(ordering: .acquiring) & Self.cancelledFlag != 0 }

  /// Why the call is cancelled: the status that it has ended with, whatever its handler does; nil
  /// as long as it is not.
  public var cancellation: RPCError? {
    isCancelled ? state.withLock { $0.cancellation } : nil
  }

  /// The status that the client sees, for interceptors that report it.
  ///
  /// - Parameter error: what `next` threw; nil when it returned.
  /// - Returns: the status; nil for OK. That of a call which was cut before is the reason for it.
  public func status(throwing error: (any Error)?) -> RPCError? {
    cancellation ?? error.map { RPCError(handlerError: $0) }
  }

  /// Has `body` called once if the call is cancelled; at once when it is already.
  ///
  /// - Parameter body: what to call; it runs on the call's loop and must not block.
  public func onCancel(_ body: @escaping @Sendable () -> Void) {
    whenOver { isCancelled in if isCancelled { body() } }
  }

  /// Waits until the call is cancelled, or over, or this task is cancelled.
  public func waitUntilCancelled() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    let observer = whenOver { _ in continuation.finish() }
    for await _ in stream {}
    forget(observer)
  }

  /// - Returns: what `forget` takes.
  @discardableResult
  func whenOver(_ observer: @escaping @Sendable (_ isCancelled: Bool) -> Void) -> UInt64 {
    let id = state.withLock { state in
      state.lastObserver += 1
      state.observers[state.lastObserver] = observer
      return state.lastObserver
    }
    let (before, _) = flags.bitwiseOr(Self.observedFlag, ordering: .acquiringAndReleasing)
    if before & (Self.cancelledFlag | Self.overFlag) != 0 { tellObservers() }
    return id
  }

  func forget(_ observer: UInt64) {
    state.withLock { $0.observers[observer] = nil }
  }

  /// How many wait to hear of the end; for tests.
  var observerCount: Int { state.withLock { $0.observers.count } }

  /// The call ends by something else than its handler's return.
  func markCancelled(_ error: RPCError) {
    state.withLock { $0.cancellation = $0.cancellation ?? error }
    mark(Self.cancelledFlag)
  }

  /// The call is over; that nobody wants to hear it costs one look.
  func markOver() {
    mark(Self.overFlag)
  }

  private func mark(_ flag: UInt8) {
    let (before, _) = flags.bitwiseOr(flag, ordering: .acquiringAndReleasing)
    if before & Self.observedFlag != 0 { tellObservers() }
  }

  private func tellObservers() {
    let observers = state.withLock { state in
      defer { state.observers = [:] }
      return state.observers
    }
    let isCancelled = isCancelled
    for (_, observer) in observers.sorted(by: { $0.key < $1.key }) { observer(isCancelled) }
  }

  /// Whether metadata was set, before the first response or for the status.
  var hasMetadata: Bool { flags.load(ordering: .acquiring) & Self.metadataFlag != 0 }

  private static let metadataFlag: UInt8 = 8
  private static let cancelledFlag: UInt8 = 1
  private static let overFlag: UInt8 = 2
  private static let observedFlag: UInt8 = 4
  private static let shutdownFlag: UInt8 = 16
}

internal import Glibc
internal import MartletHTTP2
internal import MartletNet

/// One event loop of a server with its listening socket, its connections and its calls.
///
/// Confined to the loop.
final class ServerLoop: @unchecked Sendable {
  let loop: EventLoop
  let router: Router
  let configuration: ServerConfiguration
  let bounds: MessageBounds
  let acceptedEncodings: AcceptedEncodings
  let compressionContexts: CompressionContexts
  /// Who may begin a call; nil where nothing bounds it.
  let admission: CallAdmission?
  private let http2: HTTP2SharedConfiguration
  let handlerTasks: HandlerTasks
  private var listeners: [Listener] = []
  private var connections: [ObjectIdentifier: HTTP2Connection] = [:]
  @exclusivity(unchecked) private var calls: ContiguousArray<ServerCallCore> = []
  private var looksForLateRequests = false
  /// Bytes of incomplete requests beyond their calls' windows.
  @exclusivity(unchecked) var partialRequestBytes = 0
  @exclusivity(unchecked) private(set) var isDraining = false
  private var isCut = false
  /// Itself: nobody else need hold it from its start until it drains.
  private var whileAccepting: ServerLoop?
  @exclusivity(unchecked) private var emptyWaiters: [UnsafeContinuation<Void, Never>] = []

  init(
    configuration: ServerConfiguration,
    router: Router,
    admission: CallAdmission? = nil
  ) throws(NetError) {
    self.configuration = configuration
    self.admission = admission
    self.router = router
    let limits = configuration.limits
    bounds = MessageBounds(
      maxReceivedBytes: limits.maxRequestMessageBytes,
      maxSentBytes: limits.maxResponseMessageBytes
    )
    http2 = HTTP2SharedConfiguration(HTTP2Configuration(limits))
    acceptedEncodings = AcceptedEncodings(configuration.compression.accepted)
    loop = try EventLoop(limits: NetLimits(limits))
    compressionContexts = CompressionContexts(loop: loop)
    handlerTasks = HandlerTasks(loop: loop, maxIdle: limits.maxIdleHandlerTasks)
  }

  // MARK: Accepting

  /// Binds a socket; from any thread, before the loop starts.
  func listen(
    _ configuration: ListenerConfiguration,
    tls: TLSContext?,
    peers: PeerTable?
  ) throws(NetError) -> Listener {
    let listener = try Listener(
      loop: loop,
      configuration: configuration,
      tls: tls,
      peers: peers,
      onAccept: { [unowned self] transport in adopt(transport) }
    )
    listeners.append(listener)
    return listener
  }

  /// The same with another loop's socket.
  func listen(sharing other: Listener) throws(NetError) -> Listener {
    let listener = try Listener(
      sharing: other,
      loop: loop,
      onAccept: { [unowned self] transport in adopt(transport) }
    )
    listeners.append(listener)
    return listener
  }

  func startAccepting() {
    // Also when only some of them can: those hand their connections to it.
    whileAccepting = self
    do throws(NetError) {
      for listener in listeners { try listener.start() }
    } catch {
      StandardError.write("martlet: the server cannot accept connections: \(error)\n")
    }
  }

  /// Serves one connection.
  ///
  /// On the loop.
  func adopt(_ transport: Transport) {
    guard !isDraining else { return transport.close() }
    let delegate = ServerConnection(self)
    let connection = HTTP2Connection(
      role: .server,
      transport: transport,
      shared: http2,
      delegate: delegate
    )
    connections[ObjectIdentifier(connection)] = connection
  }

  func connectionClosed(_ connection: HTTP2Connection) {
    connections[ObjectIdentifier(connection)] = nil
    resumeIfEmpty()
  }

  // MARK: Calls

  func callBegan(_ core: ServerCallCore) {
    core.place = calls.count
    calls.append(core)
    if !looksForLateRequests { lookForLateRequests() }
  }

  /// One timer for all calls: most requests have come whole before a timer of theirs was set.
  private func lookForLateRequests() {
    guard let timeout = configuration.limits.requestTimeout else { return }
    looksForLateRequests = true
    loop.schedule(after: max(timeout / 4, .milliseconds(100))) { [self] in
      looksForLateRequests = false
      let limit = loop.now - timeout
      for core in calls { core.cutIfLate(began: limit) }
      if !calls.isEmpty { lookForLateRequests() }
    }
  }

  /// Whether a response of so many bytes may wait for its client.
  ///
  /// One that fits the bound of its call always may.
  func mayHold(_ count: Int) -> Bool {
    count <= configuration.limits.sendHighWaterBytes
      || loop.unsentBytes + count <= configuration.limits.maxUnsentResponseBytes
  }

  /// Harmless for a call that has left before.
  func callEnded(_ core: ServerCallCore) {
    guard core.place >= 0 else { return }
    let last = calls.removeLast()
    if last !== core {
      calls[core.place] = last
      last.place = core.place
    }
    core.place = -1
    if let admission, let peer = core.owningConnection?.peerKey { admission.leave(peer) }
    core.owningConnection?.callCount -= 1
    core.owningConnection = nil
    resumeIfEmpty()
  }

  /// As many calls may run on although nobody waits for them as may be open.
  var maxCallsPerConnection: Int {
    let most = configuration.limits.maxConcurrentCallsPerConnection
    return most < .max / 2 ? 2 * max(most, 0) : .max
  }

  var census: ServerCensus { ServerCensus(connections: connections.count, calls: calls.count) }

  /// The status for whatever a handler or an interceptor threw.
  ///
  /// From any task.
  func status(for error: any Error, at method: String) -> RPCError {
    let status = RPCError(handlerError: error)
    if status.code == .unknown, !(error is RPCError), !(error is any RPCErrorConvertible) {
      configuration.onUnexpectedError?(error, method)
    }
    return status
  }

  // MARK: Stopping

  /// No new connections or calls from now on.
  func drain() {
    guard !isDraining else { return }
    isDraining = true
    for listener in listeners { listener.close() }
    handlerTasks.close()
    for connection in connections.values { connection.drain() }
    for core in calls { core.serverShutsDown() }
    whileAccepting = nil
  }

  /// Ends the calls that still run.
  ///
  /// Their answers leave with this turn; the connections are closed in a later one.
  func cut() {
    guard !isCut else { return }
    isCut = true
    let error = RPCError(.unavailable, "the server is shutting down")
    for core in calls { core.cut(error) }
    reportLateHandlers(after: .seconds(1), waited: .zero)
    loop.schedule(after: .milliseconds(50)) {
      for connection in self.connections.values { connection.close() }
    }
  }

  /// Names the handlers for which the shutdown waits although their calls were cut; ever more
  /// seldom.
  private func reportLateHandlers(after delay: Duration, waited: Duration) {
    loop.schedule(after: delay) { [weak self] in
      guard let self, !calls.isEmpty else { return }
      let waited = waited + delay
      let late = Dictionary(grouping: calls, by: \.call.method)
      for (method, calls) in late.sorted(by: { $0.key < $1.key }) {
        let handlers = LateHandlers(method: method, count: calls.count, waited: waited)
        if let report = configuration.onLateHandlers {
          report(handlers)
        } else {
          StandardError.write("martlet: \(handlers)\n")
        }
      }
      reportLateHandlers(after: delay * 2, waited: waited)
    }
  }

  /// Waits until no connection is open and no handler runs.
  func waitUntilEmpty() async {
    guard !(calls.isEmpty && connections.isEmpty) else { return }
    await withUnsafeContinuation { emptyWaiters.append($0) }
  }

  private func resumeIfEmpty() {
    guard !emptyWaiters.isEmpty, calls.isEmpty, connections.isEmpty else { return }
    let waiters = emptyWaiters
    emptyWaiters = []
    for waiter in waiters { waiter.resume() }
  }
}

/// How much a server holds.
package struct ServerCensus: Sendable, Hashable {
  package var connections: Int
  /// Calls whose stream is open or whose handler still runs.
  package var calls: Int
}

/// What goes to the process's standard error: start-up warnings and what nobody else is there to
/// hear.
enum StandardError {
  static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }
}

extension NetLimits {
  init(_ limits: ServerLimits) {
    self.init()
    maxConnectionsPerLoop = limits.maxConnectionsPerLoop
    maxConnectionsPerPeer = limits.maxConnectionsPerPeer
    maxNewConnectionsPerSecondPerPeer = limits.maxNewConnectionsPerSecondPerPeer
    maxHandshakesPerSecondPerLoop = limits.maxHandshakesPerSecondPerLoop
    maxConcurrentHandshakesPerLoop = limits.maxConcurrentHandshakesPerLoop
    handshakeTimeout = limits.handshakeTimeout
    keptFreedBytes = limits.keptFreedBytes
    foldDelay = limits.foldDelay
  }
}

extension HTTP2Configuration {
  init(_ server: ServerLimits) {
    self.init()
    limits.maxConcurrentStreams = server.maxConcurrentCallsPerConnection
    limits.maxHeaderListBytes = server.maxHeaderListBytes
    limits.streamWindowBytes = HTTP2Limits.window(server.streamWindowBytes)
    limits.connectionWindowBytes = HTTP2Limits.window(server.connectionWindowBytes)
    limits.streamHighWaterBytes = server.sendHighWaterBytes
    limits.streamLowWaterBytes = server.sendLowWaterBytes
    limits.prefaceTimeout = server.handshakeTimeout
    limits.headerTimeout = server.handshakeTimeout
    keepaliveInterval = server.keepaliveInterval
    keepaliveTimeout = server.keepaliveTimeout
    maxIdle = server.connectionIdleTimeout
    minPingInterval = server.minimumPingInterval
    minIdlePingInterval =
      server.permitKeepaliveWithoutCalls ? server.minimumPingInterval : Self.twoHours
    maxAge = server.maxConnectionAge
    maxAgeGrace = server.maxConnectionAgeGrace
  }

  /// What gRPC grants clients without a call
  /// (<https://github.com/grpc/grpc/blob/master/doc/keepalive.md>).
  private static let twoHours: Duration = .seconds(7_200)
}

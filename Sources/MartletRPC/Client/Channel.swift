package import MartletNet
public import MartletWire
internal import Synchronization

/// The way to a server: connections that are made when they are first needed, and again when they
/// are lost.
///
/// All calls share it. A channel may be used from any task and lives until `close()`, or until it
/// is forgotten: then calls that are open may still end.
public final class Channel: Sendable {
  /// Nil when the process had no thread or descriptor for the clients' loop.
  private let early: ChannelCore?
  /// Made by the first use that has more luck.
  private let late = Mutex<ChannelCore?>(nil)
  @usableFromInline let interceptors: [any ClientInterceptor]
  private let log: ConnectivityLog
  private let make: @Sendable (EventLoop) -> ChannelCore

  /// Creates a channel; nothing is opened before the first call.
  ///
  /// - Parameters:
  ///   - target: the server.
  ///   - configuration: how to connect.
  public convenience init(
    to target: ChannelTarget,
    configuration: ChannelConfiguration = ChannelConfiguration()
  ) {
    self.init(target, .sockets, configuration, loop: nil)
  }

  /// Creates a channel to a server of this process, over memory instead of sockets.
  ///
  /// For tests, and for services that live together: all is as over a network, HTTP/2 and its flow
  /// control included, except that there is no TLS and nothing to listen on.
  ///
  /// - Parameters:
  ///   - server: the server, started before the first call.
  ///   - configuration: how to connect; its security does not count.
  public convenience init(
    inProcess server: Server,
    configuration: ChannelConfiguration = ChannelConfiguration()
  ) {
    var configuration = configuration
    configuration.security = .plaintext
    let target = ChannelTarget.endpoints([Endpoint(.pipe)])
    let dialer = Dialer.transport { loop throws(NetError) in try server.pipe(to: loop) }
    self.init(target, dialer, configuration, loop: nil)
  }

  /// A channel over whatever `transport` makes, on a loop of the caller's choice; for tests.
  package convenience init(
    configuration: ChannelConfiguration,
    loop: EventLoop,
    transport: @escaping @Sendable (EventLoop) throws(NetError) -> Transport
  ) {
    let target = ChannelTarget.endpoints([Endpoint(.pipe)])
    self.init(target, .transport(transport), configuration, loop: loop)
  }

  /// A channel on a loop of the caller's choice; for tests.
  package convenience init(
    to target: ChannelTarget,
    configuration: ChannelConfiguration,
    loop: EventLoop
  ) {
    self.init(target, .sockets, configuration, loop: loop)
  }

  private init(
    _ target: ChannelTarget,
    _ dialer: Dialer,
    _ configuration: ChannelConfiguration,
    loop: EventLoop?
  ) {
    interceptors = configuration.interceptors
    let log = ConnectivityLog(capacity: configuration.limits.maxUnseenStates)
    self.log = log
    make = { loop in
      ChannelCore(
        loop: loop,
        target: target,
        dialer: dialer,
        configuration: configuration,
        log: log
      )
    }
    early = (loop ?? (try? ClientLoops.next())).map(make)
  }

  deinit {
    guard let core = early ?? late.withLock(\.self) else { return }
    core.loop.execute { core.abandon() }
  }

  /// Ends the connections.
  ///
  /// New calls fail with UNAVAILABLE, those that wait for a connection with CANCELLED, and those
  /// that are open with CANCELLED when `grace` is over. It returns when the connections are closed.
  ///
  /// - Parameter grace: how long calls that are open may take to end.
  public func close(grace: Duration = .zero) async {
    guard let core = try? core() else { return }
    await Task(executorPreference: core.loop) { await core.close(grace: grace) }.value
  }

  // MARK: Connectivity

  /// Whether the server can be reached at this moment, as far as the channel knows.
  public var state: ConnectivityState { log.current }

  /// The channel's states: the current one, then each that follows.
  public var states: ConnectivityStates { ConnectivityStates(log: log) }

  /// What the channel has done so far.
  ///
  /// - Returns: the counts at one moment.
  public func statistics() async -> ChannelStatistics {
    guard let core = try? core() else { return ChannelStatistics() }
    return await Task(executorPreference: core.loop) { core.statistics }.value
  }

  /// Makes a connection, if there is none, before the first call needs it.
  ///
  /// It returns at once; `states` tells what comes of it.
  public func connect() {
    guard let core = try? core() else { return }
    core.loop.execute { core.connect() }
  }

  /// Tries again at once whatever waits for a backoff; for apps that learn that the network is
  /// back.
  public func resetBackoff() {
    guard let core = try? core() else { return }
    core.loop.execute { core.resetBackoff() }
  }

  func core() throws(RPCError) -> ChannelCore {
    if let early { return early }
    return try late.withLock { (late) throws(RPCError) -> ChannelCore in
      if let late { return late }
      do throws(NetError) {
        let core = make(try ClientLoops.next())
        late = core
        return core
      } catch {
        throw RPCError(.unavailable, "no event loop for clients: \(error)")
      }
    }
  }

  /// Opens a call with one request and many responses.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - request: the request.
  ///   - options: the caller's choices.
  /// - Returns: the call, its request sent.
  /// - Throws: `RPCError` when the call cannot be started.
  public func serverStreaming<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> ClientCall<Request, Response> {
    guard interceptors.isEmpty else {
      let call = try await intercepted(method, options)
      try await call.requests.send(request)
      await call.requests.finish()
      return call
    }
    let call = try newCall(method.path, options)
    try call.encodeOnly(request)
    let handle = ClientCall<Request, Response>(call)
    try await call.open(hasOnlyRequest: true)
    return handle
  }

  /// Opens a call of any kind; the caller sends the requests.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - options: the caller's choices.
  /// - Returns: the call.
  /// - Throws: `RPCError` when the call cannot be started.
  public func open<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> ClientCall<Request, Response> {
    guard interceptors.isEmpty else { return try await intercepted(method, options) }
    return try await open(method, options, for: nil)
  }

  private func open<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ options: CallOptions,
    for outgoing: OutgoingCall?
  ) async throws(RPCError) -> ClientCall<Request, Response> {
    let call = try newCall(method.path, options)
    outgoing?.attach(call, endsCall: true)
    let handle = ClientCall<Request, Response>(call)
    try await call.open()
    return handle
  }

  @usableFromInline
  func newCall(_ path: String, _ options: CallOptions) throws(RPCError) -> ClientCallCore {
    guard options.inheritsCall, let parent = ServerCall.current else {
      return ClientCallCore(channel: try core(), path: path, options: options)
    }
    let options = options.limited(by: parent)
    let call = ClientCallCore(channel: try core(), path: path, options: options)
    call.parent = parent
    return call
  }
}

// MARK: Through interceptors

extension Channel {
  private func intercepted<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ options: CallOptions
  ) async throws(RPCError) -> ClientCall<Request, Response> {
    let call = OutgoingCall(method: method.path, kind: method.kind, options: options)
    let interception = ClientInterception(interceptors: interceptors, call: call)
    return try await interception.open { call in
      try await self.open(method, call.options, for: call)
    }
  }
}

package import MartletNet
public import MartletWire

/// A connection to one server, made when it is first needed and made again when it is lost.
///
/// All calls share it. A channel may be used from any task and lives until `close()`, or until it
/// is forgotten: then calls that are open may still end.
public final class Channel: Sendable {
  /// Nil when the process has no thread or descriptor for the clients' loop.
  private let core: ChannelCore?

  /// Creates a channel; nothing is opened before the first call.
  ///
  /// - Parameters:
  ///   - target: the server.
  ///   - configuration: how to connect.
  public init(
    to target: ChannelTarget,
    configuration: ChannelConfiguration = ChannelConfiguration()
  ) {
    switch target {
    case .host(let host, let port):
      core = ClientLoop.shared.map { loop in
        ChannelCore(loop: loop, connector: .host(host, port: port), configuration: configuration)
      }
    }
  }

  /// A channel over whatever `transport` makes, on a loop of the caller's choice; for tests.
  package init(
    configuration: ChannelConfiguration,
    loop: EventLoop,
    transport: @escaping @Sendable (EventLoop) throws(NetError) -> Transport
  ) {
    core = ChannelCore(loop: loop, connector: .transport(transport), configuration: configuration)
  }

  /// A channel to the first of `addresses` that answers; for tests.
  package init(
    configuration: ChannelConfiguration,
    loop: EventLoop,
    addresses: [MartletNet.SocketAddress]
  ) {
    core = ChannelCore(
      loop: loop,
      connector: .addresses(addresses),
      configuration: configuration
    )
  }

  deinit {
    guard let core else { return }
    core.loop.execute { core.abandon() }
  }

  /// Ends the connection.
  ///
  /// Open calls fail with CANCELLED, later ones with UNAVAILABLE. It returns when the connection is
  /// closed.
  public func close() async {
    guard let core else { return }
    await Task(executorPreference: core.loop) { await core.close() }.value
  }

  /// Makes a call with one request and one response.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - request: the request.
  ///   - options: the caller's choices.
  /// - Returns: the response.
  /// - Throws: `RPCError` with the call's status.
  public func unary<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> Response {
    let call = try newCall(method.path, options)
    let frame = try call.frame(request)
    let lease = CallLease(call)
    defer { withExtendedLifetime(lease) {} }
    return try await call.hop { () async throws(RPCError) -> Response in
      try await call.startWithOnlyRequest(frame)
      return try await call.onlyResponse(Response.self)
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
    let call = try newCall(method.path, options)
    let frame = try call.frame(request)
    let handle = ClientCall<Request, Response>(call)
    try await call.hop { () async throws(RPCError) in
      try await call.startWithOnlyRequest(frame)
      try await call.waitUntilOpen()
    }
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
    let call = try newCall(method.path, options)
    let handle = ClientCall<Request, Response>(call)
    try await call.hop { () async throws(RPCError) in
      call.start()
      try await call.waitUntilOpen()
    }
    return handle
  }

  private func newCall(_ path: String, _ options: CallOptions) throws(RPCError) -> ClientCallCore {
    guard let core else {
      throw RPCError(.unavailable, "no thread or descriptor for the client's event loop")
    }
    return ClientCallCore(channel: core, path: path, options: options)
  }
}

/// The event loop that all channels of the process share.
enum ClientLoop {
  static let shared: EventLoop? = {
    do throws(NetError) {
      let loop = try EventLoop()
      try loop.start()
      return loop
    } catch {
      StandardError.write("martlet: no event loop for clients: \(error)\n")
      return nil
    }
  }()
}

extension ClientCallCore {
  /// Starts a call that sends one request and no more.
  fileprivate func startWithOnlyRequest(_ frame: [UInt8]) async throws(RPCError) {
    try submit(frame)
    try await finishRequests()
    start()
  }
}

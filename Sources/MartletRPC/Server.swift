/// Serves RPC services over HTTP/2 on event loops of its own.
public final class Server: Sendable {
  /// Creates a server; nothing is opened before `start()`.
  ///
  /// - Parameters:
  ///   - configuration: where and how to listen.
  ///   - services: what to serve. Two services may not share a name.
  ///   - interceptors: what runs around every handler, the first outermost.
  public init(
    configuration: ServerConfiguration,
    services: [RPCService],
    interceptors: [any ServerInterceptor] = []
  ) {}

  /// Opens the sockets and starts the loops.
  ///
  /// - Returns: the addresses bound, with the real port where 0 was asked for.
  /// - Throws: `RPCError` UNAVAILABLE when an address cannot be bound, FAILED_PRECONDITION when the
  ///   certificate cannot be read or the server was started before.
  public func start() throws(RPCError) -> [SocketAddress] { fatalError("not yet") }

  /// Stops: no new connection or call, those that run may finish within the grace, then they are
  /// cut.
  ///
  /// When it returns no handler's task runs any more and the threads have ended.
  ///
  /// - Parameter grace: how long running calls may still take.
  public func shutdown(grace: Duration) async { fatalError("not yet") }
}

internal import MartletNet
internal import Synchronization

/// Serves RPC services over HTTP/2 on event loops of its own.
///
/// Once started it serves until `shutdown`, even when nobody holds the `Server` any more.
public final class Server: Sendable {
  private let configuration: ServerConfiguration
  private let router: Router
  private let state = Mutex(State.created)

  private enum State {
    case created
    case running([ServerLoop])
    case stopped
  }

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
  ) {
    self.configuration = configuration
    self.router = Router(services, interceptors: interceptors)
  }

  /// Opens the sockets and starts the loops.
  ///
  /// - Returns: the address bound, with the real port where 0 was asked for.
  /// - Throws: `RPCError` UNAVAILABLE when the address cannot be bound, FAILED_PRECONDITION when
  ///   the certificate cannot be read or the server was started before.
  public func start() throws(RPCError) -> [SocketAddress] {
    let isFirst = state.withLock { state in
      guard case .created = state else { return false }
      state = .stopped
      return true
    }
    guard isFirst else { throw RPCError(.failedPrecondition, "a server starts once") }
    warnIfSlow()
    let tls = try makeTLSContext()
    do throws(NetError) {
      let (loops, address) = try openLoops(tls)
      try start(loops)
      state.withLock { $0 = .running(loops) }
      return [SocketAddress(host: configuration.host, port: Int(address.port ?? 0))]
    } catch {
      let place = SocketAddress(host: configuration.host, port: configuration.port)
      throw RPCError(.unavailable, "cannot listen on \(place): \(error)")
    }
  }

  /// Stops: no new connection or call, those that run may finish within the grace, then they are
  /// cut.
  ///
  /// When it returns no handler's task runs any more and the threads have ended.
  ///
  /// - Parameter grace: how long running calls may still take.
  public func shutdown(grace: Duration) async {
    let loops = state.withLock { state -> [ServerLoop] in
      defer { state = .stopped }
      if case .running(let loops) = state { return loops } else { return [] }
    }
    for loop in loops {
      loop.loop.execute {
        loop.drain()
        loop.loop.schedule(after: grace) { loop.cut() }
      }
    }
    for loop in loops {
      await Self.waitUntilEmpty(loop)
      await loop.loop.stopAndWait()
    }
  }

  /// What the server holds at this moment.
  package func census() async -> ServerCensus {
    let loops = state.withLock { state -> [ServerLoop] in
      if case .running(let loops) = state { return loops } else { return [] }
    }
    var sum = ServerCensus(connections: 0, calls: 0)
    for loop in loops {
      let part = await Task(executorPreference: loop.loop) { loop.census }.value
      sum.connections += part.connections
      sum.calls += part.calls
    }
    return sum
  }

  /// The client's end of a pipe in memory, whose other end one of the loops serves.
  func pipe(to client: EventLoop) throws(NetError) -> Transport {
    let loops: [ServerLoop] = state.withLock { state in
      if case .running(let loops) = state { loops } else { [] }
    }
    guard let server = loops.randomElement() else { throw .stopped }
    let ends = Transport.pipe(server.loop, client)
    server.loop.execute { server.adopt(ends.server) }
    return ends.client
  }

  /// Starts all loops, or none.
  private func start(_ loops: [ServerLoop]) throws(NetError) {
    for (index, loop) in loops.enumerated() {
      do throws(NetError) {
        try loop.loop.start()
      } catch {
        for started in loops[..<index] { started.loop.stop() }
        throw error
      }
    }
    for loop in loops { loop.loop.execute { loop.startAccepting() } }
  }

  private static func waitUntilEmpty(_ loop: ServerLoop) async {
    await Task(executorPreference: loop.loop) { await loop.waitUntilEmpty() }.value
  }

  private func openLoops(
    _ tls: TLSContext?
  ) throws(NetError) -> ([ServerLoop], MartletNet.SocketAddress) {
    var address = try MartletNet.SocketAddress(
      host: configuration.host,
      port: UInt16(clamping: configuration.port)
    )
    var loops: [ServerLoop] = []
    let count = max(1, configuration.loops)
    // The loops share the port with each other, not with another server.
    if count > 1 { try Listener.checkNobodyListens(to: address) }
    for _ in 0..<count {
      let loop = try ServerLoop(
        configuration: configuration,
        router: router
      )
      // From the second on, the port that the first one got.
      address = try loop.listen(on: address, tls: tls, sharesPort: count > 1)
      loops.append(loop)
    }
    return (loops, address)
  }

  private func makeTLSContext() throws(RPCError) -> TLSContext? {
    guard let tls = configuration.tls else { return nil }
    do throws(NetError) {
      let configuration = TLSServerConfiguration(
        certificateChainFile: tls.certificateChainFile,
        privateKeyFile: tls.privateKeyFile
      )
      return try TLSContext.server(configuration)
    } catch {
      throw RPCError(.failedPrecondition, "cannot use the certificate: \(error)")
    }
  }

  private func warnIfSlow() {
    #if DEBUG
      StandardError.write(
        """
        martlet: WARNING: this is a DEBUG build of the server. It is many times slower than a \
        release build (swift build -c release).

        """
      )
    #endif
  }
}

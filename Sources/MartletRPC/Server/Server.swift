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
    case starting
    case running([ServerLoop], [CertificateKeeper])
    /// Still at it, or done.
    case stopping([ServerLoop])
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

  /// Lets the TLS memory of quiet connections be given back (`ServerLimits.foldDelay`) in a process
  /// that uses OpenSSL for something else before its first server starts.
  ///
  /// Call it before that; nothing else is needed, and a second call does nothing.
  public static func prepareFolding() { FoldableRun.prepareOpenSSL() }

  /// Opens the sockets and starts the loops.
  ///
  /// - Returns: the addresses bound, in the order of `ServerConfiguration.listeners`, each with the
  ///   real port where 0 was asked for.
  /// - Throws: `RPCError` UNAVAILABLE when an address cannot be bound, FAILED_PRECONDITION when a
  ///   certificate cannot be read or the server was started before.
  public func start() throws(RPCError) -> [SocketAddress] {
    let isFirst = state.withLock { state in
      guard case .created = state else { return false }
      state = .starting
      return true
    }
    guard isFirst else { throw RPCError(.failedPrecondition, "a server starts once") }
    warnIfSlow()
    let listeners = try ServerListeners(configuration, router: router)
    do throws(NetError) {
      try start(listeners.loops)
    } catch {
      throw RPCError(.unavailable, "cannot start the event loops: \(error)")
    }
    let first = listeners.loops[0].loop
    for keeper in listeners.keepers { first.execute { keeper.watch(on: first) } }
    let isWanted = state.withLock { state in
      guard case .starting = state else {
        state = .stopping(listeners.loops)
        return false
      }
      state = .running(listeners.loops, listeners.keepers)
      return true
    }
    guard isWanted else {
      for loop in listeners.loops {
        loop.loop.execute { loop.drain() }
        loop.loop.stop()
      }
      throw RPCError(.failedPrecondition, "the server was shut down while it started")
    }
    return listeners.addresses
  }

  /// Reads all certificates, keys and lists of revocations again; new connections get the new ones.
  ///
  /// Open connections keep what they were opened with. It happens by itself, too, at each
  /// `ServerConfiguration.TLS.reloadInterval`.
  ///
  /// - Throws: `RPCError` FAILED_PRECONDITION when a listener's files cannot be used, which then keeps
  ///   its old ones, or when the server does not run; RESOURCE_EXHAUSTED when too much blocking work
  ///   waits.
  public func reloadCertificates() async throws(RPCError) {
    let running = state.withLock { state -> [CertificateKeeper]? in
      if case .running(_, let keepers) = state { keepers } else { nil }
    }
    guard let keepers = running else {
      throw RPCError(.failedPrecondition, "the server does not run")
    }
    var failure: RPCError?
    for keeper in keepers {
      do throws(RPCError) { try await keeper.reload() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// Stops: no new connection or call, those that run may finish within the grace, then they are
  /// cut.
  ///
  /// When it returns no handler's task runs any more and the threads have ended. Another one may
  /// come while it waits: both do, and the shorter grace counts. A server that is still starting
  /// does not start.
  ///
  /// - Parameter grace: how long running calls may still take.
  public func shutdown(grace: Duration) async {
    let loops = state.withLock { state -> [ServerLoop] in
      let loops: [ServerLoop] =
        switch state {
        case .created, .starting: []
        case .running(let loops, _), .stopping(let loops): loops
        }
      state = .stopping(loops)
      return loops
    }
    Self.stop(loops, grace: grace)
    for loop in loops {
      await Self.waitUntilEmpty(loop)
      await loop.loop.stopAndWait()
    }
  }

  private static func stop(_ loops: [ServerLoop], grace: Duration) {
    for loop in loops {
      loop.loop.execute {
        loop.drain()
        loop.loop.schedule(after: grace) { loop.cut() }
      }
    }
  }

  private var runningLoops: [ServerLoop] {
    state.withLock { state in
      if case .running(let loops, _) = state { return loops } else { return [] }
    }
  }

  /// What the server holds at this moment.
  package func census() async -> ServerCensus {
    var sum = ServerCensus(connections: 0, calls: 0)
    for loop in runningLoops {
      let part = await Task(executorPreference: loop.loop) { loop.census }.value
      sum.connections += part.connections
      sum.calls += part.calls
    }
    return sum
  }

  /// The client's end of a pipe in memory, whose other end one of the loops serves.
  func pipe(to client: EventLoop) throws(NetError) -> Transport {
    guard let server = runningLoops.randomElement() else { throw .stopped }
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

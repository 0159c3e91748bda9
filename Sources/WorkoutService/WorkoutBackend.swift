package import Logging
package import MartletRPC
internal import WorkoutSchema
package import WorkoutStore

/// The workout service as a server runs it: handlers, interceptors and the hub between them.
package final class WorkoutBackend: Sendable {
  /// What a server is made from.
  package let services: [RPCService]

  /// What runs around every call, the first outermost.
  package let interceptors: [any ServerInterceptor]

  private let parts: ServiceParts

  /// Puts the service together.
  ///
  /// - Parameters:
  ///   - store: Where everything is kept.
  ///   - signer: Makes access tokens.
  ///   - logger: Where notable events go.
  ///   - bus: Carries live signals between nodes.
  ///   - passwordCost: What a password hash costs.
  ///   - clock: Where time comes from.
  package init(
    store: any ShardStore,
    signer: TokenSigner,
    logger: Logger,
    bus: any LiveBus = InProcessLiveBus(),
    passwordCost: ScryptCost = .standard,
    clock: ServiceClock = .system
  ) {
    let log = ServiceLog(logger)
    parts = ServiceParts(store: store, hub: LiveHub(bus: bus), clock: clock, log: log)
    let verifier = signer.verifier()
    let sessions = SessionKeeper(
      store: store,
      signer: signer,
      verifier: verifier,
      bus: bus,
      clock: clock
    )
    let hasher = PasswordHasher(cost: passwordCost)
    services = [
      AccountHandler(parts: parts, sessions: sessions, hasher: hasher).service,
      FriendHandler(parts: parts).service,
      LiveHandler(parts: parts).service,
      HistoryHandler(parts: parts).service,
    ]
    interceptors = [
      TroubleReporter(log: log),
      Authenticator(verifier: verifier, store: store, clock: clock),
    ]
  }

  /// Lets time pass for live streams, until the task is cancelled.
  ///
  /// One task for all streams: a timer for each would wake the global executor for each.
  package func keepTime() async throws {
    while true {
      try await Task.sleep(for: ServiceLimits.liveTick)
      parts.hub.tick(now: parts.clock.monotonic())
    }
  }

  /// Ends all live streams with UNAVAILABLE, those that record after what they sent is on the disk.
  ///
  /// Call it before the server's own shutdown, which waits for calls to end.
  package func stopStreams() { parts.hub.stop() }
}

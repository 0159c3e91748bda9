package import MartletNet

/// The life of a channel: when it resolves, connects, rests, and what becomes of a new call.
///
/// A value without I/O: the resolver's life and the load balancer's, brought together. Time and
/// randomness are handed in; what is to be done collects in `actions`. Its graph is in
/// docs/call-life.md.
package struct ChannelLife: Sendable {
  package enum Action: Hashable, Sendable {
    /// Ask the resolver.
    case resolve
    case connect(SubchannelID, Endpoint)
    /// Give up an attempt; take no new calls, let those that run end.
    case release(SubchannelID)
  }

  /// What to do with a new call.
  package enum CallAction: Hashable, Sendable {
    /// Put it on a connection.
    case start
    /// Keep it until there is one.
    case wait
    case fail(RPCError)
  }

  /// What is to be done, in order; whoever does it empties the list.
  package var actions: [Action] = []
  /// Whether calls wait for a connection.
  package var callsWait = false
  package private(set) var isClosed = false

  private var balancer: any LoadBalancer
  private var resolution: ResolutionLife
  private var hasResolved = false
  /// Whether somebody has asked for a connection and has not got one yet.
  private var isConnectRequested = false
  /// Whether a connection is there or wanted.
  private var isActive = false
  private let idleTimeout: Duration?
  private var idleCheck: MonotonicTime?

  package init(_ configuration: ChannelConfiguration) {
    resolution = ResolutionLife(
      minInterval: configuration.minResolutionInterval,
      backoff: configuration.backoff
    )
    idleTimeout = configuration.idleTimeout
    balancer =
      switch configuration.loadBalancing {
      case .pickFirst:
        PickFirst(
          backoff: configuration.backoff,
          attemptDelay: configuration.connectionAttemptDelay
        )
      case .roundRobin: RoundRobin(backoff: configuration.backoff)
      }
  }

  package var state: ConnectivityState {
    if isClosed { return .shutdown }
    guard isActive else { return .idle }
    if hasResolved { return balancer.state }
    return resolution.failure.map { .transientFailure(RPCError(.unavailable, $0)) } ?? .connecting
  }

  package var ready: [SubchannelID] { isClosed || !isActive ? [] : balancer.ready }

  package var nextWake: MonotonicTime? {
    guard !isClosed else { return nil }
    return Self.earlier(Self.earlier(balancer.nextWake, resolution.wakesAt), idleCheck)
  }

  private static func earlier(_ left: MonotonicTime?, _ right: MonotonicTime?) -> MonotonicTime? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
  }

  private var isWanted: Bool { callsWait || isConnectRequested }

  // MARK: What is wanted

  package mutating func call(waitForReady: Bool, _ now: MonotonicTime) -> CallAction {
    if !isClosed, !isActive { activate(now) }
    switch state {
    case .ready: return .start
    case .idle, .connecting: return .wait
    case .transientFailure(let error): return waitForReady ? .wait : .fail(error)
    case .shutdown: return .fail(RPCError(.unavailable, "the channel is closed"))
    }
  }

  /// Somebody wants a connection before the first call.
  package mutating func connect(_ now: MonotonicTime) {
    guard !isClosed else { return }
    isConnectRequested = state != .ready
    if !isActive { activate(now) }
    settle(now)
  }

  /// The network is back: what waits for a backoff is tried now.
  package mutating func resetBackoff(_ now: MonotonicTime) {
    guard !isClosed else { return }
    let retries = resolution.resetBackoff(now)
    if retries { actions.append(.resolve) }
    carryOut(balancer.resetBackoff(now), now)
    settle(now)
  }

  /// False when it was closed before.
  package mutating func close() -> Bool {
    guard !isClosed else { return false }
    carryOut(balancer.rest(), MonotonicTime(nanoseconds: 0))
    isClosed = true
    return true
  }

  // MARK: What has happened

  /// The resolver's word; a name without addresses counts as one that was not found.
  package mutating func resolved(
    _ result: NameResolution,
    _ now: MonotonicTime,
    random: Double = 0.5
  ) {
    guard !isClosed, resolution.state == .running else { return }
    guard !result.endpoints.isEmpty else {
      return resolutionFailed(cause: "the server has no address", now, random: random)
    }
    resolution.succeeded(now, refreshAfter: result.refreshAfter)
    hasResolved = true
    carryOut(balancer.update(result.endpoints, now), now)
    settle(now)
  }

  package mutating func resolutionFailed(cause: String, _ now: MonotonicTime, random: Double) {
    guard !isClosed else { return }
    resolution.failed(cause: cause, now: now, random: random)
  }

  package mutating func connected(_ id: SubchannelID, _ now: MonotonicTime) {
    isConnectRequested = false
    carryOut(balancer.connected(id, now), now)
    settle(now)
  }

  package mutating func attemptFailed(
    _ id: SubchannelID,
    cause: String,
    _ now: MonotonicTime,
    random: Double
  ) {
    guard !isClosed else { return }
    carryOut(balancer.attemptFailed(id, cause: cause, now: now, random: random), now)
    settle(now)
  }

  package mutating func lost(
    _ id: SubchannelID,
    wasUsed: Bool,
    cause: String,
    _ now: MonotonicTime,
    random: Double
  ) {
    guard !isClosed else { return }
    carryOut(
      balancer.lost(id, wasUsed: wasUsed, cause: cause, now: now, random: random),
      now
    )
    settle(now)
  }

  /// The time that `nextWake` named has come.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - unusedSince: since when no call is open; nil while one is.
  package mutating func wake(_ now: MonotonicTime, unusedSince: MonotonicTime?) {
    guard !isClosed else { return }
    if let idleCheck, idleCheck <= now { checkIdleness(now, unusedSince) }
    let isUsed = isActive && hasResolved
    if resolution.wake(now, isWanted: isWanted || isUsed) { actions.append(.resolve) }
    carryOut(balancer.wake(now, isWanted: isWanted), now)
    settle(now)
  }

  // MARK: Within

  private mutating func activate(_ now: MonotonicTime) {
    isActive = true
    idleCheck = idleTimeout.map { now + $0 }
    if resolution.request(now) { actions.append(.resolve) }
    if hasResolved { carryOut(balancer.connect(now), now) }
  }

  /// A balancer that is idle goes on only if somebody wants it to.
  private mutating func settle(_ now: MonotonicTime) {
    guard isActive, !isClosed else { return }
    if hasResolved, balancer.state == .idle, isWanted { carryOut(balancer.connect(now), now) }
    switch balancer.state {
    case .idle where hasResolved: rest()
    case _ where !hasResolved && resolution.state == .idle: rest()
    default: break
    }
  }

  private mutating func checkIdleness(_ now: MonotonicTime, _ unusedSince: MonotonicTime?) {
    guard let idleTimeout, isActive else { return idleCheck = nil }
    let due = unusedSince.map { $0 + idleTimeout } ?? now + idleTimeout
    guard due <= now else { return idleCheck = due }
    carryOut(balancer.rest(), now)
    resolution.rest()
    rest()
  }

  private mutating func rest() {
    isActive = false
    isConnectRequested = false
    idleCheck = nil
  }

  private mutating func carryOut(_ steps: [BalancerAction], _ now: MonotonicTime) {
    for step in steps {
      switch step {
      case .connect(let id, let endpoint): actions.append(.connect(id, endpoint))
      case .release(let id): actions.append(.release(id))
      case .resolve: if resolution.request(now) { actions.append(.resolve) }
      }
    }
  }
}

package import MartletNet

/// All calls to the first address that answers.
///
/// The addresses are tried in order. When one has not answered within a delay, the next is tried
/// beside it, and the first to answer wins ("happy eyeballs", RFC 8305; gRPC's proposal A61). When
/// all have failed, each is tried again after its own backoff, as long as a connection is wanted.
package struct PickFirst: LoadBalancer {
  private enum Mode: Hashable {
    case idle
    /// The addresses are being tried, one after the other.
    case connecting
    case ready(SubchannelID)
    /// All have failed since the last success.
    case failing
  }

  private var mode = Mode.idle
  private var table: SubchannelTable
  private let attemptDelay: Duration
  /// The next address of the pass.
  private var nextIndex = 0
  /// When to try it beside those that have not answered yet.
  private var nextAttempt: MonotonicTime?
  private var cause = "the server has no address"

  package init(backoff: ChannelConfiguration.Backoff, attemptDelay: Duration) {
    table = SubchannelTable(backoff: backoff)
    self.attemptDelay = attemptDelay
  }

  package var state: ConnectivityState {
    switch mode {
    case .idle: .idle
    case .connecting: .connecting
    case .ready: .ready
    case .failing: .transientFailure(RPCError(.unavailable, cause))
    }
  }

  package var ready: [SubchannelID] {
    if case .ready(let id) = mode { return [id] }
    return []
  }

  package var nextWake: MonotonicTime? {
    switch mode {
    case .idle, .ready: nil
    case .connecting: nextAttempt
    case .failing: table.nextWake
    }
  }

  package mutating func update(
    _ endpoints: [Endpoint],
    _ now: MonotonicTime
  ) -> [BalancerAction] {
    let (gone, hasNew) = table.replace(with: endpoints)
    var actions = gone.map(BalancerAction.release)
    if table.entries.isEmpty {
      mode = .failing
      cause = "the server has no address"
      return actions
    }
    switch mode {
    case .idle: break
    case .ready(let id): if gone.contains(id) { mode = .idle }
    case .connecting: actions += beginPass(now)
    case .failing:
      // Those that are left may have no wait to end: the network came back in the midst of a pass.
      let isStuck = !table.isConnecting && table.nextWake == nil
      if hasNew || isStuck { actions += beginPass(now) }
    }
    return actions
  }

  package mutating func connect(_ now: MonotonicTime) -> [BalancerAction] {
    mode == .idle ? beginPass(now) : []
  }

  package mutating func connected(
    _ id: SubchannelID,
    _ now: MonotonicTime
  ) -> [BalancerAction] {
    // Race: it was given up while its answer was under way.
    guard let index = table.index(of: id), table.entries[index].life.connected() else {
      return [.release(id)]
    }
    mode = .ready(id)
    nextAttempt = nil
    var actions: [BalancerAction] = []
    for other in table.entries.indices
    where other != index && table.entries[other].life.state == .connecting {
      table.entries[other].life.rest()
      actions.append(.release(table.entries[other].id))
    }
    return actions
  }

  package mutating func attemptFailed(
    _ id: SubchannelID,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> [BalancerAction] {
    guard let index = table.index(of: id),
      table.entries[index].life.attemptFailed(cause: cause, now: now, random: random)
    else { return [] }
    self.cause = cause
    switch mode {
    case .idle, .ready: return []
    case .connecting: return tryNext(now)
    case .failing: return [.resolve]
    }
  }

  package mutating func lost(
    _ id: SubchannelID,
    wasUsed: Bool,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> [BalancerAction] {
    guard mode == .ready(id), let index = table.index(of: id),
      table.entries[index].life.lost(wasUsed: wasUsed, cause: cause, now: now, random: random)
    else { return [] }
    mode = .idle
    guard table.entries[index].life.wakesAt != nil else { return [.resolve] }
    self.cause = cause
    return beginPass(now) + [.resolve]
  }

  package mutating func wake(_ now: MonotonicTime, isWanted: Bool) -> [BalancerAction] {
    switch mode {
    case .idle, .ready: return []
    case .connecting:
      guard let nextAttempt, nextAttempt <= now else { return [] }
      return tryNext(now)
    case .failing:
      guard let next = table.nextWake, next <= now else { return [] }
      if isWanted { return tryAgain(now) }
      mode = .idle
      return table.rest()
    }
  }

  package mutating func rest() -> [BalancerAction] {
    mode = .idle
    nextAttempt = nil
    return table.rest()
  }

  package mutating func resetBackoff(_ now: MonotonicTime) -> [BalancerAction] {
    table.resetBackoff()
    return mode == .failing && !table.entries.isEmpty ? beginPass(now) : []
  }

  // MARK: Passes over the addresses

  private mutating func beginPass(_ now: MonotonicTime) -> [BalancerAction] {
    mode = .connecting
    nextIndex = 0
    return tryNext(now)
  }

  /// Tries the next address that is not waiting for its backoff.
  private mutating func tryNext(_ now: MonotonicTime) -> [BalancerAction] {
    nextAttempt = nil
    while nextIndex < table.entries.count {
      let index = nextIndex
      nextIndex += 1
      // An attempt from before the addresses changed goes on.
      let goesOn = table.entries[index].life.state == .connecting
      guard table.entries[index].life.connect(now) || goesOn else { continue }
      if nextIndex < table.entries.count { nextAttempt = now + attemptDelay }
      let entry = table.entries[index]
      return goesOn ? [] : [.connect(entry.id, entry.life.endpoint)]
    }
    guard !table.isConnecting else { return [] }
    mode = .failing
    cause = table.entries.compactMap(\.life.cause).last ?? cause
    return [.resolve]
  }

  private mutating func tryAgain(_ now: MonotonicTime) -> [BalancerAction] {
    var actions: [BalancerAction] = []
    for index in table.entries.indices where table.entries[index].life.connect(now) {
      actions.append(.connect(table.entries[index].id, table.entries[index].life.endpoint))
    }
    return actions
  }
}

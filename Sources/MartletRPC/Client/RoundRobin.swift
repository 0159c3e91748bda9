package import MartletNet

/// A connection to each address, and calls to those that are ready in turns.
///
/// Each address has its own backoff, and is connected to again by itself.
package struct RoundRobin: LoadBalancer {
  private var isActive = false
  private var table: SubchannelTable
  /// Why the last attempt failed.
  private var cause = "the server has no address"

  package init(backoff: ChannelConfiguration.Backoff) {
    table = SubchannelTable(backoff: backoff)
  }

  /// Ready when one is; failing when all have failed and none has answered since.
  package var state: ConnectivityState {
    guard isActive else { return .idle }
    if table.entries.contains(where: { $0.life.state == .ready }) { return .ready }
    if table.entries.contains(where: { $0.life.cause == nil }) { return .connecting }
    return .transientFailure(RPCError(.unavailable, cause))
  }

  package var ready: [SubchannelID] {
    table.entries.compactMap { $0.life.state == .ready ? $0.id : nil }
  }

  package var nextWake: MonotonicTime? { isActive ? table.nextWake : nil }

  package mutating func update(
    _ endpoints: [Endpoint],
    _ now: MonotonicTime
  ) -> [BalancerAction] {
    let gone = table.replace(with: endpoints).gone
    if endpoints.isEmpty { cause = "the server has no address" }
    return gone.map(BalancerAction.release) + connectAll(now)
  }

  package mutating func connect(_ now: MonotonicTime) -> [BalancerAction] {
    isActive = true
    return connectAll(now)
  }

  package mutating func connected(
    _ id: SubchannelID,
    _ now: MonotonicTime
  ) -> [BalancerAction] {
    // Race: it was given up while its answer was under way.
    guard let index = table.index(of: id), table.entries[index].life.connected() else {
      return [.release(id)]
    }
    return []
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
    return [.resolve]
  }

  package mutating func lost(
    _ id: SubchannelID,
    wasUsed: Bool,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> [BalancerAction] {
    guard let index = table.index(of: id),
      table.entries[index].life.lost(wasUsed: wasUsed, cause: cause, now: now, random: random)
    else { return [] }
    self.cause = cause
    return connectAll(now) + [.resolve]
  }

  package mutating func wake(_ now: MonotonicTime, isWanted: Bool) -> [BalancerAction] {
    connectAll(now)
  }

  package mutating func rest() -> [BalancerAction] {
    isActive = false
    return table.rest()
  }

  package mutating func resetBackoff(_ now: MonotonicTime) -> [BalancerAction] {
    table.resetBackoff()
    return connectAll(now)
  }

  /// Begins an attempt wherever there is no connection and no wait.
  private mutating func connectAll(_ now: MonotonicTime) -> [BalancerAction] {
    guard isActive else { return [] }
    var actions: [BalancerAction] = []
    for index in table.entries.indices where table.entries[index].life.connect(now) {
      actions.append(.connect(table.entries[index].id, table.entries[index].life.endpoint))
    }
    return actions
  }
}

package import MartletNet

/// A number for the way to one address, unique in its channel.
package struct SubchannelID: Hashable, Sendable {
  package let number: Int
}

/// What a load balancer wants done.
package enum BalancerAction: Hashable, Sendable {
  case connect(SubchannelID, Endpoint)
  /// Give up an attempt; take no new calls, let those that run end.
  case release(SubchannelID)
  /// Ask the resolver again, if it was not asked just now.
  case resolve
}

/// Which of a server's addresses to connect to, and over which to send calls.
///
/// Implementations are values without I/O: they are told what happened, when, and a random number
/// where they need one, and answer with what to do.
package protocol LoadBalancer: Sendable {
  var state: ConnectivityState { get }
  /// The subchannels that take calls, one after the other in turns.
  var ready: [SubchannelID] { get }
  /// When to call `wake`.
  var nextWake: MonotonicTime? { get }

  /// The resolver's latest word.
  mutating func update(_ endpoints: [Endpoint], _ now: MonotonicTime) -> [BalancerAction]
  /// Somebody wants a connection.
  mutating func connect(_ now: MonotonicTime) -> [BalancerAction]
  mutating func connected(_ id: SubchannelID, _ now: MonotonicTime) -> [BalancerAction]
  mutating func attemptFailed(
    _ id: SubchannelID,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> [BalancerAction]
  /// A connection that was ready is gone, or takes no more calls.
  mutating func lost(
    _ id: SubchannelID,
    wasUsed: Bool,
    cause: String,
    now: MonotonicTime,
    random: Double
  ) -> [BalancerAction]
  /// The time that `nextWake` named has come; `isWanted` while somebody wants a connection.
  mutating func wake(_ now: MonotonicTime, isWanted: Bool) -> [BalancerAction]
  /// Nobody has wanted a connection for long.
  mutating func rest() -> [BalancerAction]
  /// The network is back.
  mutating func resetBackoff(_ now: MonotonicTime) -> [BalancerAction]
}

/// The subchannels of a balancer, in the resolver's order.
struct SubchannelTable: Sendable {
  struct Entry: Sendable {
    let id: SubchannelID
    var life: SubchannelLife
  }

  var entries: [Entry] = []
  private var lastNumber = 0
  private let backoff: ChannelConfiguration.Backoff

  init(backoff: ChannelConfiguration.Backoff) {
    self.backoff = backoff
  }

  func index(of id: SubchannelID) -> Int? {
    entries.firstIndex { $0.id == id }
  }

  /// Takes the new order; an address that stays keeps its life.
  ///
  /// - Returns: the subchannels that are no longer there, and whether there are new ones.
  mutating func replace(with endpoints: [Endpoint]) -> (gone: [SubchannelID], hasNew: Bool) {
    var old: [Endpoint: Entry] = [:]
    for entry in entries { old[entry.life.endpoint] = entry }
    var seen: Set<Endpoint> = []
    var hasNew = false
    entries = endpoints.filter { seen.insert($0).inserted }.map { endpoint in
      if let entry = old.removeValue(forKey: endpoint) { return entry }
      hasNew = true
      lastNumber += 1
      let id = SubchannelID(number: lastNumber)
      return Entry(id: id, life: SubchannelLife(endpoint, backoff: backoff))
    }
    return (old.values.map(\.id).sorted { $0.number < $1.number }, hasNew)
  }

  var isConnecting: Bool { entries.contains { $0.life.state == .connecting } }

  var nextWake: MonotonicTime? { entries.compactMap(\.life.wakesAt).min() }

  /// Gives everything up.
  mutating func rest() -> [BalancerAction] {
    var actions: [BalancerAction] = []
    for index in entries.indices {
      switch entries[index].life.state {
      case .connecting, .ready: actions.append(.release(entries[index].id))
      case .idle, .backingOff: break
      }
      entries[index].life.rest()
    }
    return actions
  }

  mutating func resetBackoff() {
    for index in entries.indices { entries[index].life.resetBackoff() }
  }
}

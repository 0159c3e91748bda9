internal import Synchronization

/// Whom a per-peer limit counts as one: an IPv4 address, or the /64 of an IPv6 one, which is what one
/// subscriber gets.
struct PeerKey: Hashable, Sendable {
  private let high: UInt64
  private let isV6: Bool

  /// Nil for a peer without an IP address (Unix sockets, pipes), which has no limit.
  init?(_ address: SocketAddress) {
    guard let bytes = address.ipBytes else { return nil }
    isV6 = bytes.count == 16
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// What a bucket of tokens lets through: so many a second on average, as many at once.
struct TokenBucket: Sendable {
  private let perSecond: Double
  private let capacity: Double
  private var tokens: Double
  private var time: MonotonicTime

  init(perSecond: Int, at now: MonotonicTime) {
    self.perSecond = Double(max(1, perSecond))
    capacity = self.perSecond
    tokens = capacity
    time = now
  }

  /// Takes a token if there is one.
  mutating func take(at now: MonotonicTime) -> Bool {
    refill(at: now)
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }

  /// Until the next token comes.
  func wait(at now: MonotonicTime) -> Duration {
    var copy = self
    copy.refill(at: now)
    return copy.tokens >= 1 ? .zero : .seconds((1 - copy.tokens) / perSecond)
  }

  /// Whether it holds all that it can: no different from a new one.
  func isFull(at now: MonotonicTime) -> Bool {
    var copy = self
    copy.refill(at: now)
    return copy.tokens >= capacity
  }

  private mutating func refill(at now: MonotonicTime) {
    guard now > time else { return }
    let seconds = Double(now.nanoseconds - time.nanoseconds) / 1e9
    tokens = min(capacity, tokens + seconds * perSecond)
    time = now
  }
}

/// How many connections each peer has, and how fast it opens them, over all loops of a server.
///
/// Asked once when a connection is accepted and once when it closes, and only where a limit is set.
package final class PeerTable: Sendable {
  private struct Peer {
    var connections = 0
    var bucket: TokenBucket?
  }

  private struct Known {
    var peers: [PeerKey: Peer] = [:]
    /// With how many peers those that have left are looked for next.
    var sweepCount: Int
    var sweeps = 0
  }

  private let maxConnections: Int
  private let perSecond: Int?
  private let maxTracked: Int
  private let known: Mutex<Known>

  /// Nil where the limits ask for none.
  package convenience init?(_ limits: NetLimits) {
    guard limits.maxConnectionsPerPeer != nil || limits.maxNewConnectionsPerSecondPerPeer != nil
    else { return nil }
    self.init(
      maxConnections: limits.maxConnectionsPerPeer ?? .max,
      perSecond: limits.maxNewConnectionsPerSecondPerPeer,
      maxTracked: limits.maxTrackedPeers
    )
  }

  init(maxConnections: Int, perSecond: Int?, maxTracked: Int) {
    self.maxConnections = maxConnections
    self.perSecond = perSecond
    self.maxTracked = maxTracked
    known = Mutex(Known(sweepCount: maxTracked))
  }

  /// Counts a new connection until the lease is let go; nil where the peer has had enough.
  ///
  /// - Complexity: O(1) on average, whoever comes.
  func admit(_ address: SocketAddress, at now: MonotonicTime = .read()) -> PeerLease? {
    guard let key = PeerKey(address) else { return PeerLease(self, nil) }
    let isAdmitted = known.withLock { known in
      if known.peers.count >= known.sweepCount, known.peers[key] == nil { sweep(&known, now) }
      var peer =
        known.peers[key] ?? Peer(bucket: perSecond.map { TokenBucket(perSecond: $0, at: now) })
      let isAdmitted =
        peer.connections < maxConnections && peer.bucket?.take(at: now) ?? true
      if isAdmitted { peer.connections += 1 }
      known.peers[key] = peer
      return isAdmitted
    }
    return isAdmitted ? PeerLease(self, key) : nil
  }

  /// Forgets who has no connection: first those whose bucket is full, which changes nothing; then,
  /// should an attacker own more addresses than that, whoever.
  ///
  /// At least half the table is free afterwards, or it may grow to twice its peers, all of which are
  /// connected then: so a sweep is paid for by as many admissions as it looks at peers.
  private func sweep(_ known: inout Known, _ now: MonotonicTime) {
    known.sweeps += 1
    known.peers = known.peers.filter {
      $0.value.connections > 0 || $0.value.bucket?.isFull(at: now) == false
    }
    if known.peers.count > maxTracked / 2 {
      known.peers = known.peers.filter { $0.value.connections > 0 }
    }
    known.sweepCount = max(maxTracked, 2 * known.peers.count)
  }

  fileprivate func leave(_ key: PeerKey) {
    known.withLock { known in
      guard var peer = known.peers[key] else { return }
      peer.connections -= 1
      let isForgotten = peer.connections == 0 && peer.bucket == nil
      known.peers[key] = isForgotten ? nil : peer
    }
  }

  /// Peers that it knows of, for tests.
  var count: Int { known.withLock { $0.peers.count } }
  /// How often it has looked through all of them, for tests.
  var sweeps: Int { known.withLock { $0.sweeps } }
}

/// One connection in a peer's count, as long as it is held.
final class PeerLease: Sendable {
  private let table: PeerTable
  private let key: PeerKey?

  fileprivate init(_ table: PeerTable, _ key: PeerKey?) {
    self.table = table
    self.key = key
  }

  deinit {
    if let key { table.leave(key) }
  }
}

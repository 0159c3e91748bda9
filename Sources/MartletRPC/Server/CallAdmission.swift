internal import MartletNet
internal import Synchronization

/// Which calls a server takes, counted over all its loops: so many in all, so many of one peer, and
/// so many of it in a second.
///
/// A server without such limits has none of these.
final class CallAdmission: Sendable {
  /// A call that is not taken.
  struct Refusal {
    let error: RPCError
    /// When the peer may try again; nil when that cannot be known.
    let pushback: Duration?
  }

  private struct Peer {
    var openCalls = 0
    /// When all that it has begun is paid for (GCRA, the leaky bucket as a clock): a call costs one
    /// interval, and the bucket's debt may be a burst of them.
    var paidUntil = MonotonicTime(nanoseconds: 0)
  }

  private struct State {
    var openCalls = 0
    var peers: [String: Peer] = [:]
    var nextSweep = firstSweep
  }

  private let maxCalls: Int?
  private let maxCallsPerPeer: Int?
  private let interval: Duration?
  private let burst: Int
  private let state = Mutex(State())

  /// As many peers are remembered before those are forgotten that have no call and no debt.
  private static let firstSweep = 1_024

  /// Nil when the limits bound no calls.
  init?(_ limits: ServerLimits) {
    maxCalls = limits.maxConcurrentCalls
    maxCallsPerPeer = limits.maxConcurrentCallsPerPeer
    interval = limits.callsPerSecondPerPeer.map { .nanoseconds(1_000_000_000 / max(1, $0)) }
    burst = max(1, limits.callBurstPerPeer)
    if maxCalls == nil, maxCallsPerPeer == nil, interval == nil { return nil }
  }

  /// Counts a call that begins; says why when it may not.
  func enter(_ key: String, now: MonotonicTime) -> Refusal? {
    state.withLock { state in
      if let maxCalls, state.openCalls >= maxCalls { return Self.serverIsFull }
      var peer = state.peers[key] ?? Peer()
      if let maxCallsPerPeer, peer.openCalls >= maxCallsPerPeer { return Self.peerIsFull }
      if let interval {
        let start = max(peer.paidUntil, now)
        let allowed = now + interval * (burst - 1)
        guard start <= allowed else { return Self.tooFast(start - allowed) }
        peer.paidUntil = start + interval
      }
      peer.openCalls += 1
      state.openCalls += 1
      state.peers[key] = peer
      if state.peers.count >= state.nextSweep { Self.sweep(&state, now) }
      return nil
    }
  }

  /// A call that was counted is over.
  func leave(_ key: String) {
    state.withLock { state in
      state.openCalls -= 1
      guard var peer = state.peers[key] else { return }
      peer.openCalls -= 1
      // A debt must be remembered until it is paid.
      state.peers[key] = peer.openCalls == 0 && interval == nil ? nil : peer
    }
  }

  /// Forgets peers of which nothing need be known: what remains has a call, or began one not a
  /// burst's time ago.
  ///
  /// Each sweep waits for twice as many as the last one left, so that a call's share is constant.
  private static func sweep(_ state: inout State, _ now: MonotonicTime) {
    state.peers = state.peers.filter { $0.value.openCalls > 0 || $0.value.paidUntil > now }
    state.nextSweep = max(firstSweep, state.peers.count * 2)
  }

  /// How many peers are remembered; for tests.
  var peerCount: Int { state.withLock { $0.peers.count } }

  // MARK: Who is one peer

  /// What stands for the peer at an address such as `192.0.2.7:50123`: the address without its
  /// port, and of IPv6 the network, of which whoever has one address has all.
  static func key(of address: String) -> String {
    guard address.hasPrefix("["), let end = address.lastIndex(of: "]") else {
      return address.lastIndex(of: ":").map { String(address[..<$0]) } ?? address
    }
    return network(address[address.index(after: address.startIndex)..<end])
  }

  /// The first 64 bits, whatever the notation; an IPv4 address in IPv6's form is itself.
  private static func network(_ text: Substring) -> String {
    if text.contains(".") { return String(text) }
    let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    let front = halves[0].split(separator: ":")
    guard halves.count == 2 else { return front.prefix(4).joined(separator: ":") + "::" }
    let back = halves[1].split(separator: ":")
    let zeros = [Substring](repeating: "0", count: max(0, 8 - front.count - back.count))
    return (front + zeros + back).prefix(4).joined(separator: ":") + "::"
  }

  // MARK: Refusals

  private static let serverIsFull = Refusal(
    error: RPCError(.resourceExhausted, "the server has as many calls as it can serve"),
    pushback: nil
  )

  private static let peerIsFull = Refusal(
    error: RPCError(.resourceExhausted, "too many calls of this client are open"),
    pushback: nil
  )

  private static func tooFast(_ wait: Duration) -> Refusal {
    let error = RPCError(.resourceExhausted, "this client begins calls too fast")
    return Refusal(error: error, pushback: wait)
  }
}

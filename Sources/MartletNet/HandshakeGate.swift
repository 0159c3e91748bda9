/// The TLS handshakes that are under way on one loop, oldest first, and what they may cost.
///
/// Confined to its loop. A handshake costs a signature, a hundred times what a request does; so only
/// so many steps run in a turn, between the work of the connections that are open, and only so many
/// are under way: one more ends the oldest, which an honest client has long left behind.
struct HandshakeGate {
  private let maxCount: Int
  private let maxStepsPerTurn: Int
  private var stepsLeft: Int
  /// Those that are over are dropped when they come first, or when they are the greater part.
  private var transports: ContiguousArray<Transport> = []
  private var start = 0
  private(set) var count = 0
  /// How many were ended for others.
  private(set) var evictedCount = 0

  init(_ limits: NetLimits) {
    maxCount = limits.maxConcurrentHandshakesPerLoop
    maxStepsPerTurn = limits.maxHandshakeStepsPerTurn
    stepsLeft = maxStepsPerTurn
  }

  /// A new turn: as many steps again.
  mutating func beginTurn() {
    stepsLeft = maxStepsPerTurn
  }

  /// Whether a handshake may go on in this turn.
  mutating func takeStep() -> Bool {
    guard stepsLeft > 0 else { return false }
    stepsLeft -= 1
    return true
  }

  /// Adds one that begins; the one to end for it, if they are too many.
  mutating func enter(_ transport: Transport) -> Transport? {
    transports.append(transport)
    count += 1
    guard count > maxCount else { return nil }
    evictedCount += 1
    dropFinished()
    return start < transports.count ? transports[start] : nil
  }

  /// One that was entered is done, or closed: its state says so already.
  mutating func leave() {
    count -= 1
    dropFinished()
    if transports.count > 2 * count + 64 {
      transports = ContiguousArray(transports[start...].filter { $0.state == .handshaking })
      start = 0
    }
  }

  private mutating func dropFinished() {
    while start < transports.count, transports[start].state != .handshaking { start += 1 }
    guard start == transports.count else { return }
    transports.removeAll(keepingCapacity: transports.count < 1_024)
    start = 0
  }
}

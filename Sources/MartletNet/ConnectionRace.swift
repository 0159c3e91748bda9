/// Which address to try when, so that a host answers fast though some of its addresses are dead:
/// Happy Eyeballs, RFC 8305 section 5.
///
/// A value that is told what happens and says what to do; `HappyEyeballs` does it.
struct ConnectionRace {
  enum Action: Equatable {
    /// Connect to the address of this index.
    case connect(Int)
    /// Call `delayPassed` after the delay; an earlier timer is replaced.
    case startTimer
    /// This one won: drop the others.
    case won(Int)
    /// Nothing is left to try.
    case lost(NetError)
  }

  private let count: Int
  private var next = 0
  private var underWay: Set<Int> = []
  private var lastError = NetError.unknownHost("the host has no address")
  private(set) var isOver = false

  init(count: Int) {
    self.count = count
  }

  /// Once, first.
  mutating func start() -> [Action] { tryNext() }

  /// The delay since the latest attempt has passed, and it has neither failed nor succeeded.
  mutating func delayPassed() -> [Action] {
    isOver || next >= count ? [] : tryNext()
  }

  /// A failure makes room for the next attempt at once.
  mutating func failed(_ index: Int, _ error: NetError) -> [Action] {
    guard !isOver, underWay.remove(index) != nil else { return [] }
    lastError = error
    return next < count || underWay.isEmpty ? tryNext() : []
  }

  /// One that comes second is a legal race; it is dropped.
  mutating func connected(_ index: Int) -> [Action] {
    guard !isOver, underWay.remove(index) != nil else { return [] }
    isOver = true
    return [.won(index)]
  }

  private mutating func tryNext() -> [Action] {
    guard next < count else {
      isOver = true
      return [.lost(lastError)]
    }
    let index = next
    next += 1
    underWay.insert(index)
    return next < count ? [.connect(index), .startTimer] : [.connect(index)]
  }

  /// The addresses in the order in which to try them: families take turns, each in the given order,
  /// beginning with the first address's (RFC 8305, section 4).
  static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let leading = addresses.filter { $0.family == first.family }
    let others = addresses.filter { $0.family != first.family }
    var result: [SocketAddress] = []
    for index in 0..<max(leading.count, others.count) {
      if index < leading.count { result.append(leading[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }
}

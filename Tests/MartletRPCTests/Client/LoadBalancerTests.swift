import MartletNet
import Testing

@testable import MartletRPC

/// Plays the network to a balancer: time, and what becomes of each attempt, come from the test.
private struct Simulation {
  var balancer: any LoadBalancer
  var now = MonotonicTime(nanoseconds: 1_000_000_000)
  /// What was asked for and is not over yet.
  var attempts: [SubchannelID: Endpoint] = [:]
  var connections: [SubchannelID: Endpoint] = [:]
  var log: [String] = []
  var resolutions = 0

  init(_ balancer: any LoadBalancer) { self.balancer = balancer }

  mutating func run(_ event: (inout any LoadBalancer, MonotonicTime) -> [BalancerAction]) {
    for action in event(&balancer, now) {
      switch action {
      case .connect(let id, let endpoint):
        #expect(attempts[id] == nil && connections[id] == nil, "a second attempt at \(endpoint)")
        attempts[id] = endpoint
        log.append("connect \(endpoint)")
      case .release(let id):
        attempts[id] = nil
        connections[id] = nil
        log.append("release \(id.number)")
      case .resolve: resolutions += 1
      }
    }
  }

  mutating func update(_ names: [Int]) {
    run { $0.update(names.map(endpoint), $1) }
  }
  mutating func connect() { run { $0.connect($1) } }
  mutating func pass(_ delay: Duration, isWanted: Bool = true) {
    now = now + delay
    run { $0.wake($1, isWanted: isWanted) }
  }
  mutating func answer(_ name: Int) {
    guard let id = attempts.first(where: { $0.value == endpoint(name) })?.key else { return }
    connections[id] = attempts.removeValue(forKey: id)
    run { $0.connected(id, $1) }
  }
  mutating func refuse(_ name: Int) {
    guard let id = attempts.first(where: { $0.value == endpoint(name) })?.key else { return }
    attempts[id] = nil
    run { $0.attemptFailed(id, cause: "refused \(name)", now: $1, random: 0.5) }
  }
  mutating func lose(_ name: Int, wasUsed: Bool = true) {
    guard let id = connections.first(where: { $0.value == endpoint(name) })?.key else { return }
    connections[id] = nil
    run { $0.lost(id, wasUsed: wasUsed, cause: "cut \(name)", now: $1, random: 0.5) }
  }

  var ready: Set<Endpoint> { Set(balancer.ready.compactMap { connections[$0] }) }
}

private func endpoint(_ number: Int) -> Endpoint {
  Endpoint(.v4([10, 0, UInt8(number / 256), UInt8(number % 256)], port: 1))
}

private func failure(_ cause: String) -> ConnectivityState {
  .transientFailure(RPCError(.unavailable, cause))
}

@Suite struct PickFirstTests {
  private func simulation(_ names: [Int]) -> Simulation {
    var simulation = Simulation(
      PickFirst(backoff: .init(), attemptDelay: .milliseconds(250))
    )
    simulation.update(names)
    return simulation
  }

  @Test("nothing is connected before somebody wants it, and then the first address alone")
  func lazy() {
    var net = simulation([1, 2, 3])
    #expect(net.balancer.state == .idle)
    #expect(net.log.isEmpty)
    net.connect()
    #expect(net.log == ["connect 10.0.0.1:1"])
    #expect(net.balancer.state == .connecting)
    net.answer(1)
    #expect(net.balancer.state == .ready)
    #expect(net.ready == [endpoint(1)])
    #expect(net.balancer.nextWake == nil)
  }

  @Test("an address that does not answer within the delay gets company; the first answer wins")
  func happyEyeballs() {
    var net = simulation([1, 2, 3])
    net.connect()
    net.pass(.milliseconds(249))
    #expect(net.attempts.count == 1)
    net.pass(.milliseconds(1))
    #expect(net.attempts.count == 2)
    net.answer(2)
    #expect(net.ready == [endpoint(2)])
    #expect(net.attempts.isEmpty, "the other attempt is given up")
  }

  @Test("an address that refuses is followed by the next at once")
  func order() {
    var net = simulation([1, 2, 3])
    net.connect()
    net.refuse(1)
    net.refuse(2)
    net.answer(3)
    #expect(
      net.log == ["connect 10.0.0.1:1", "connect 10.0.0.2:1", "connect 10.0.0.3:1"]
    )
    #expect(net.ready == [endpoint(3)])
  }

  @Test("when all have failed the state says why, and each is tried again after its backoff")
  func allFail() {
    var net = simulation([1, 2])
    net.connect()
    net.refuse(1)
    net.refuse(2)
    #expect(net.balancer.state == failure("refused 2"))
    #expect(net.resolutions == 1)
    net.pass(.milliseconds(900))
    #expect(net.attempts.isEmpty)
    net.pass(.milliseconds(100))
    #expect(net.attempts.count == 2)
    #expect(net.balancer.state == failure("refused 2"), "it stays until one answers")
    net.answer(1)
    #expect(net.balancer.state == .ready)
  }

  @Test("nobody waits: the balancer rests after the backoff")
  func unwanted() {
    var net = simulation([1])
    net.connect()
    net.refuse(1)
    net.pass(.seconds(1), isWanted: false)
    #expect(net.balancer.state == .idle)
    net.connect()
    net.refuse(1)
    #expect(net.balancer.nextWake == net.now + .milliseconds(1_600), "the failures are remembered")
  }

  @Test("waits grow by 1.6 up to two minutes, counted from the attempt's beginning")
  func backoff() throws {
    var net = simulation([1])
    net.connect()
    var expected = 1.0
    for _ in 0..<15 {
      let began = net.now
      net.now = net.now + .milliseconds(100)
      net.refuse(1)
      let wake = try #require(net.balancer.nextWake)
      #expect(abs((wake - began) / .seconds(1) - expected) < 0.001)
      expected = min(expected * 1.6, 120)
      net.pass(wake - net.now)
      #expect(net.attempts.count == 1)
    }
    net.answer(1)
    net.now = net.now + .seconds(10)
    net.lose(1)
    net.connect()
    net.refuse(1)
    #expect(net.balancer.nextWake == net.now + .seconds(1), "a connection that worked starts anew")
  }

  @Test("a lost connection makes it idle and asks for new addresses")
  func lost() {
    var net = simulation([1, 2])
    net.connect()
    net.answer(1)
    net.lose(1)
    #expect(net.balancer.state == .idle)
    #expect(net.resolutions == 1)
  }

  @Test("a server that lets in only to send away is backed off from")
  func revolvingDoor() {
    var net = simulation([1])
    net.connect()
    net.answer(1)
    net.lose(1, wasUsed: false)
    #expect(net.balancer.state == failure("cut 1"))
    #expect(net.attempts.isEmpty)
    #expect(net.balancer.nextWake == net.now + .seconds(1))
  }

  @Test("new addresses keep the connection that is among them, and drop one that is not")
  func update() {
    var net = simulation([1, 2])
    net.connect()
    net.answer(1)
    net.update([3, 1])
    #expect(net.ready == [endpoint(1)])
    net.update([3, 4])
    #expect(net.balancer.state == .idle)
    #expect(net.connections.isEmpty)
    net.connect()
    #expect(net.attempts.values.first == endpoint(3))
  }

  @Test("no address at all is a failure")
  func noAddress() {
    var net = simulation([])
    #expect(net.balancer.state == failure("the server has no address"))
    net.update([7])
    #expect(net.attempts.count == 1)
  }

  @Test("an address that waits for nothing is tried when the one that did is gone")
  func leftWithoutWait() {
    var net = simulation([1, 2])
    net.connect()
    net.refuse(1)
    net.run { $0.resetBackoff($1) }
    net.refuse(2)
    net.update([1])
    #expect(Array(net.attempts.values) == [endpoint(1)])
  }

  @Test("the network is back: what waited is tried at once, from the first address on")
  func resetBackoff() {
    var net = simulation([1, 2])
    net.connect()
    net.refuse(1)
    net.refuse(2)
    net.run { $0.resetBackoff($1) }
    #expect(Array(net.attempts.values) == [endpoint(1)])
  }
}

@Suite struct RoundRobinTests {
  private func simulation(_ names: [Int]) -> Simulation {
    var simulation = Simulation(RoundRobin(backoff: .init()))
    simulation.update(names)
    simulation.connect()
    return simulation
  }

  @Test("it connects to every address and uses those that are ready")
  func all() {
    var net = simulation([1, 2, 3])
    #expect(net.attempts.count == 3)
    net.answer(2)
    #expect(net.balancer.state == .ready)
    #expect(net.ready == [endpoint(2)])
    net.answer(3)
    net.refuse(1)
    #expect(net.ready == [endpoint(2), endpoint(3)])
    #expect(net.balancer.state == .ready)
  }

  @Test("each address has its own backoff")
  func backoffs() {
    var net = simulation([1, 2])
    net.refuse(1)
    net.now = net.now + .milliseconds(500)
    net.refuse(2)
    net.pass(.milliseconds(500))
    #expect(Set(net.attempts.values) == [endpoint(1), endpoint(2)])
    net.refuse(1)
    net.pass(.milliseconds(1_600))
    #expect(net.attempts.values.contains(endpoint(1)))
  }

  @Test("it fails when all have failed, and until one answers")
  func failing() {
    var net = simulation([1, 2])
    net.refuse(1)
    #expect(net.balancer.state == .connecting)
    net.refuse(2)
    #expect(net.balancer.state == failure("refused 2"))
    net.pass(.seconds(1))
    #expect(net.balancer.state == failure("refused 2"))
    net.answer(1)
    #expect(net.balancer.state == .ready)
  }

  @Test("a lost connection is made again at once, the others stay")
  func lost() {
    var net = simulation([1, 2])
    net.answer(1)
    net.answer(2)
    net.lose(1)
    #expect(net.ready == [endpoint(2)])
    #expect(Array(net.attempts.values) == [endpoint(1)])
    #expect(net.resolutions == 1)
  }

  @Test("addresses come and go without touching the others")
  func update() {
    var net = simulation([1, 2])
    net.answer(1)
    net.answer(2)
    net.update([2, 3, 3])
    #expect(net.ready == [endpoint(2)])
    #expect(Array(net.attempts.values) == [endpoint(3)])
    #expect(net.log.last == "connect 10.0.0.3:1")
    #expect(net.log.contains("release 1"))
  }

  @Test("a rest closes everything, and the next call connects again")
  func rest() {
    var net = simulation([1, 2])
    net.answer(1)
    net.run { balancer, _ in balancer.rest() }
    #expect(net.balancer.state == .idle)
    #expect(net.connections.isEmpty && net.attempts.isEmpty)
    net.connect()
    #expect(net.attempts.count == 2)
  }
}

/// Thousands of random orders of events: whatever comes, the balancer's word and the network agree.
@Suite struct BalancerSimulationTests {
  @Test("in any order of events nothing is connected twice, lost or forgotten", arguments: [0, 1])
  func randomOrders(policy: Int) {
    for seed in 0..<400 {
      var random = SplitMix(state: UInt64(seed) &* 7919 &+ 1)
      var net = Simulation(
        policy == 0
          ? PickFirst(backoff: .init(), attemptDelay: .milliseconds(250))
          : RoundRobin(backoff: .init())
      )
      net.update(addresses(&random))
      for step in 0..<120 {
        happen(&net, &random)
        check(net, "seed \(seed), step \(step), policy \(policy)")
      }
      settle(&net)
      #expect(net.balancer.state == .ready, "seed \(seed), policy \(policy)")
    }
  }

  private func addresses(_ random: inout SplitMix) -> [Int] {
    (0..<random.next(below: 6)).map { _ in random.next(below: 8) }
  }

  private func happen(_ net: inout Simulation, _ random: inout SplitMix) {
    let name = random.next(below: 8)
    switch random.next(below: 10) {
    case 0: net.update(addresses(&random))
    case 1, 2: net.connect()
    case 3, 4: net.answer(name)
    case 5: net.refuse(name)
    case 6: net.lose(name, wasUsed: random.next(below: 2) == 0)
    case 7: net.run { $0.resetBackoff($1) }
    case 8: if random.next(below: 8) == 0 { net.run { balancer, _ in balancer.rest() } }
    default:
      let delay = Duration.milliseconds(random.next(below: 3_000))
      net.pass(delay, isWanted: random.next(below: 3) > 0)
    }
  }

  private func check(_ net: Simulation, _ place: Comment) {
    let ready = net.balancer.ready
    #expect(ready.allSatisfy { net.connections[$0] != nil }, place)
    #expect((net.balancer.state == .ready) == !ready.isEmpty, place)
    #expect(Set(net.connections.keys) == Set(ready), "no connection is forgotten: \(place)")
    if net.balancer.state == .idle { #expect(net.attempts.isEmpty, place) }
    if net.balancer.state == .connecting { #expect(!net.attempts.isEmpty, place) }
    if case .transientFailure(let error) = net.balancer.state {
      let isBusy = !net.attempts.isEmpty || net.balancer.nextWake != nil
      #expect(isBusy || error.message == "the server has no address", place)
    }
  }

  /// From any state, servers that answer make it ready.
  private func settle(_ net: inout Simulation) {
    net.update([1, 2])
    for _ in 0..<10 where net.balancer.state != .ready {
      net.connect()
      net.pass(.seconds(200))
      for name in 1...2 { net.answer(name) }
    }
  }
}

/// A small generator of random numbers, so that a seed replays a run.
struct SplitMix {
  var state: UInt64

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}

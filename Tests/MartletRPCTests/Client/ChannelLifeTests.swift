import MartletNet
import Testing

@testable import MartletRPC

@Suite struct ChannelLifeTests {
  private let one = Endpoint(.v4([10, 0, 0, 1], port: 1))
  private let two = Endpoint(.v4([10, 0, 0, 2], port: 1))
  private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

  private func life(_ change: (inout ChannelConfiguration) -> Void = { _ in }) -> ChannelLife {
    var configuration = ChannelConfiguration()
    change(&configuration)
    return ChannelLife(configuration)
  }

  /// What was to be done, which is then forgotten.
  private func taken(_ life: inout ChannelLife) -> [ChannelLife.Action] {
    defer { life.actions = [] }
    return life.actions
  }

  private func id(_ number: Int) -> SubchannelID { SubchannelID(number: number) }

  @Test("the first call resolves, then connects, and the next ones wait for the same connection")
  func firstCall() {
    var life = life()
    #expect(life.state == .idle)
    #expect(life.call(waitForReady: false, start) == .wait)
    #expect(taken(&life) == [.resolve])
    #expect(life.state == .connecting)
    #expect(life.call(waitForReady: true, start) == .wait)
    #expect(taken(&life).isEmpty)
    life.callsWait = true
    life.resolved(NameResolution([one]), start)
    #expect(taken(&life) == [.connect(id(1), one)])
    life.connected(id(1), start)
    #expect(life.state == .ready)
    #expect(life.call(waitForReady: false, start) == .start)
  }

  @Test("after a failure calls fail with its cause at once, unless they wait for ready")
  func failFast() {
    var life = life()
    _ = life.call(waitForReady: false, start)
    life.callsWait = true
    life.resolved(NameResolution([one]), start)
    life.attemptFailed(id(1), cause: "refused", start, random: 0.5)
    let refused = RPCError(.unavailable, "refused")
    #expect(life.state == .transientFailure(refused))
    #expect(life.call(waitForReady: false, start) == .fail(refused))
    #expect(life.call(waitForReady: true, start) == .wait)
    _ = taken(&life)
    life.wake(start + .seconds(1), unusedSince: nil)
    #expect(taken(&life) == [.connect(id(1), one)])
  }

  @Test("a name that is not found fails calls, and is looked up again after a backoff")
  func unknownName() throws {
    var life = life()
    _ = life.call(waitForReady: true, start)
    life.callsWait = true
    _ = taken(&life)
    life.resolutionFailed(cause: "no such host", start, random: 0.5)
    #expect(life.state == .transientFailure(RPCError(.unavailable, "no such host")))
    #expect(life.nextWake == start + .seconds(1))
    life.wake(start + .seconds(1), unusedSince: nil)
    #expect(taken(&life) == [.resolve])
    life.resolved(NameResolution([one]), start + .seconds(1))
    #expect(taken(&life) == [.connect(id(1), one)])
  }

  @Test("nobody waits for the name: the channel rests")
  func unknownNameUnwanted() {
    var life = life()
    _ = life.call(waitForReady: false, start)
    life.resolutionFailed(cause: "no such host", start, random: 0.5)
    life.wake(start + .seconds(1), unusedSince: start)
    #expect(life.state == .idle)
    #expect(life.nextWake == nil)
    _ = taken(&life)
    #expect(life.call(waitForReady: false, start + .seconds(2)) == .wait)
    #expect(taken(&life) == [.resolve])
  }

  @Test("the resolver is asked again after a loss, but not more often than the interval allows")
  func resolutionInterval() {
    var life = ready()
    life.callsWait = true
    let lost = start + .seconds(5)
    life.lost(id(1), wasUsed: true, cause: "cut", lost, random: 0.5)
    #expect(taken(&life) == [.connect(id(1), one)])
    life.connected(id(1), lost)
    #expect(life.nextWake == start + .seconds(30))
    life.wake(start + .seconds(30), unusedSince: nil)
    #expect(taken(&life) == [.resolve])
    life.resolved(NameResolution([two]), start + .seconds(31))
    #expect(taken(&life) == [.release(id(1)), .connect(id(2), two)])
  }

  @Test("a result that ages is asked for again")
  func refresh() {
    var life = life()
    _ = life.call(waitForReady: false, start)
    life.callsWait = true
    life.resolved(NameResolution([one], refreshAfter: .seconds(60)), start)
    life.connected(id(1), start)
    _ = taken(&life)
    life.callsWait = false
    life.wake(start + .seconds(60), unusedSince: start)
    #expect(taken(&life) == [.resolve])
  }

  @Test("a failed look-up does not take away the addresses that are known")
  func keepsAddresses() {
    var life = ready()
    life.lost(id(1), wasUsed: true, cause: "cut", start + .seconds(60), random: 0.5)
    #expect(taken(&life) == [.resolve])
    #expect(life.state == .idle)
    life.resolutionFailed(cause: "no such host", start + .seconds(61), random: 0.5)
    #expect(life.call(waitForReady: false, start + .seconds(62)) == .wait)
    #expect(taken(&life).contains(.connect(id(1), one)))
  }

  @Test("a channel without calls closes its connections after the idle timeout")
  func idleTimeout() {
    var life = ready { $0.idleTimeout = .seconds(300) }
    #expect(life.nextWake == start + .seconds(300))
    life.wake(start + .seconds(300), unusedSince: nil)
    #expect(life.state == .ready, "a call is open")
    life.wake(start + .seconds(600), unusedSince: start + .seconds(400))
    #expect(life.state == .ready, "the last call ended only then")
    #expect(life.nextWake == start + .seconds(700))
    life.wake(start + .seconds(700), unusedSince: start + .seconds(400))
    #expect(life.state == .idle)
    #expect(taken(&life) == [.release(id(1))])
    #expect(life.call(waitForReady: false, start + .seconds(800)) == .wait)
    #expect(taken(&life).contains(.connect(id(1), one)))
  }

  @Test("connect() makes a connection without a call, and tries until there is one")
  func connect() {
    var life = life()
    life.connect(start)
    #expect(taken(&life) == [.resolve])
    life.resolved(NameResolution([one]), start)
    #expect(taken(&life) == [.connect(id(1), one)])
    life.attemptFailed(id(1), cause: "refused", start, random: 0.5)
    _ = taken(&life)
    life.wake(start + .seconds(1), unusedSince: start)
    #expect(taken(&life) == [.connect(id(1), one)])
    life.connected(id(1), start)
    life.lost(id(1), wasUsed: true, cause: "cut", start + .seconds(5), random: 0.5)
    #expect(life.state == .idle, "once it was there, nobody wants it any more")
  }

  @Test("resetting the backoff connects at once")
  func resetBackoff() {
    var life = life()
    life.connect(start)
    life.resolved(NameResolution([one]), start)
    life.attemptFailed(id(1), cause: "refused", start, random: 0.5)
    _ = taken(&life)
    life.resetBackoff(start + .milliseconds(10))
    #expect(taken(&life) == [.connect(id(1), one)])
    #expect(life.state == .connecting)
  }

  @Test("a closed channel takes no calls and ignores what comes late")
  func close() {
    var life = ready()
    #expect(life.close() == true)
    #expect(life.close() == false)
    #expect(taken(&life) == [.release(id(1))])
    #expect(life.state == .shutdown)
    life.lost(id(1), wasUsed: false, cause: "", start, random: 0)
    life.resolved(NameResolution([two]), start)
    life.resetBackoff(start)
    life.connect(start)
    life.wake(start + .seconds(9_999), unusedSince: start)
    #expect(taken(&life).isEmpty)
    #expect(life.nextWake == nil)
    let closed = RPCError(.unavailable, "the channel is closed")
    #expect(life.call(waitForReady: true, start) == .fail(closed))
  }

  /// A channel with one connection and nothing to do.
  private func ready(_ change: (inout ChannelConfiguration) -> Void = { $0.idleTimeout = nil })
    -> ChannelLife
  {
    var life = life(change)
    _ = life.call(waitForReady: false, start)
    life.callsWait = true
    life.resolved(NameResolution([one]), start)
    life.connected(id(1), start)
    life.callsWait = false
    life.actions = []
    return life
  }
}

/// A channel's life with its resolver and its servers, in random orders of what can happen.
@Suite struct ChannelSimulationTests {
  /// What was asked for and is not over yet.
  private struct World {
    var life: ChannelLife
    var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    var isResolving = false
    var attempts: Set<SubchannelID> = []
    var connections: Set<SubchannelID> = []
    /// Calls that wait, and whether each waits for ready.
    var waiting: [Bool] = []

    mutating func happen(_ event: (inout ChannelLife, MonotonicTime) -> Void) {
      life.callsWait = !waiting.isEmpty
      event(&life, now)
      carryOut()
    }

    mutating func carryOut() {
      for action in life.actions {
        switch action {
        case .resolve: isResolving = true
        case .connect(let id, _):
          #expect(!attempts.contains(id) && !connections.contains(id))
          attempts.insert(id)
        case .release(let id):
          attempts.remove(id)
          connections.remove(id)
        }
      }
      life.actions = []
      switch life.state {
      case .ready: waiting = []
      case .transientFailure: waiting.removeAll { !$0 }
      case .shutdown: waiting = []
      case .idle, .connecting: break
      }
    }
  }

  private let names = (1...4).map { Endpoint(.v4([10, 0, 0, UInt8($0)], port: 1)) }

  @Test(
    "in any order of events calls start, wait for something, or fail",
    arguments: [ChannelConfiguration.LoadBalancing.pickFirst, .roundRobin]
  )
  func randomOrders(policy: ChannelConfiguration.LoadBalancing) {
    for seed in 0..<400 {
      var random = SplitMix(state: UInt64(seed) &* 104_729 &+ 3)
      var configuration = ChannelConfiguration()
      configuration.loadBalancing = policy
      configuration.idleTimeout = seed % 2 == 0 ? .seconds(20) : nil
      var world = World(life: ChannelLife(configuration))
      for step in 0..<150 {
        play(&world, &random)
        check(world, "seed \(seed), step \(step)")
      }
      settle(&world)
      #expect(world.waiting.isEmpty && world.life.state == .ready, "seed \(seed)")
      let wasOpen = world.life.close()
      world.carryOut()
      #expect(wasOpen && world.connections.isEmpty && world.attempts.isEmpty, "seed \(seed)")
    }
  }

  private func play(_ world: inout World, _ random: inout SplitMix) {
    let number = Double(random.next(below: 1_000)) / 1_000
    switch random.next(below: 9) {
    case 0: call(&world, waitForReady: random.next(below: 2) == 0)
    case 1: if random.next(below: 4) == 0 { world.happen { $0.connect($1) } }
    case 2: resolve(&world, Array(names.prefix(random.next(below: 5))))
    case 3:
      guard world.isResolving else { return }
      world.isResolving = false
      world.happen { $0.resolutionFailed(cause: "no name", $1, random: number) }
    case 4: answer(&world, random.next(below: 8))
    case 5:
      guard let id = pick(world.attempts, random.next(below: 8)) else { return }
      world.attempts.remove(id)
      world.happen { $0.attemptFailed(id, cause: "refused", $1, random: number) }
    case 6:
      guard let id = pick(world.connections, random.next(below: 8)) else { return }
      world.connections.remove(id)
      let wasUsed = random.next(below: 3) > 0
      world.happen { $0.lost(id, wasUsed: wasUsed, cause: "cut", $1, random: number) }
    case 7: if random.next(below: 4) == 0 { world.happen { $0.resetBackoff($1) } }
    default:
      world.now = world.now + .milliseconds(random.next(below: 8_000))
      let unused = random.next(below: 2) == 0 ? world.now : nil
      world.happen { $0.wake($1, unusedSince: unused) }
    }
  }

  private func call(_ world: inout World, waitForReady: Bool) {
    let action = world.life.call(waitForReady: waitForReady, world.now)
    if action == .wait { world.waiting.append(waitForReady) }
    world.carryOut()
  }

  private func resolve(_ world: inout World, _ endpoints: [Endpoint]) {
    guard world.isResolving else { return }
    world.isResolving = false
    world.happen { $0.resolved(NameResolution(endpoints), $1) }
  }

  private func answer(_ world: inout World, _ number: Int) {
    guard let id = pick(world.attempts, number) else { return }
    world.attempts.remove(id)
    world.connections.insert(id)
    world.happen { $0.connected(id, $1) }
  }

  private func pick(_ ids: Set<SubchannelID>, _ number: Int) -> SubchannelID? {
    let sorted = ids.sorted { $0.number < $1.number }
    return sorted.isEmpty ? nil : sorted[number % sorted.count]
  }

  private func check(_ world: World, _ place: Comment) {
    #expect((world.life.state == .ready) == !world.life.ready.isEmpty, place)
    #expect(world.life.ready.allSatisfy { world.connections.contains($0) }, place)
    // Whoever waits, waits for something that will come.
    if !world.waiting.isEmpty {
      let comes = world.isResolving || !world.attempts.isEmpty || world.life.nextWake != nil
      #expect(comes, place)
      #expect(world.life.state != .idle, place)
    }
  }

  /// From any state, a resolver and servers that answer make the calls start.
  private func settle(_ world: inout World) {
    for _ in 0..<20 where world.life.state != .ready {
      call(&world, waitForReady: true)
      resolve(&world, names)
      world.now = world.now + .seconds(200)
      world.happen { $0.wake($1, unusedSince: nil) }
      resolve(&world, names)
      answer(&world, 0)
    }
  }
}

@Suite struct ConnectBackoffTests {
  @Test("jitter keeps a wait within a fifth of its value")
  func jitter() throws {
    let start = MonotonicTime(nanoseconds: 0)
    for (random, expected) in [(0.0, 0.8), (0.5, 1.0), (0.999_999, 1.2)] {
      var backoff = ConnectBackoff(.init())
      backoff.attemptBegins(start)
      let until = backoff.failed(start, random: random)
      #expect(abs((until - start) / .seconds(1) - expected) < 0.001)
    }
  }

  @Test("an attempt that took longer than the wait is followed by the next at once")
  func slowAttempt() {
    var backoff = ConnectBackoff(.init())
    backoff.attemptBegins(MonotonicTime(nanoseconds: 0))
    let end = MonotonicTime(nanoseconds: 20_000_000_000)
    #expect(backoff.failed(end, random: 0.5) == end)
  }
}

@Suite struct ChannelTargetTests {
  @Test(
    "targets are read as gRPC writes them",
    arguments: [
      ("example.com:50051", "example.com:50051"), ("example.com", "example.com:443"),
      ("dns:///example.com:1", "example.com:1"), ("dns:example.com:1", "example.com:1"),
      ("dns://8.8.8.8/example.com:1", "example.com:1"), ("[::1]:80", "[::1]:80"),
      ("::1", "[::1]:443"), ("ipv4:10.0.0.1:80,10.0.0.2:81", "10.0.0.1:80"),
      ("ipv6:[2001:db8::1]:80", "[2001:db8::1]:80"), ("unix:///run/x.sock", "localhost"),
      ("unix:x.sock", "localhost"),
    ]
  )
  func parse(text: String, authority: String) throws {
    #expect(try ChannelTarget(text).authority == authority)
  }

  @Test(
    "what is no target is refused",
    arguments: ["", ":80", "host:port", "host:70000", "[::1", "ipv4:localhost:80", "unix:", "a/b"]
  )
  func refuse(text: String) {
    #expect(throws: RPCError.self) { try ChannelTarget(text) }
  }

  @Test("a list becomes its addresses")
  func list() async throws {
    let target = try ChannelTarget("ipv4:10.0.0.1:80,10.0.0.2:81")
    let found = try await target.resolver.resolve()
    #expect(found.endpoints.map(\.description) == ["10.0.0.1:80", "10.0.0.2:81"])
  }

  @Test("both families take turns, the system's first choice in front")
  func interleaving() throws {
    let text = ["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"]
    let endpoints = try text.map { try Endpoint(ip: $0, port: 1) }
    let order = DNSResolver.interleaved(endpoints).map(\.description)
    #expect(order == ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"])
  }
}

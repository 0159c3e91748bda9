import Testing

@testable import MartletNet

@Suite struct ConnectionRaceTests {
  private let refused = NetError.systemCall(name: "connect", code: 111)

  @Test("families take turns, beginning with the first address's")
  func interleaving() throws {
    let v6 = try (1...3).map { try SocketAddress(host: "::\($0)", port: 1) }
    let v4 = try (1...2).map { try SocketAddress(host: "10.0.0.\($0)", port: 1) }
    #expect(
      ConnectionRace.interleaved(v6 + v4) == [v6[0], v4[0], v6[1], v4[1], v6[2]]
    )
    #expect(ConnectionRace.interleaved(v4 + v6) == [v4[0], v6[0], v4[1], v6[1], v6[2]])
    #expect(ConnectionRace.interleaved(v4) == v4)
    #expect(ConnectionRace.interleaved([]) == [])
  }

  @Test("the next attempt begins when the delay is over, beside the first")
  func staggered() {
    var race = ConnectionRace(count: 3)
    #expect(race.start() == [.connect(0), .startTimer])
    #expect(race.delayPassed() == [.connect(1), .startTimer])
    #expect(race.delayPassed() == [.connect(2)])
    #expect(race.delayPassed() == [])
    #expect(race.connected(0) == [.won(0)])
    #expect(race.connected(1) == [])
    #expect(race.failed(2, refused) == [])
    #expect(race.isOver)
  }

  @Test("a failure begins the next attempt at once, and the last failure ends the race")
  func failures() {
    var race = ConnectionRace(count: 3)
    _ = race.start()
    #expect(race.failed(0, .closedByPeer) == [.connect(1), .startTimer])
    #expect(race.delayPassed() == [.connect(2)])
    #expect(race.failed(1, .closedByPeer) == [])
    #expect(race.failed(1, .closedByPeer) == [])
    #expect(race.failed(2, refused) == [.lost(refused)])
    #expect(race.delayPassed() == [])
  }

  @Test("a host without addresses is lost at once")
  func none() {
    var race = ConnectionRace(count: 0)
    #expect(race.start() == [.lost(.unknownHost("the host has no address"))])
  }
}

@Suite(.timeLimit(.minutes(1))) struct HappyEyeballsTests {
  @Test(
    "a dead address costs the delay, a refused one nothing, and the winner carries TLS-less bytes"
  )
  func staggered() async throws {
    let port = try await Port()
    let dead = try await DeadPort(port.loop)
    let open = try #require(port.listener).address
    let start = MonotonicTime.read()
    let log = try await connect([.loopback(port: 1), dead.address, open], port.loop)
    try await eventually(port.loop, "the echo comes") { log.bytes == [5] }
    let took = MonotonicTime.read() - start
    #expect(took >= .milliseconds(250) && took < .seconds(5))
    try await on(port.loop) { #expect(log.transport?.peerAddress == open) }
    await dead.close()
    await port.stop()
  }

  @Test("when no address answers, the last reason is told; none is a reason too")
  func lost() async throws {
    let port = try await Port()
    let error = await #expect(throws: NetError.self) {
      try await connect([.unix("/nowhere/socket"), .loopback(port: 1)], port.loop)
    }
    #expect(error == .systemCall(name: "connect to 127.0.0.1:1", code: 111))
    let none = await #expect(throws: NetError.self) { try await connect([], port.loop) }
    #expect(none == .unknownHost("the host has no address"))
    await port.stop()
  }

  @Test("an attempt that nobody answers ends with the connect timeout")
  func timeout() async throws {
    var limits = NetLimits()
    limits.connectTimeout = .milliseconds(60)
    let port = try await Port(limits: limits)
    let dead = try await DeadPort(port.loop)
    let error = await #expect(throws: NetError.self) {
      try await connect([dead.address], port.loop)
    }
    #expect(error == .timeout("connect to \(dead.address)"))
    await dead.close()
    await port.stop()
  }

  @Test("a race that is given up tells nobody and leaves no descriptor; so does a stopped loop's")
  func cancelled() async throws {
    let port = try await Port()
    let dead = try await DeadPort(port.loop)
    let told = Told()
    try await on(port.loop) {
      let before = openDescriptors()
      let race = HappyEyeballs([dead.address, dead.address], on: port.loop)
      race.start { _ in told.count += 1 }
      #expect(openDescriptors() == before + 1)
      race.cancel()
      race.cancel()
      #expect(openDescriptors() == before)
      let other = HappyEyeballs([dead.address], on: port.loop)
      other.start { result in
        guard case .failure(.stopped) = result else { return }
        told.stopped = true
      }
    }
    try await Task.sleep(for: .milliseconds(300))
    #expect(told.count == 0)
    await port.stop()
    #expect(told.stopped)
    _ = dead
  }

  private func connect(_ addresses: [SocketAddress], _ loop: EventLoop) async throws -> TransportLog
  {
    try await withCheckedThrowingContinuation { continuation in
      loop.execute {
        HappyEyeballs(addresses, on: loop).start { result in
          let log = TransportLog()
          log.toSend = [5]
          do {
            let transport = try result.get().transport()
            log.transport = transport
            transport.open(delegate: log)
            continuation.resume(returning: log)
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    }
  }
}

private final class Told: @unchecked Sendable {
  var count = 0
  var stopped = false
}

/// A listener whose queue is full: who connects hears nothing.
private final class DeadPort: @unchecked Sendable {
  let address: SocketAddress
  private let listener: Listener
  private let loop: EventLoop
  private var fillers: [TransportLog] = []

  init(_ loop: EventLoop) async throws {
    self.loop = loop
    var limits = NetLimits()
    limits.listenBacklog = 0
    let narrow = try EventLoop(limits: limits)
    let listener = try Listener(loop: narrow, address: .loopback(port: 0)) { _ in }
    self.listener = listener
    address = listener.address
    let address = listener.address
    for _ in 0..<3 {
      let log = try await on(loop) {
        let log = TransportLog()
        log.transport = Transport.connect(to: address, on: loop, delegate: log)
        return log
      }
      fillers.append(log)
    }
    // The first gets in, the others stay outside.
    let first = fillers[0]
    try await eventually(loop, "the queue is full") { first.opened == 1 }
  }

  func close() async {
    let fillers = fillers
    try? await on(loop) { for log in fillers { log.transport?.close() } }
  }
}

@Suite(.timeLimit(.minutes(1))) struct ResolverTests {
  @Test("localhost resolves off the loop, a number without a thread, and nonsense does not")
  func names() async throws {
    let addresses = try await Resolver.resolve(host: "localhost", port: 7)
    #expect(addresses.contains { $0 == .loopback(port: 7) || $0.host == "::1" })
    for (host, text) in [
      ("10.0.0.1", "10.0.0.1:7"), ("2001:db8::1", "[2001:db8::1]:7"), ("fe80::1%1", "[fe80::1]:7"),
    ] {
      #expect(try await Resolver.resolve(host: host, port: 7).map(\.description) == [text])
    }
    await #expect(throws: NetError.self) { try await Resolver.resolve(host: "no host", port: 7) }
    await #expect(throws: NetError.self) { try await Resolver.resolve(host: "fe80::1%", port: 7) }
  }

  @Test("slow look-ups end in time, are cancelled, are bounded, and spare who comes after")
  func slow() async throws {
    let gate = Gate()
    let stuck: @Sendable () throws(NetError) -> [SocketAddress] = {
      gate.wait()
      return []
    }
    await #expect(throws: NetError.timeout("name resolution")) {
      try await Resolver.resolve(timeout: .milliseconds(30), stuck)
    }
    let cancelled = Task { try await Resolver.resolve(timeout: .seconds(60), stuck) }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<NetLimits.maxQueuedLookUps + 50 {
        group.addTask {
          do {
            _ = try await Resolver.resolve(timeout: .milliseconds(500), stuck)
            return false
          } catch { return (error as? NetError) == .limit("BlockingPool.maxQueued") }
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(outcomes >= 40)
    gate.open()
    let later = try await Resolver.resolve(timeout: .seconds(10)) {
      () throws(NetError) in [.loopback(port: 9)]
    }
    #expect(later == [.loopback(port: 9)])
  }
}

import EchoSchema
import MartletNet
import TestFiles
import Testing

@testable import MartletRPC

/// Names of servers that a test changes while a channel uses them.
private final class ChangingResolver: NameResolver {
  let endpoints: Recorded<[Endpoint]>
  let asked = Counter()

  init(_ endpoints: [Endpoint]) {
    self.endpoints = Recorded()
    self.endpoints.append(endpoints)
  }

  func resolve() async throws -> NameResolution {
    asked.increment()
    return NameResolution(endpoints.all.last ?? [])
  }
}

@Suite(.timeLimit(.minutes(1))) struct ChannelTests {
  private var plaintext: ChannelConfiguration {
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.backoff.initial = .milliseconds(20)
    configuration.minResolutionInterval = .milliseconds(10)
    return configuration
  }

  private func server(
    _ limits: (inout ServerLimits) -> Void = { _ in },
    handler: any ServiceHandler = EchoHandler()
  ) throws -> (Server, Endpoint) {
    var configuration = ServerConfiguration()
    limits(&configuration.limits)
    let server = EchoFixture(handler: handler).makeServer(configuration)
    let address = try #require(try server.start().first)
    return (server, try Endpoint(ip: "127.0.0.1", port: address.port))
  }

  /// The server that a call came to.
  private func reached(_ channel: Channel, _ timeout: Duration = .seconds(20)) async throws
    -> String?
  {
    let report = CallReport()
    var options = CallOptions(timeout: timeout, waitForReady: true)
    options.report = report
    _ = try await EchoServiceClient(channel).get(request(), options: options)
    return report.server
  }

  @Test("round-robin spreads calls over all servers, and over those that are left")
  func roundRobin() async throws {
    let servers = [try server(), try server(), try server()]
    var configuration = plaintext
    configuration.loadBalancing = .roundRobin
    let channel = Channel(to: .endpoints(servers.map(\.1)), configuration: configuration)
    var met: [String: Int] = [:]
    _ = await waitForAll(channel, servers.count)
    for _ in 0..<30 { met[try await reached(channel) ?? "", default: 0] += 1 }
    #expect(Set(met.keys) == Set(servers.map(\.1.description)))
    #expect(met.values.allSatisfy { $0 == 10 }, "\(met)")
    await servers[0].0.shutdown(grace: .zero)
    var left: Set<String> = []
    for _ in 0..<20 { left.insert(try await reached(channel) ?? "") }
    #expect(left == Set(servers[1...].map(\.1.description)))
    await channel.close()
    for (server, _) in servers { await server.shutdown(grace: .zero) }
  }

  /// Calls until as many servers as there are have answered.
  private func waitForAll(_ channel: Channel, _ count: Int) async -> Bool {
    var met: Set<String> = []
    for _ in 0..<500 where met.count < count {
      if let server = try? await reached(channel) { met.insert(server) }
    }
    return met.count == count
  }

  @Test("a resolver's new addresses are used, and calls on the old ones end in peace")
  func newAddresses() async throws {
    let release = Flag()
    let slow = CustomHandler(onGet: { request, _ in
      if request.text == "slow" { _ = await release.wait() }
      return EchoResponse()
    })
    let old = try server(handler: slow)
    let new = try server()
    let nobody = try Endpoint(ip: "127.0.0.1", port: 1)
    let resolver = ChangingResolver([old.1, nobody])
    var configuration = plaintext
    configuration.loadBalancing = .roundRobin
    let channel = Channel(
      to: .resolver(resolver, authority: "service.test:1"),
      configuration: configuration
    )
    let options = CallOptions(waitForReady: true)
    let running = Task {
      try await EchoServiceClient(channel).get(request("slow"), options: options)
    }
    let first = try await reached(channel)
    #expect(first == old.1.description)
    // The address where nobody listens makes the channel ask again.
    resolver.endpoints.append([new.1])
    var next = first
    for _ in 0..<500 where next == first {
      next = try await reached(channel)
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(next == new.1.description)
    for _ in 0..<10 {
      let server = try await reached(channel)
      #expect(server == new.1.description)
    }
    release.set()
    _ = try await running.value
    await channel.close()
    await old.0.shutdown(grace: .zero)
    await new.0.shutdown(grace: .zero)
  }

  @Test("every state is seen in order, by each watcher, to the end")
  func states() async throws {
    let (server, endpoint) = try server()
    let channel = Channel(to: .endpoints([endpoint]), configuration: plaintext)
    #expect(channel.state == .idle)
    let began = Counter()
    let watchers = (0..<3).map { _ in
      Task {
        var seen: [ConnectivityState] = []
        for await state in channel.states {
          if seen.isEmpty { began.increment() }
          seen.append(state)
        }
        return seen
      }
    }
    #expect(await waitUntil { began.current == 3 })
    channel.connect()
    #expect(await waitUntil { channel.state == .ready })
    // A connection that was of no use is a failure; one that was is merely gone.
    _ = try await reached(channel)
    await server.shutdown(grace: .zero)
    #expect(await waitUntil { channel.state == .idle })
    channel.connect()
    #expect(await waitUntil { if case .transientFailure = channel.state { true } else { false } })
    await channel.close()
    for watcher in watchers {
      let seen = await watcher.value
      #expect(seen.prefix(4) == [.idle, .connecting, .ready, .idle], "\(seen)")
      #expect(seen.contains { if case .transientFailure = $0 { true } else { false } })
      #expect(seen.last == .shutdown)
      #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 != $1 })
    }
  }

  @Test("a watcher whose task is cancelled ends")
  func cancelledWatcher() async throws {
    let channel = Channel(to: .host("127.0.0.1", port: 1), configuration: plaintext)
    let began = Flag()
    let watcher = Task {
      for await _ in channel.states { began.set() }
      return true
    }
    #expect(await began.wait())
    watcher.cancel()
    #expect(await watcher.value)
    await channel.close()
  }

  @Test("a channel without calls closes its connection, and makes another for the next call")
  func idle() async throws {
    let (server, endpoint) = try server()
    var configuration = plaintext
    configuration.idleTimeout = .milliseconds(200)
    let channel = Channel(to: .endpoints([endpoint]), configuration: configuration)
    let call = try await EchoServiceClient(channel).chat()
    try await Task.sleep(for: .milliseconds(500))
    #expect(channel.state == .ready, "a call is open")
    call.cancel()
    #expect(await waitUntil { channel.state == .idle })
    _ = try await reached(channel)
    let attempts = await channel.statistics().connectionAttempts
    #expect(attempts == 2)
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  @Test("closing with a grace lets calls end, refuses new ones, and cuts what takes too long")
  func closeWithGrace() async throws {
    let started = Counter()
    let release = Flag()
    let handler = CustomHandler(onGet: { request, _ in
      started.increment()
      if request.text == "short" { _ = await release.wait() } else { _ = await Flag().wait() }
      return EchoResponse()
    })
    let (server, endpoint) = try server(handler: handler)
    for (text, code) in [("short", StatusCode.ok), ("long", .cancelled)] {
      let channel = Channel(to: .endpoints([endpoint]), configuration: plaintext)
      let before = started.current
      let running = Task {
        await outcome { try await EchoServiceClient(channel).get(request(text)) }
      }
      #expect(await waitUntil { started.current > before })
      let closing = Task {
        await channel.close(grace: text == "short" ? .seconds(30) : .milliseconds(100))
      }
      #expect(await waitUntil { channel.state == .shutdown })
      let refused = await failure { try await EchoServiceClient(channel).get(request()) }
      #expect(refused.code == .unavailable)
      release.set()
      await closing.value
      #expect(await running.value == code)
    }
    await server.shutdown(grace: .zero)
  }

  private func outcome<T>(_ call: () async throws -> T) async -> StatusCode {
    do {
      _ = try await call()
      return .ok
    } catch {
      return (error as? RPCError)?.code ?? .unknown
    }
  }

  @Test(
    "further connections to one address are made when the server's limit is met",
    arguments: [1, 3]
  )
  func growth(connections: Int) async throws {
    let release = Flag()
    let started = Counter()
    let handler = CustomHandler(onGet: { _, _ in
      started.increment()
      _ = await release.wait()
      return EchoResponse()
    })
    let (server, endpoint) = try server(
      { $0.maxConcurrentCallsPerConnection = 2 },
      handler: handler
    )
    var configuration = plaintext
    configuration.limits.maxConnectionsPerEndpoint = connections
    let channel = Channel(to: .endpoints([endpoint]), configuration: configuration)
    let calls = (0..<7).map { _ in Task { try await EchoServiceClient(channel).get(request()) } }
    #expect(await waitUntil { started.current == 2 * connections })
    try await Task.sleep(for: .milliseconds(100))
    #expect(started.current == 2 * connections, "the rest wait for their turn")
    release.set()
    for call in calls { _ = try await call.value }
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  @Test("a connection that has carried its calls is replaced, and none of them notices")
  func replaced() async throws {
    let (server, endpoint) = try server()
    var configuration = plaintext
    configuration.limits.maxCallsPerConnection = 5
    let channel = Channel(to: .endpoints([endpoint]), configuration: configuration)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<52 {
        group.addTask {
          let text = try await EchoServiceClient(channel).get(request("\(index)")).text
          #expect(text == "\(index)")
        }
      }
      try await group.waitForAll()
    }
    let attempts = await channel.statistics().connectionAttempts
    #expect(attempts == 11 || attempts == 10)
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  @Test("the app learns that the network is back, and the channel does not wait its backoff out")
  func networkIsBack() async throws {
    let (first, endpoint) = try server()
    let port = try #require(endpoint.address.port)
    await first.shutdown(grace: .zero)
    var configuration = plaintext
    configuration.backoff.initial = .seconds(50)
    let channel = Channel(to: .endpoints([endpoint]), configuration: configuration)
    let patient = Task { try await reached(channel, .seconds(30)) }
    #expect(await waitUntil { if case .transientFailure = channel.state { true } else { false } })
    let second = EchoFixture().makeServer(ServerConfiguration(port: Int(port)))
    _ = try second.start()
    channel.resetBackoff()
    let answer = try await patient.value
    #expect(answer == endpoint.description)
    await channel.close()
    await second.shutdown(grace: .zero)
  }

  @Test("a Unix socket is a target like any other")
  func unixSocket() async throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/echo.sock"
    var configuration = ServerConfiguration()
    configuration.listeners = [.init(.unix(path: path))]
    let server = EchoFixture().makeServer(configuration)
    _ = try server.start()
    let channel = Channel(to: try ChannelTarget("unix://\(path)"), configuration: plaintext)
    let name = try await reached(channel)
    #expect(name == "unix:\(path)")
    await channel.close()
    await server.shutdown(grace: .zero)
    withExtendedLifetime(directory) {}
  }

  @Test("channels are given loops in turns, which are made when they are needed")
  func loops() throws {
    let before = ClientLoops.count
    defer { ClientLoops.count = before }
    ClientLoops.count = 3
    let loops = try (0..<6).map { _ in ObjectIdentifier(try ClientLoops.next()) }
    #expect(Set(loops).count == 3)
    #expect(loops[0] == loops[3] && loops[1] == loops[4] && loops[2] == loops[5])
  }
}

@Suite struct ConnectivityLogTests {
  @Test("a watcher that is too far behind misses the oldest, and no more memory is used")
  func bounded() async {
    let log = ConnectivityLog(capacity: 4)
    var slow = ConnectivityStates(log: log).makeAsyncIterator()
    for round in 0..<1_000 {
      log.append(.connecting)
      log.append(.transientFailure(RPCError(.unavailable, "\(round)")))
    }
    log.append(.shutdown)
    log.append(.idle)
    var seen: [ConnectivityState] = []
    while let state = await slow.next() { seen.append(state) }
    #expect(seen.count == 4)
    #expect(seen.last == .shutdown)
    #expect(seen.first == .transientFailure(RPCError(.unavailable, "998")))
  }

  @Test("the same state twice is one")
  func same() {
    let log = ConnectivityLog(capacity: 4)
    log.append(.connecting)
    log.append(.connecting)
    #expect(log.currentNumber == 1)
  }

  @Test("many watchers and one writer: each sees an order without gaps")
  func storm() async {
    let log = ConnectivityLog(capacity: 10_000)
    let began = Counter()
    let watchers = (0..<8).map { _ in
      Task {
        var expected = -1
        var isOrdered = true
        for await state in ConnectivityStates(log: log) {
          if expected < 0 { began.increment() }
          expected += 1
          if case .transientFailure(let error) = state {
            isOrdered = isOrdered && error.message == "\(expected)"
          }
        }
        return isOrdered && expected == 2_001
      }
    }
    #expect(await waitUntil { began.current == 8 })
    for number in 1...2_000 { log.append(.transientFailure(RPCError(.unavailable, "\(number)"))) }
    log.append(.shutdown)
    for watcher in watchers { #expect(await watcher.value) }
  }
}

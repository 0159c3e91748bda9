import MartletRPC
import MartletServices
import MartletWire
import Testing

@Suite("Health checks")
struct HealthTests {
  private let health = HealthService([RPCService(name: "test.v1.Store", methods: [])])

  private func run(_ body: (GRPCHealthClient) async throws -> Void) async throws {
    try await withChannel(to: [health.service]) { try await body(GRPCHealthClient($0)) }
  }

  @Test("what is named at first serves, and so does the server")
  func servesAtFirst() async throws {
    try await run { client in
      #expect(try await client.check(GRPCHealthCheckRequest()).status == .serving)
      let response = try await client.check(.with { $0.service = "test.v1.Store" })
      #expect(response.status == .serving)
    }
  }

  @Test("Check does not know what was never set, or was forgotten")
  func checkIsNotFound() async throws {
    health.set(nil, for: "test.v1.Store")
    try await run { client in
      for name in ["test.v1.Other", "test.v1.Store"] {
        let error = await #expect(throws: RPCError.self) {
          try await client.check(.with { $0.service = name })
        }
        #expect(error?.code == .notFound)
      }
    }
  }

  @Test("names that no service can have are refused, not kept")
  func longNames() async throws {
    try await run { client in
      let long = GRPCHealthCheckRequest.with {
        $0.service = String(repeating: "x", count: HealthService.maxNameBytes + 1)
      }
      let check = await #expect(throws: RPCError.self) { try await client.check(long) }
      #expect(check?.code == .invalidArgument)
      let call = try await client.watch(long, options: CallOptions(timeout: .seconds(5)))
      let watch = await #expect(throws: RPCError.self) { for try await _ in call.responses {} }
      #expect(watch?.code == .invalidArgument)
      #expect(health.watcherCount == 0)
    }
  }

  @Test("List tells of all, up to its limit")
  func list() async throws {
    health.set(.notServing, for: "test.v1.Store")
    try await run { client in
      let response = try await client.list(GRPCHealthListRequest())
      #expect(
        response.statuses.mapValues(\.status) == ["": .serving, "test.v1.Store": .notServing]
      )
      for number in 0..<HealthService.maxListedServices { health.set(.serving, for: "s\(number)") }
      let error = await #expect(throws: RPCError.self) {
        try await client.list(GRPCHealthListRequest())
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test("Watch tells the status at once and every change of it, also of a service yet to come")
  func watch() async throws {
    try await run { client in
      let call = try await client.watch(.with { $0.service = "test.v1.Late" })
      var statuses = call.responses.makeAsyncIterator()
      #expect(try await statuses.next()?.status == .serviceUnknown)
      health.set(.notServing, for: "test.v1.Late")
      #expect(try await statuses.next()?.status == .notServing)
      // No change, so no message: the next one is of the change after it.
      health.set(.notServing, for: "test.v1.Late")
      health.set(.serving, for: "test.v1.Store")
      health.set(.serving, for: "test.v1.Late")
      #expect(try await statuses.next()?.status == .serving)
      health.set(nil, for: "test.v1.Late")
      #expect(try await statuses.next()?.status == .serviceUnknown)
    }
  }

  @Test("after shutdown nothing serves, whatever is set, until it resumes")
  func shutdown() async throws {
    try await run { client in
      let call = try await client.watch(GRPCHealthCheckRequest())
      var statuses = call.responses.makeAsyncIterator()
      #expect(try await statuses.next()?.status == .serving)
      health.shutdown()
      #expect(try await statuses.next()?.status == .notServing)
      health.set(.serving, for: "")
      #expect(try await client.check(GRPCHealthCheckRequest()).status == .notServing)
      health.resume()
      #expect(try await statuses.next()?.status == .serving)
    }
  }

  @Test("a server's shutdown tells its watchers and ends them, long before its grace is over")
  func serverShutsDown() async throws {
    let server = Server(configuration: ServerConfiguration(), services: [health.service])
    let channel = Channel(
      to: .host("127.0.0.1", port: try server.start()[0].port),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    var watches: [MessageStream<GRPCHealthCheckResponse>.AsyncIterator] = []
    let first: KeyValuePairs<String, HealthService.Status> = [
      "": .serving, "test.v1.Store": .serving, "test.v1.Late": .serviceUnknown,
    ]
    for (service, status) in first {
      let call = try await GRPCHealthClient(channel).watch(.with { $0.service = service })
      var statuses = call.responses.makeAsyncIterator()
      #expect(try await statuses.next()?.status == status)
      watches.append(statuses)
    }
    let start = ContinuousClock.now
    async let stopped: Void = server.shutdown(grace: .seconds(60))
    for index in watches.indices {
      #expect(try await watches[index].next()?.status == .notServing)
      let end = await #expect(throws: RPCError.self) { try await watches[index].next() }
      #expect(end?.code == .unavailable)
    }
    await stopped
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(health.watcherCount == 0)
    // It is the server that ends, not what it serves.
    #expect(health.status(of: "") == .serving)
    await channel.close()
  }

  @Test("a watcher that leaves is forgotten")
  func watcherLeaves() async throws {
    try await run { client in
      do {
        let call = try await client.watch(GRPCHealthCheckRequest())
        var statuses = call.responses.makeAsyncIterator()
        _ = try await statuses.next()
        #expect(health.watcherCount == 1)
      }
      let end = ContinuousClock.now + .seconds(10)
      while health.watcherCount > 0, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(health.watcherCount == 0)
    }
  }
}

/// A server with `services` on loopback and a channel to it, while `body` runs.
func withChannel(
  to services: [RPCService],
  _ body: (Channel) async throws -> Void
) async throws {
  let server = Server(configuration: ServerConfiguration(), services: services)
  let port = try server.start()[0].port
  let channel = Channel(
    to: .host("127.0.0.1", port: port),
    configuration: ChannelConfiguration(security: .plaintext)
  )
  let outcome: (any Error)?
  do {
    try await body(channel)
    outcome = nil
  } catch {
    outcome = error
  }
  await channel.close()
  await server.shutdown(grace: .zero)
  if let outcome { throw outcome }
}

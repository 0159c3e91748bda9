import Testing

@testable import MartletNet

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
    // Those that still wait in the queue, for nobody, are passed over.
    var later: [SocketAddress]?
    for _ in 0..<500 where later == nil {
      later = try? await Resolver.resolve(timeout: .seconds(10)) {
        () throws(NetError) in [.loopback(port: 9)]
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(later == [.loopback(port: 9)])
  }
}

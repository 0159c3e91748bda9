import EchoSchema
import Testing

@testable import MartletRPC

/// Limits that somebody sets to "none", to nothing, or to nonsense: none of them is a trap.
@Suite(.timeLimit(.minutes(2))) struct ExtremeLimitsTests {
  private let serverCounts: [WritableKeyPath<ServerLimits, Int>] = [
    \.maxRequestMessageBytes, \.maxResponseMessageBytes, \.sendHighWaterBytes,
    \.sendLowWaterBytes, \.streamWindowBytes, \.connectionWindowBytes, \.maxPartialRequestBytes,
    \.maxUnsentResponseBytes, \.maxConcurrentCallsPerConnection, \.callBurstPerPeer,
    \.maxConnectionsPerLoop, \.maxConcurrentHandshakesPerLoop, \.maxIdleHandlerTasks,
    \.maxHeaderListBytes, \.maxMetadataBytes, \.maxStatusMessageBytes,
  ]

  private let serverOptionalCounts: [WritableKeyPath<ServerLimits, Int?>] = [
    \.maxConcurrentCalls, \.maxConcurrentCallsPerPeer, \.callsPerSecondPerPeer,
    \.maxConnectionsPerPeer, \.maxNewConnectionsPerSecondPerPeer, \.maxHandshakesPerSecondPerLoop,
  ]

  private let serverDurations: [WritableKeyPath<ServerLimits, Duration?>] = [
    \.requestTimeout, \.connectionIdleTimeout, \.keepaliveInterval, \.minimumPingInterval,
    \.maxConnectionAge, \.maxConnectionAgeGrace,
  ]

  private let clientCounts: [WritableKeyPath<ClientLimits, Int>] = [
    \.maxResponseMessageBytes, \.maxRequestMessageBytes, \.sendHighWaterBytes,
    \.sendLowWaterBytes, \.streamWindowBytes, \.connectionWindowBytes, \.maxHeaderListBytes,
    \.maxMetadataBytes, \.replayBytes, \.maxReplayBytesPerChannel, \.maxTransparentRetries,
    \.maxWaitingCalls, \.maxConnectionsPerEndpoint, \.maxCallsPerConnection, \.maxEndpoints,
    \.maxUnseenStates,
  ]

  /// Small and large messages both ways; whether all of it went well.
  private func works(_ fixture: EchoFixture, patience: Duration) async throws -> Bool {
    var isWell = true
    try await fixture.run { client, _ in
      let options = CallOptions(timeout: patience)
      do {
        _ = try await client.get(request("a"), options: options)
        var large = request(paddingBytes: 300_000)
        large.padding = [UInt8](repeating: 1, count: 300_000)
        _ = try await client.get(large, options: options)
        for try await _ in try await client.expand(request(count: 20), options: options).responses {
        }
        let call = try await client.collect(options: options)
        for _ in 0..<20 { try await call.requests.send(request("b")) }
        await call.requests.finish()
        _ = try await call.response()
      } catch {
        isWell = false
      }
    }
    return isWell
  }

  private func expectSound(
    _ what: String,
    _ value: Int,
    _ set: (inout EchoFixture) -> Void
  ) async throws {
    for wire in [Wire.pipe, .tls] {
      var fixture = EchoFixture(wire: wire)
      set(&fixture)
      let isWell = try await works(fixture, patience: .milliseconds(value == .max ? 10_000 : 100))
      if value == .max { #expect(isWell, "\(what) \(wire)") }
    }
  }

  @Test("a server's numbers", arguments: [Int.max, 0, -1, .min])
  func serverNumbers(value: Int) async throws {
    for path in serverCounts {
      try await expectSound("\(path)", value) { $0.server.limits[keyPath: path] = value }
    }
    for path in serverOptionalCounts {
      try await expectSound("\(path)", value) { $0.server.limits[keyPath: path] = value }
    }
  }

  @Test("a server's times", arguments: [Int.max, 0, -1, .min])
  func serverTimes(value: Int) async throws {
    for path in serverDurations {
      try await expectSound("\(path)", value) {
        $0.server.limits[keyPath: path] = .seconds(value)
      }
    }
  }

  @Test("a client's numbers", arguments: [Int.max, 0, -1, .min])
  func clientNumbers(value: Int) async throws {
    for path in clientCounts {
      try await expectSound("\(path)", value) { $0.channel.limits[keyPath: path] = value }
    }
  }

  @Test("a client's times", arguments: [Int.max, 0, -1, .min])
  func clientTimes(value: Int) async throws {
    let time = Duration.seconds(value)
    try await expectSound("idle", value) { $0.channel.idleTimeout = time }
    try await expectSound("keepalive", value) { $0.channel.keepaliveInterval = time }
    try await expectSound("answer", value) { $0.channel.keepaliveTimeout = time }
    try await expectSound("stall", value) { $0.channel.stallTimeout = time }
    try await expectSound("connect", value) { $0.channel.connectTimeout = time }
    try await expectSound("resolve", value) { $0.channel.minResolutionInterval = time }
    try await expectSound("attempt", value) { $0.channel.connectionAttemptDelay = time }
  }
}

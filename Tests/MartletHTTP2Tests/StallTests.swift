import MartletNet
import Testing

@testable import MartletHTTP2

/// How a client notices that its server has stopped, whatever was said before.
@Suite(.timeLimit(.minutes(1))) struct StallTests {
  private static let ping: UInt8 = 6
  private static let settings = RawPeer.frame(type: 4)
  /// `:status 200`, which the static table has.
  private static let head = RawPeer.frame(type: 1, flags: 4, stream: 1, [0x88])

  /// A client with a stream open, whose server says only what a test says.
  private func client(
    timeout: Duration = .milliseconds(150),
    interval: Duration,
    _ body: (RawPeer, StreamLog) async throws -> Void
  ) async throws {
    var configuration = HTTP2Configuration()
    configuration.stallTimeout = timeout
    configuration.stallProbeInterval = interval
    configuration.keepaliveTimeout = .milliseconds(150)
    let peer = try await RawPeer(against: .client, configuration: configuration)
    try await peer.send(Self.settings)
    try await eventually(peer.loop, "it is ready") { peer.other.ready == 1 }
    let log = try await on(peer.loop) {
      let log = StreamLog()
      let connection = try #require(peer.other.connection)
      log.stream = try connection.openStream(requestHeaders(), endStream: true, delegate: log)
      return log
    }
    try await eventually(peer.loop, "the request comes") { peer.frames.contains { $0.type == 1 } }
    try await body(peer, log)
    await peer.stop()
  }

  private func pings(_ peer: RawPeer) -> [RawPeer.Frame] {
    peer.frames.filter { $0.type == Self.ping && $0.flags == 0 }
  }

  private func answerPing(_ peer: RawPeer, number: Int) async throws {
    try await eventually(peer.loop, "PING \(number)") { pings(peer).count == number }
    let payload = try await on(peer.loop) {
      try #require(pings(peer).dropFirst(number - 1).first).payload
    }
    try await peer.send(RawPeer.frame(type: Self.ping, flags: 1, payload))
  }

  @Test(
    "a frame that answers nobody puts the question off, and does not settle it",
    arguments: [
      RawPeer.frame(type: 8, [0, 0, 1, 0]), RawPeer.frame(type: 8, stream: 1, [0, 0, 1, 0]),
      settings, RawPeer.frame(type: 0xEE, [1]),
    ]
  )
  func framesOfNoUse(frame: [UInt8]) async throws {
    try await client(interval: .seconds(300)) { peer, log in
      try await Task.sleep(for: .milliseconds(30))
      try await peer.send(frame)
      try await eventually(peer.loop, "the client gives up") { log.closed == [.connectionLost] }
      try await on(peer.loop) { #expect(peer.other.closed == [.keepaliveTimeout]) }
    }
  }

  @Test("a server that dies after it has answered a PING is noticed with the next one")
  func afterAPing() async throws {
    try await client(interval: .milliseconds(500)) { peer, log in
      try await answerPing(peer, number: 1)
      try await answerPing(peer, number: 2)
      try await on(peer.loop) { #expect(log.closed.isEmpty) }
      try await eventually(peer.loop, "the client gives up") { log.closed == [.connectionLost] }
    }
  }

  @Test(
    "a stream that waits for nothing is asked for seldom, and a dead server noticed all the same"
  )
  func nothingOwed() async throws {
    try await client(interval: .milliseconds(900)) { peer, log in
      // The response's headers: what follows may take as long as it likes.
      try await peer.send(Self.head)
      try await eventually(peer.loop, "they come") { log.heads.count == 1 }
      let start = ContinuousClock.now
      try await answerPing(peer, number: 1)
      #expect(ContinuousClock.now - start > .milliseconds(600))
      try await eventually(peer.loop, "the client gives up") { log.closed == [.connectionLost] }
      #expect(ContinuousClock.now - start > .milliseconds(1_500))
    }
  }

  @Test("a live server is asked no more often than stock servers bear")
  func seldom() async throws {
    try await client(timeout: .milliseconds(50), interval: .milliseconds(400)) { peer, log in
      for number in 1...3 { try await answerPing(peer, number: number) }
      try await Task.sleep(for: .milliseconds(300))
      try await on(peer.loop) {
        #expect(log.closed.isEmpty)
        #expect(pings(peer).count == 3)
      }
    }
  }
}

import EchoSchema
import MartletNet

@testable import MartletRPC

/// A client's loop that lives as long as the process; each input gets a channel with three calls.
final class ClientTarget: @unchecked Sendable {
  static let shared = ClientTarget()

  private let loop: EventLoop

  private init() {
    var limits = NetLimits()
    limits.foldDelay = .zero
    guard let loop = try? EventLoop(limits: limits), (try? loop.start()) != nil else {
      fatalError("no loop")
    }
    self.loop = loop
  }

  func run(_ bytes: [[UInt8]], fragment: Int) {
    let remains = Remains()
    wait { [loop] in
      await Self.call(loop, bytes, fragment, remains)
      await remains.check(loop)
    }
  }

  private static func call(
    _ loop: EventLoop,
    _ bytes: [[UInt8]],
    _ fragment: Int,
    _ remains: Remains
  ) async {
    let attempts = Attempts()
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.limits.maxResponseMessageBytes = 64 << 10
    let channel = Channel(configuration: configuration, loop: loop) {
      loop throws(NetError) -> Transport in
      guard attempts.isFirst() else { throw .closedByPeer }
      let ends = Transport.pipe(loop, loop, fragment: fragment)
      let peer = FuzzPeer(bytes)
      remains.transport = ends.client
      remains.peer = peer
      ends.server.open(delegate: peer)
      return ends.client
    }
    let client = EchoServiceClient(channel)
    async let unary: Void = drop { _ = try await client.get(EchoRequest()) }
    async let many: Void = drop {
      let call = try await client.expand(EchoRequest())
      for try await _ in call.responses {}
      _ = try await call.trailers()
    }
    async let both: Void = drop {
      let call = try await client.chat()
      try await call.requests.send(EchoRequest())
      for try await _ in call.responses { try await call.requests.send(EchoRequest()) }
    }
    _ = await (unary, many, both)
    await channel.close()
  }

  /// Confined to the loop.
  private final class Attempts: @unchecked Sendable {
    private var count = 0

    func isFirst() -> Bool {
      count += 1
      return count == 1
    }
  }

  /// Whatever status a call ends with is fine, as long as it ends.
  private static func drop(_ body: () async throws -> Void) async {
    do { try await body() } catch {}
  }
}

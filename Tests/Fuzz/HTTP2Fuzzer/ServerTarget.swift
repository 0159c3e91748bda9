import EchoSchema
import MartletNet

@testable import MartletRPC

/// A server's loop that lives as long as the process; each input gets a connection.
final class ServerTarget: @unchecked Sendable {
  static let shared = ServerTarget()

  private let server: ServerLoop

  private init() {
    var configuration = ServerConfiguration()
    configuration.limits.maxRequestMessageBytes = 64 << 10
    configuration.limits.foldDelay = .zero
    guard
      let server = try? ServerLoop(
        configuration: configuration,
        router: Router([TamedEcho().service])
      ), (try? server.loop.start()) != nil
    else { fatalError("no loop") }
    self.server = server
  }

  func run(_ bytes: [[UInt8]], fragment: Int) {
    let remains = Remains()
    wait { [server] in
      await on(server.loop) {
        let ends = Transport.pipe(server.loop, server.loop, fragment: fragment)
        let peer = FuzzPeer(bytes)
        remains.transport = ends.server
        remains.peer = peer
        server.adopt(ends.server)
        ends.client.open(delegate: peer)
      }
      await Task(executorPreference: server.loop) { await server.waitUntilEmpty() }.value
      await remains.check(server.loop)
    }
  }
}

/// The echo service without what takes long.
struct TamedEcho: EchoServiceHandler {
  private let echo = EchoHandler()

  private func tamed(_ request: EchoRequest) -> EchoRequest {
    var request = request
    request.delayMs = 0
    request.count %= 64
    request.paddingBytes %= 4_096
    return request
  }

  func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
    try await echo.get(tamed(request), call)
  }

  func expand(
    _ request: EchoRequest,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    try await echo.expand(tamed(request), responses, call)
  }

  func collect(
    _ requests: MessageStream<EchoRequest>,
    _ call: ServerCall
  ) async throws -> EchoResponse {
    var joined = EchoResponse()
    for try await request in requests { joined.text += request.text }
    return joined
  }

  func chat(
    _ requests: MessageStream<EchoRequest>,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    for try await request in requests {
      var response = EchoResponse()
      response.text = request.text
      try await responses.send(response)
    }
  }
}

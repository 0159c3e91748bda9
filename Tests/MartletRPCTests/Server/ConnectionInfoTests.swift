import EchoSchema
import MartletNet
import Synchronization
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ConnectionInfoTests {
  @Test("a call knows its connection", arguments: Wire.allCases)
  func info(wire: Wire) async throws {
    let seen = Seen()
    var fixture = EchoFixture(wire: wire)
    fixture.handler = CustomHandler(onGet: { _, call in
      seen.append(call.connection)
      #expect(call.peerAddress == call.connection.peerAddress)
      #expect(call.peerIdentity == nil)
      return EchoResponse()
    })
    try await fixture.run { client, _ in
      _ = try await client.get(request())
      _ = try await client.get(request())
    }
    let infos = seen.all
    try #require(infos.count == 2)
    #expect(infos[0] === infos[1])
    switch wire {
    case .pipe:
      #expect(infos[0].peerAddress == "pipe")
    case .plaintext, .tls:
      #expect(infos[0].peerAddress.hasPrefix("127.0.0.1:"))
      #expect(infos[0].localAddress.hasPrefix("127.0.0.1:"))
      #expect(infos[0].peerAddress != infos[0].localAddress)
    }
    #expect(infos[0].tlsVersion == (wire == .tls ? "TLSv1.3" : nil))
    #expect(infos[0].serverName == (wire == .tls ? "localhost" : nil))
  }
}

/// The connections that calls came on.
private final class Seen: Sendable {
  private let lock = Mutex<[ConnectionInfo]>([])
  var all: [ConnectionInfo] { lock.withLock { $0 } }
  func append(_ info: ConnectionInfo) { lock.withLock { $0.append(info) } }
}

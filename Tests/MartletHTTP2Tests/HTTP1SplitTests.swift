import MartletHTTP2
import MartletNet
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTP1SplitTests {
  @Test("a request in HTTP/1.1 is answered wherever its bytes are split")
  func split() async throws {
    let request = Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8)
    for cut in 1..<request.count {
      let peer = try await RawPeer(against: .server)
      try await peer.send(Array(request[..<cut]))
      try await on(peer.loop) { #expect(peer.received.isEmpty, "cut at \(cut)") }
      try await peer.send(Array(request[cut...]))
      try await eventually(peer.loop, "it is answered and ends, cut at \(cut)") {
        peer.isClosed && peer.received.starts(with: "HTTP/1.1 200 OK\r\n".utf8)
      }
      await peer.stop()
    }
  }

  @Test("a word that is neither HTTP/2's preface nor a request harms nobody")
  func word() async throws {
    let peer = try await RawPeer(against: .server)
    try await peer.send(Array("HELLO".utf8))
    try await on(peer.loop) { peer.transport?.closeInOrder() }
    try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
    await peer.stop()
  }
}

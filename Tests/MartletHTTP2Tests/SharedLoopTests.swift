import MartletNet
import Testing

@testable import MartletHTTP2

@Suite(.timeLimit(.minutes(1))) struct SharedLoopTests {
  private final class Ends: HTTP2ConnectionDelegate, @unchecked Sendable {
    var readyCount = 0
    var errors: [HTTP2Error] = []

    func connectionDidBecomeReady(_ connection: HTTP2Connection) { readyCount += 1 }
    func connection(
      _ connection: HTTP2Connection,
      didOpen stream: HTTP2Stream
    ) -> any HTTP2StreamDelegate { preconditionFailure("no stream is opened") }
    func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {}
    func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}
    func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {
      if let error { errors.append(error) }
    }
  }

  @Test("clients that connect in the same turn of one loop each send their own preface")
  func prefaces() async throws {
    let server = try EventLoop()
    let client = try EventLoop()
    try server.start()
    try client.start()
    let ends = Ends()
    let count = 5
    client.execute {
      for _ in 0..<count {
        let pipe = Transport.pipe(server, client)
        server.execute {
          _ = HTTP2Connection(role: .server, transport: pipe.server, delegate: Ends())
        }
        _ = HTTP2Connection(role: .client, transport: pipe.client, delegate: ends)
      }
    }
    let end = ContinuousClock.now + .seconds(10)
    func ready() async -> Int {
      await Task(executorPreference: client) { ends.readyCount }.value
    }
    while await ready() < count, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(await ready() == count)
    #expect(await Task(executorPreference: client) { ends.errors }.value == [])
    await client.stopAndWait()
    await server.stopAndWait()
  }
}

import EchoSchema
import MartletHTTP2
import MartletNet
import Testing

@testable import MartletRPC

/// A client that announces large requests and never ends them.
private final class StallingClient: HTTP2ConnectionDelegate, HTTP2StreamDelegate,
  @unchecked Sendable
{
  static let messageBytes = 500_000
  private let calls: Int
  private(set) var streams: [HTTP2Stream] = []
  private(set) var statuses: [String] = []

  init(calls: Int) { self.calls = calls }

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {
    for _ in 0..<calls {
      var headers = HTTP2HeaderList()
      headers.append(":method", "POST")
      headers.append(":scheme", "http")
      headers.append(":path", "/martlet.test.v1.EchoService/Get")
      headers.append(":authority", "localhost")
      headers.append("te", "trailers")
      headers.append("content-type", "application/grpc")
      guard let stream = try? connection.openStream(headers, delegate: self) else { continue }
      // The prefix announces one byte more than ever comes.
      let announced = UInt32(Self.messageBytes + 1)
      stream.write([0] + withUnsafeBytes(of: announced.bigEndian) { Array($0) })
      stream.write([UInt8](repeating: 0, count: Self.messageBytes))
      streams.append(stream)
    }
  }
  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  { self }
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {}
  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {}

  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {
    guard headerName.elementsEqual("grpc-status".utf8) else { return }
    statuses.append(String(decoding: value, as: UTF8.self))
  }
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {}
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
    stream.consume(data.count)
  }
  func streamDidReachEnd(_ stream: HTTP2Stream) {}
  func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {}
}

@Suite(.timeLimit(.minutes(1))) struct PartialRequestTests {
  @Test("requests that never become whole hold only so much memory together")
  func bounded() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.maxPartialRequestBytes = 2_000_000
    let server = try ServerLoop(
      configuration: configuration,
      router: Router([EchoHandler().service])
    )
    try server.loop.start()
    let client = StallingClient(calls: 10)
    server.loop.execute {
      let ends = Transport.pipe(server.loop, server.loop)
      server.adopt(ends.server)
      _ = HTTP2Connection(role: .client, transport: ends.client, delegate: client)
    }
    let refused = Counter()
    let settled = await waitOnLoop(server.loop) {
      while refused.current < client.statuses.count { refused.increment() }
      let open = client.streams.filter { !$0.isClosed }
      return !client.streams.isEmpty && open.allSatisfy { $0.bufferedBytes == 0 }
    }
    #expect(settled)
    #expect((1..<10).contains(refused.current))
    let isBounded = await waitOnLoop(server.loop) {
      client.statuses.allSatisfy { $0 == "8" }
        && (1...2_000_000).contains(server.partialRequestBytes)
    }
    #expect(isBounded)
    // Given up, they leave their share to others.
    server.loop.execute { for stream in client.streams { stream.reset(.cancel) } }
    #expect(await waitOnLoop(server.loop) { server.partialRequestBytes == 0 })
    server.loop.execute { server.cut() }
    await Task(executorPreference: server.loop) { await server.waitUntilEmpty() }.value
    await server.loop.stopAndWait()
  }

  @Test("a reader whose wait makes a request too large for all is told so, whatever task it is")
  func refusedReader() async throws {
    let mayRead = Flag()
    let read = Flag()
    let handler = CustomHandler(onChat: { requests, _, _ in
      // By way of the loop, in a task that is not cancelled with the handler's.
      let requests = requests.transformed { $0 }
      let reader = Task {
        _ = await mayRead.wait()
        let error = await failure { for try await _ in requests {} }
        #expect(error.code == .resourceExhausted)
        read.set()
      }
      await reader.value
    })
    var fixture = EchoFixture(handler: handler)
    fixture.server.limits.maxPartialRequestBytes = 20_000
    try await fixture.run { client, _ in
      let call = try await client.chat()
      var large = request()
      large.padding = [UInt8](repeating: 1, count: 200_000)
      let message = large
      let writer = Task { try? await call.requests.send(message) }
      // A window's worth of it waits for the reader.
      try await Task.sleep(for: .milliseconds(200))
      mayRead.set()
      #expect(await read.wait())
      var responses = call.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .resourceExhausted)
      _ = await writer.value
    }
  }

  /// Looks at `condition` on the loop until it holds; false after ten seconds.
  private func waitOnLoop(
    _ loop: EventLoop,
    _ condition: @escaping @Sendable () -> Bool
  ) async -> Bool {
    let holds = Flag()
    return await waitUntil {
      loop.execute { if condition() { holds.set() } }
      return holds.isSet
    }
  }
}

import EchoSchema
import Glibc
import MartletHTTP2
import MartletNet
import Synchronization
import Testing

@testable import MartletRPC

/// What a large message costs its sender in memory while the peer does not take it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LargeSendTests {
  /// Blocks of that size go back to the system as soon as they are free, whatever malloc was told.
  private static let size = 48 << 20
  private static let padding = [UInt8](repeating: 7, count: size)

  private var fixture: EchoFixture {
    var fixture = EchoFixture()
    fixture.server.limits.maxRequestMessageBytes = Self.size * 2
    fixture.server.limits.maxResponseMessageBytes = Self.size * 2
    fixture.channel.limits.maxRequestMessageBytes = Self.size * 2
    fixture.channel.limits.maxResponseMessageBytes = Self.size * 2
    return fixture
  }

  /// How many messages' worth of memory `body` leaves in use.
  private func messagesHeld(after body: () async throws -> Void) async throws -> Double {
    _ = Self.padding.count
    let before = try Self.residentBytes()
    try await body()
    func held() throws -> Double { Double(try Self.residentBytes() - before) / Double(Self.size) }
    for _ in 0..<500 where try held() < 0.9 { try await Task.sleep(for: .milliseconds(10)) }
    // It has all been encoded, and a part has gone.
    try await Task.sleep(for: .milliseconds(300))
    return try held()
  }

  private static func residentBytes() throws -> Int {
    let file = try #require(fopen("/proc/self/statm", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    try #require(fgets(&line, 200, file) != nil)
    let fields = line.split(separator: 32).map { atol(Array($0) + [0]) }
    return fields[1] * sysconf(Int32(_SC_PAGESIZE))
  }

  @Test("a response waits once", arguments: [false, true])
  func response(isOffLoop: Bool) async throws {
    var fixture = fixture
    fixture.handler = CustomHandler(onExpand: { _, responses, _ in
      var response = EchoResponse()
      response.padding = Self.padding
      if isOffLoop {
        try await Task { [response] in try await responses.send(response) }.value
      } else {
        try await responses.send(response)
      }
    })
    try await fixture.run { client, _ in
      let held = try await messagesHeld {
        let call = try await client.expand(EchoRequest())
        _ = try await call.metadata()
        kept.call = call
      }
      #expect(held > 0.9 && held < 1.5)
      kept.call = nil
    }
  }

  @Test("a stream's request waits once", arguments: [false, true])
  func streamed(isOnLoop: Bool) async throws {
    let isOver = Flag()
    var fixture = fixture
    fixture.handler = CustomHandler(onCollect: { _, _ in
      _ = await isOver.wait()
      return EchoResponse()
    })
    try await fixture.run { client, channel in
      var message = EchoRequest()
      message.padding = Self.padding
      let call = try await client.collect()
      let sender = Mutex<Task<Void, any Error>?>(nil)
      let held = try await messagesHeld { [message] in
        let task = Task(executorPreference: isOnLoop ? channel.executor : nil) {
          try await call.requests.send(message)
        }
        sender.withLock { $0 = task }
      }
      #expect(held > 0.9 && held < 1.5)
      isOver.set()
      _ = await sender.withLock(\.self)?.result
    }
  }

  @Test("the only request waits once", arguments: [false, true])
  func onlyRequest(isOnLoop: Bool) async throws {
    let loop = try EventLoop()
    try loop.start()
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.limits.maxRequestMessageBytes = Self.size * 2
    let channel = Channel(configuration: configuration, loop: loop) { loop in
      let ends = Transport.pipe(loop, loop)
      _ = HTTP2Connection(role: .server, transport: ends.server, delegate: DeafServer())
      return ends.client
    }
    var message = EchoRequest()
    message.padding = Self.padding
    let sender = Mutex<Task<EchoResponse, any Error>?>(nil)
    let held = try await messagesHeld { [message] in
      let task = Task(executorPreference: isOnLoop ? channel.executor : nil) {
        try await EchoServiceClient(channel).get(message)
      }
      sender.withLock { $0 = task }
    }
    #expect(held > 0.9 && held < 1.5)
    await channel.close()
    _ = await sender.withLock(\.self)?.result
    await loop.stopAndWait()
  }

  private let kept = Kept()

  private final class Kept: @unchecked Sendable {
    var call: ClientCall<EchoRequest, EchoResponse>?
  }
}

/// Takes requests and never their bytes.
private final class DeafServer: HTTP2ConnectionDelegate, HTTP2StreamDelegate {
  func connectionDidBecomeReady(_ connection: HTTP2Connection) {}
  func connection(
    _ connection: HTTP2Connection,
    didOpen stream: HTTP2Stream
  ) -> any HTTP2StreamDelegate { self }
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {}
  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {}

  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {}
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {}
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {}
  func streamDidReachEnd(_ stream: HTTP2Stream) {}
  func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {}
}

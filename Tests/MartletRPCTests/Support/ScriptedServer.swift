import EchoSchema
import MartletHTTP2
import MartletNet
import MartletWire
import Testing

@testable import MartletRPC

/// An HTTP/2 server that does to each request what a test says: for what a real gRPC server would
/// not do on demand.
final class ScriptedServer: HTTP2ConnectionDelegate, HTTP2StreamDelegate {
  private let script: (_ request: Int, HTTP2Stream, HTTP2Connection) -> Void
  private var requests = 0

  init(_ script: @escaping (_ request: Int, HTTP2Stream, HTTP2Connection) -> Void) {
    self.script = script
  }

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {}
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
  ) {}
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {}
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
    stream.consume(data.count)
  }
  func streamDidReachEnd(_ stream: HTTP2Stream) {
    requests += 1
    script(requests, stream, stream.connection)
  }
  func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {}
}

extension ScriptedServer {
  /// Runs `body` with a client whose every connection ends at a scripted server.
  static func run(
    _ script: @escaping @Sendable (Int, HTTP2Stream, HTTP2Connection) -> Void,
    configuration: ChannelConfiguration = ChannelConfiguration(security: .plaintext),
    _ body: (EchoServiceClient) async throws -> Void
  ) async throws {
    let loop = try EventLoop()
    try loop.start()
    let channel = Channel(configuration: configuration, loop: loop) { loop in
      let ends = Transport.pipe(loop, loop)
      let server = ScriptedServer(script)
      _ = HTTP2Connection(role: .server, transport: ends.server, delegate: server)
      return ends.client
    }
    try await body(EchoServiceClient(channel))
    await channel.close()
    await loop.stopAndWait()
  }
}

extension HTTP2Stream {
  /// Answers with one message and OK.
  func answer(_ text: String) {
    var response = EchoResponse()
    response.text = text
    var frame = response.encoded(prefix: Envelope.prefixLength)
    Envelope.seal(&frame)
    submitResponse(ResponseHeaders.leading(Metadata()))
    write(frame)
    finish(trailers: ResponseHeaders.trailers(nil, Metadata()))
  }
}

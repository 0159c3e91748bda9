import EchoSchema
import MartletHTTP2
import MartletNet
import MartletWire
import Synchronization

@testable import MartletRPC

/// A request as a scripted server got it.
struct ScriptedRequest {
  /// 1 for the first of the channel.
  let number: Int
  let headers: [String: String]
  let body: [UInt8]
  let stream: HTTP2Stream
  let connection: HTTP2Connection

  /// Sends headers, one message and OK.
  func answer(_ text: String) {
    var response = EchoResponse()
    response.text = text
    var frame = response.encoded(prefix: Envelope.prefixLength)
    Envelope.seal(&frame)
    stream.submitResponse(head())
    stream.write(frame)
    stream.finish(trailers: status(0, []))
  }

  /// Sends nothing but a status.
  func fail(_ code: Int, _ fields: [(String, String)] = []) {
    stream.submitResponse(head(also: [("grpc-status", "\(code)")] + fields), endStream: true)
  }

  /// Sends headers, then a status.
  func failLate(_ code: Int) {
    stream.submitResponse(head())
    stream.finish(trailers: status(code, []))
  }

  private func head(also fields: [(String, String)] = []) -> HTTP2HeaderList {
    var list = HTTP2HeaderList()
    list.append(":status", "200")
    list.append("content-type", "application/grpc")
    for (name, value) in fields { list.append(name, value) }
    return list
  }

  private func status(_ code: Int, _ fields: [(String, String)]) -> HTTP2HeaderList {
    var list = HTTP2HeaderList()
    list.append("grpc-status", "\(code)")
    for (name, value) in fields { list.append(name, value) }
    return list
  }
}

/// A server that does to each request what a test says.
final class ScriptedPeer: HTTP2ConnectionDelegate {
  private let script: @Sendable (ScriptedRequest) -> Void
  private let count: Counter
  private let early: Int

  /// The script runs when a request is whole; for the first `early` ones when its headers are here.
  init(_ count: Counter, early: Int, _ script: @escaping @Sendable (ScriptedRequest) -> Void) {
    self.script = script
    self.count = count
    self.early = early
  }

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {}
  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  {
    count.increment()
    return Exchange(script, count.current, count.current <= early)
  }
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {}
  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {}

  private final class Exchange: HTTP2StreamDelegate {
    let script: (ScriptedRequest) -> Void
    let number: Int
    let early: Bool
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    init(_ script: @escaping (ScriptedRequest) -> Void, _ number: Int, _ early: Bool) {
      self.script = script
      self.number = number
      self.early = early
    }

    func stream(
      _ stream: HTTP2Stream,
      headerName: UnsafeRawBufferPointer,
      value: UnsafeRawBufferPointer
    ) {
      headers[String(decoding: headerName, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
    }
    func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {
      if early { play(stream) }
    }
    func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
      body.append(contentsOf: data)
      stream.consume(data.count)
    }
    func streamDidReachEnd(_ stream: HTTP2Stream) {
      if !early { play(stream) }
    }
    func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
    func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {}

    private func play(_ stream: HTTP2Stream) {
      script(
        ScriptedRequest(
          number: number,
          headers: headers,
          body: body,
          stream: stream,
          connection: stream.connection
        )
      )
    }
  }
}

/// What a test's other side saw, from whatever thread.
final class Recorded<Element: Sendable>: Sendable {
  private let values = Mutex<[Element]>([])
  var all: [Element] { values.withLock(\.self) }
  func append(_ value: Element) { values.withLock { $0.append(value) } }
}

/// A channel in memory to a server that a script plays; connections are made anew as often as
/// needed.
func withScriptedServer(
  _ configuration: ChannelConfiguration = ChannelConfiguration(security: .plaintext),
  early: Int = 0,
  _ script: @escaping @Sendable (ScriptedRequest) -> Void,
  _ body: (EchoServiceClient, Channel) async throws -> Void
) async throws {
  let loop = try EventLoop()
  try loop.start()
  let count = Counter()
  let channel = Channel(configuration: configuration, loop: loop) { loop in
    let ends = Transport.pipe(loop, loop)
    let peer = ScriptedPeer(count, early: early, script)
    _ = HTTP2Connection(role: .server, transport: ends.server, delegate: peer)
    return ends.client
  }
  let outcome: Result<Void, any Error>
  do { outcome = .success(try await body(EchoServiceClient(channel), channel)) } catch {
    outcome = .failure(error)
  }
  await channel.close()
  await loop.stopAndWait()
  try outcome.get()
}

/// Options with something set.
func options(
  timeout: Duration? = nil,
  _ change: (inout CallOptions) -> Void
) -> CallOptions {
  var options = CallOptions(timeout: timeout)
  change(&options)
  return options
}

import MartletHTTP2
import MartletNet
import Testing

/// Runs `body` on the loop's thread and returns what it returns.
func on<T: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () throws -> T) async throws
  -> T
{
  try await withCheckedThrowingContinuation { continuation in
    loop.execute { continuation.resume(with: Result { try body() }) }
  }
}

/// Waits until `condition`, looked at on the loop, holds; fails after five seconds.
func eventually(
  _ loop: EventLoop,
  _ what: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: @escaping @Sendable () -> Bool
) async throws {
  for _ in 0..<2_500 {
    if try await on(loop, condition) { return }
    try await Task.sleep(for: .milliseconds(2))
  }
  Issue.record(what, sourceLocation: sourceLocation)
}

/// Records what happens on a stream; what it does on its own is set by the test.
final class StreamLog: HTTP2StreamDelegate, @unchecked Sendable {
  var headers: [(String, String)] = []
  var heads: [(kind: HTTP2HeadersKind, endStream: Bool)] = []
  var body: [UInt8] = []
  var ended = 0
  var writable = 0
  var closed: [HTTP2ErrorCode] = []
  var consumes = true
  var stream: HTTP2Stream?
  var onHead: ((HTTP2Stream) -> Void)?
  var onData: ((HTTP2Stream) -> Void)?
  var onEnd: ((HTTP2Stream) -> Void)?

  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {
    headers.append(
      (String(decoding: headerName, as: UTF8.self), String(decoding: value, as: UTF8.self))
    )
  }
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {
    heads.append((kind, endStream))
    onHead?(stream)
  }
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
    body.append(contentsOf: data)
    if consumes { stream.consume(data.count) }
    onData?(stream)
  }
  func streamDidReachEnd(_ stream: HTTP2Stream) {
    ended += 1
    onEnd?(stream)
  }
  func streamDidBecomeWritable(_ stream: HTTP2Stream) { writable += 1 }
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) { closed.append(errorCode) }

  func value(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
}

/// Records what happens on a connection and gives each request a `StreamLog`.
final class ConnectionLog: HTTP2ConnectionDelegate, @unchecked Sendable {
  var ready = 0
  var goAways: [HTTP2ErrorCode] = []
  var closed: [HTTP2Error?] = []
  var streams: [StreamLog] = []
  var prepare: ((StreamLog) -> Void)?
  var onReady: ((HTTP2Connection) -> Void)?
  var connection: HTTP2Connection?

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {
    ready += 1
    onReady?(connection)
  }
  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  {
    let log = StreamLog()
    log.stream = stream
    streams.append(log)
    prepare?(log)
    return log
  }
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {
    goAways.append(code)
  }
  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {
    closed.append(error)
  }
}

/// A client and a server joined by a pipe on one loop.
final class Pair: Sendable {
  let loop: EventLoop
  let server: ConnectionLog
  let client: ConnectionLog

  init(
    server serverConfiguration: HTTP2Configuration = HTTP2Configuration(),
    client clientConfiguration: HTTP2Configuration = HTTP2Configuration(),
    fragment: Int = .max,
    echo: Bool = false,
    on sharedLoop: EventLoop? = nil,
    onReady: (@Sendable (HTTP2Connection) -> Void)? = nil
  ) async throws {
    let loop = try sharedLoop ?? EventLoop()
    if sharedLoop == nil { try loop.start() }
    self.loop = loop
    let logs = (ConnectionLog(), ConnectionLog())
    server = logs.0
    client = logs.1
    logs.1.onReady = onReady
    if echo { logs.0.prepare = echoBody }
    try await on(loop) {
      let ends = Transport.pipe(loop, loop, fragment: fragment)
      logs.0.connection = HTTP2Connection(
        role: .server,
        transport: ends.server,
        configuration: serverConfiguration,
        delegate: logs.0
      )
      logs.1.connection = HTTP2Connection(
        role: .client,
        transport: ends.client,
        configuration: clientConfiguration,
        delegate: logs.1
      )
    }
    let client = client
    try await eventually(loop, "the client gets the server's settings") { client.ready == 1 }
  }

  /// Opens a stream, writes `body` and, if told so, ends our side.
  func request(_ body: [UInt8] = [], finish: Bool = true) async throws -> StreamLog {
    let client = client
    return try await on(loop) {
      let log = StreamLog()
      let connection = try #require(client.connection)
      log.stream = try connection.openStream(requestHeaders(), delegate: log)
      if !body.isEmpty { log.stream?.write(body) }
      if finish { log.stream?.finish() }
      return log
    }
  }

  func stop() async {
    await loop.stopAndWait()
    server.connection = nil
    client.connection = nil
  }
}

func requestHeaders() -> HTTP2HeaderList {
  var headers = HTTP2HeaderList()
  headers.append(":method", "POST")
  headers.append(":scheme", "http")
  headers.append(":path", "/martlet.v1.Test/Echo" as String)
  headers.append(":authority", "localhost" as String)
  headers.append("x-note" as String, "grüße" as String)
  return headers
}

func responseHeaders() -> HTTP2HeaderList {
  var headers = HTTP2HeaderList()
  headers.append(":status", "200")
  headers.append("content-type", "application/grpc")
  return headers
}

func trailers() -> HTTP2HeaderList {
  var headers = HTTP2HeaderList()
  headers.append("grpc-status", "0")
  return headers
}

/// Answers with the request's body once that is complete.
func echoBody(_ log: StreamLog) {
  log.onEnd = { [unowned log] stream in
    stream.submitResponse(responseHeaders())
    stream.write(log.body)
    stream.finish(trailers: trailers())
  }
}

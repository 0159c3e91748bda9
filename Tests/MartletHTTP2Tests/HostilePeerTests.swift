import MartletHTTP2
import MartletNet
import Testing

@Suite struct HostilePeerTests {
  /// Sends `bytes` and expects GOAWAY with `code`, then the end.
  private func expectEnd(
    _ code: HTTP2ErrorCode,
    after bytes: [UInt8],
    configuration: HTTP2Configuration = HTTP2Configuration(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let peer = try await RawPeer(against: .server, configuration: configuration)
    try await peer.send(RawPeer.preface + bytes)
    try await eventually(peer.loop, "it ends", sourceLocation: sourceLocation) {
      peer.isClosed && peer.other.closed.count == 1
    }
    try await on(peer.loop) {
      #expect(peer.goAway == code.rawValue, sourceLocation: sourceLocation)
      #expect(peer.other.connection?.openStreamCount == 0, sourceLocation: sourceLocation)
    }
    await peer.stop()
  }

  private var fewResets: HTTP2Configuration {
    var configuration = HTTP2Configuration()
    configuration.limits.resetBurst = 50
    configuration.limits.resetsPerSecond = 1
    configuration.limits.idleFrameBurst = 50
    configuration.limits.idleFramesPerSecond = 1
    return configuration
  }

  /// `count` requests, each with `frame` after it.
  private static func requests(
    _ count: Int,
    then frame: (UInt32) -> [UInt8]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in 0..<UInt32(count) {
      let id = 2 * number + 1
      bytes += RawPeer.frame(type: 1, flags: 4, stream: id, RawPeer.requestBlock)
      bytes += frame(id)
    }
    return bytes
  }

  private static func openAndReset(_ count: Int) -> [UInt8] {
    requests(count) { RawPeer.frame(type: 3, stream: $0, [0, 0, 0, 8]) }
  }

  @Test("streams that are reset as fast as they are opened end the connection")
  func rapidReset() async throws {
    try await expectEnd(
      .enhanceYourCalm,
      after: Self.openAndReset(200),
      configuration: fewResets
    )
  }

  @Test("a server's resets of streams that a client has not opened, or no longer, count as idle")
  func resetsOfNothing() async throws {
    let peer = try await RawPeer(against: .client, configuration: fewResets)
    try await peer.send(RawPeer.frame(type: 4))
    try await eventually(peer.loop, "it is ready") { peer.other.ready == 1 }
    let call = StreamLog()
    try await on(peer.loop) {
      call.stream = try peer.other.connection?.openStream(requestHeaders(), delegate: call)
    }
    try await peer.send(RawPeer.frame(type: 3, stream: 1, [0, 0, 0, 8]))
    try await eventually(peer.loop, "the call ends") { call.closed == [.cancel] }
    try await on(peer.loop) { #expect(peer.other.closed.isEmpty) }
    let flood = (0..<200).flatMap { _ in RawPeer.frame(type: 3, stream: 1, [0, 0, 0, 8]) }
    try await peer.send(flood)
    try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
    try await on(peer.loop) {
      #expect(peer.other.closed == [.peerViolation(.enhanceYourCalm, "idleFramesPerSecond")])
    }
    await peer.stop()
  }

  @Test("resets within the budget are harmless")
  func someResets() async throws {
    let peer = try await RawPeer(against: .server, configuration: fewResets)
    try await peer.send(RawPeer.preface + Self.openAndReset(40))
    try await eventually(peer.loop, "all are seen") {
      peer.other.streams.count == 40 && peer.other.streams.allSatisfy { $0.closed == [.cancel] }
    }
    try await on(peer.loop) { #expect(peer.other.closed.isEmpty && peer.goAway == nil) }
    await peer.stop()
  }

  @Test("streams that the peer makes us reset count like its own resets")
  func madeYouReset() async throws {
    // A window of over 2^31 - 1 is an error of the stream (RFC 9113, section 6.9.1).
    let bytes = Self.requests(200) { RawPeer.frame(type: 8, stream: $0, [0x7f, 0xff, 0xff, 0xff]) }
    try await expectEnd(.enhanceYourCalm, after: bytes, configuration: fewResets)
  }

  @Test(
    "frames without work end the connection when there are too many",
    arguments: [
      RawPeer.frame(type: 6, [0, 0, 0, 0, 0, 0, 0, 0]),
      RawPeer.frame(type: 4),
      RawPeer.frame(type: 2, stream: 1, [0, 0, 0, 3, 7]),
      RawPeer.frame(type: 0, stream: 1),
    ]
  )
  func idleFrames(frame: [UInt8]) async throws {
    let request = RawPeer.frame(type: 1, flags: 4, stream: 1, RawPeer.requestBlock)
    let flood = [[UInt8]](repeating: frame, count: 100).flatMap { $0 }
    try await expectEnd(.enhanceYourCalm, after: request + flood, configuration: fewResets)
  }

  @Test(
    "a server reads no more from a peer that takes no answers, whatever it sends",
    arguments: [100_000, 200_000]
  )
  func flooderWhoNeverReads(answerBytes: Int) async throws {
    let peer = try await RawPeer(against: .server)
    peer.other.prepare = { log in
      guard log.stream?.id == 1 else { return }
      log.onHead = { stream in
        var headers = HTTP2HeaderList()
        headers.append(":status", "200")
        stream.submitResponse(headers)
        stream.write([UInt8](repeating: 1, count: answerBytes))
      }
    }
    let wideWindows =
      RawPeer.frame(type: 4, [0, 4, 0x7f, 0xff, 0xff, 0xff])
      + RawPeer.frame(type: 8, stream: 0, [0x7f, 0, 0, 0])
    try await on(peer.loop) { peer.transport?.pauseReading() }
    try await peer.send(RawPeer.preface + wideWindows + Self.requests(1) { _ in [] })
    try await eventually(peer.loop, "the answer waits for the peer") {
      (peer.other.connection?.transport.pendingByteCount ?? 0) > 0
    }
    // Our SETTINGS stay unacknowledged, so each further stream only costs the server a reset.
    let flood = Self.requests(200_000) { _ in [] }
    try await peer.send(Array(flood.dropFirst(Self.requests(1) { _ in [] }.count)))
    try await Task.sleep(for: .milliseconds(500))
    try await on(peer.loop) {
      #expect((peer.transport?.pendingByteCount ?? 0) > 2 << 20)
      #expect(peer.other.streams.count < 20_000)
    }
    await peer.stop()
  }

  @Test("a header list in endless CONTINUATION frames ends the connection")
  func continuations() async throws {
    let start = RawPeer.frame(type: 1, stream: 1, RawPeer.requestBlock)
    let more = RawPeer.frame(type: 9, stream: 1, [0x00, 0x01, 0x78, 0x01, 0x79])
    let flood = [[UInt8]](repeating: more, count: 50).flatMap { $0 }
    try await expectEnd(.enhanceYourCalm, after: start + flood)
  }

  @Test("a SETTINGS frame of too many entries ends the connection")
  func settingsEntries() async throws {
    let entries = [[UInt8]](repeating: [0, 4, 0, 1, 0, 0], count: 200).flatMap { $0 }
    let peer = try await RawPeer(against: .server)
    try await peer.send(RawPeer.preface + RawPeer.frame(type: 4, entries))
    try await eventually(peer.loop, "it ends") { peer.isClosed && peer.other.closed.count == 1 }
    await peer.stop()
  }

  @Test("frames that break the protocol get the code that the RFC names")
  func violations() async throws {
    // DATA on stream 0; a frame over the size limit; an odd PING; a broken header block.
    try await expectEnd(.protocolError, after: RawPeer.frame(type: 0, stream: 0, [1]))
    try await expectEnd(
      .frameSizeError,
      after: RawPeer.frame(type: 0, stream: 1, [UInt8](repeating: 0, count: 20_000))
    )
    try await expectEnd(.frameSizeError, after: RawPeer.frame(type: 6, [1]))
    try await expectEnd(
      .compressionError,
      after: RawPeer.frame(type: 1, flags: 4, stream: 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    )
  }

  @Test("a connection that breaks off within a frame ends without an answer to it")
  func truncated() async throws {
    let whole =
      RawPeer.preface + RawPeer.frame(type: 1, flags: 4, stream: 1, RawPeer.requestBlock)
      + RawPeer.frame(type: 0, stream: 1, Array("hello".utf8))
    for cut in stride(from: 1, to: whole.count, by: 3) {
      let peer = try await RawPeer(against: .server)
      try await peer.send(Array(whole.prefix(cut)))
      try await on(peer.loop) { peer.transport?.closeInOrder() }
      try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
      try await on(peer.loop) {
        #expect(peer.other.streams.allSatisfy { $0.closed.count == 1 && $0.ended == 0 })
      }
      await peer.stop()
    }
  }

  @Test("random bytes after the preface never do harm")
  func noise() async throws {
    for _ in 0..<60 {
      let peer = try await RawPeer(against: Bool.random() ? .server : .client)
      let count = Int.random(in: 1...400)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      // Often a plausible frame head, so that more than the length check is reached.
      if Bool.random(), count > 9 { bytes.replaceSubrange(0..<4, with: [0, 0, 5, bytes[3] % 10]) }
      try await peer.send(RawPeer.preface + bytes)
      try await on(peer.loop) { peer.transport?.closeInOrder() }
      try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
      await peer.stop()
    }
  }

  @Test("a peer that says nothing is cut when the preface's time is over")
  func silence() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.prefaceTimeout = .milliseconds(50)
    let peer = try await RawPeer(against: .server, configuration: configuration)
    try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
    try await on(peer.loop) {
      #expect(peer.other.closed == [.transport(.timeout("HTTP/2 preface"))])
    }
    await peer.stop()
  }

  @Test("a client tells a server that does not speak HTTP/2 apart")
  func notHTTP2() async throws {
    let peer = try await RawPeer(against: .client)
    try await peer.send(Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8))
    try await eventually(peer.loop, "it ends") { peer.other.closed.count == 1 }
    try await on(peer.loop) {
      #expect(peer.other.ready == 0)
      #expect(peer.other.closed.first != .some(nil))
    }
    await peer.stop()
  }
}

@Suite struct HTTP1Tests {
  @Test(
    "an HTTP/1.1 request gets a short text and the end",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", true),
      ("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", false),
      ("GET /x HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found", true),
      ("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 501 Not Implemented", true),
      ("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported", true),
      ("GET /\r\n\r\n", "HTTP/1.1 400 Bad Request", true),
      ("\u{16}\u{3}\u{1}\u{2}\u{0}", "HTTP/1.1 400 Bad Request", true),
      ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported", true),
      (
        "GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 9_000))", "HTTP/1.1 431 Request", true
      ),
    ],
    [Int.max, 1]
  )
  func answers(_ example: (request: String, status: String, hasBody: Bool), fragment: Int)
    async throws
  {
    let peer = try await RawPeer(against: .server, fragment: fragment)
    try await peer.send(Array(example.request.utf8))
    try await eventually(peer.loop, "it ends") { peer.isClosed && peer.other.closed == [nil] }
    let answer = try await on(peer.loop) { String(decoding: peer.received, as: UTF8.self) }
    #expect(answer.hasPrefix(example.status), "\(example.request.debugDescription): \(answer)")
    #expect(answer.hasSuffix("gRPC server. It speaks HTTP/2.\n") == example.hasBody)
    await peer.stop()
  }
}

import MartletNet
import Testing

@testable import MartletHTTP2

@Suite struct FrameProgressTests {
  private func time(_ seconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: seconds * 1_000_000_000)
  }

  private func receive(_ progress: inout FrameProgress, _ bytes: [UInt8], at seconds: UInt64) {
    let now = time(seconds)
    bytes.withUnsafeBytes { bytes in
      var position = 0
      while progress.next(in: bytes, &position, now: now) != nil {}
    }
  }

  @Test("each byte of a preface, frames and header blocks tells what is unfinished")
  func everySplit() {
    let data = RawPeer.frame(type: 0, stream: 1, [1, 2, 3])
    let start = RawPeer.frame(type: 1, stream: 1, RawPeer.requestBlock)
    let middle = RawPeer.frame(type: 9, stream: 1, [0])
    let end = RawPeer.frame(type: 9, flags: 4, stream: 1, [0])
    let empty = RawPeer.frame(type: 4, flags: 1)
    var bytes = [UInt8](repeating: 0x50, count: 24)
    var expected = [FrameProgress.Unfinished?](repeating: .frame, count: 23) + [nil]
    for frame in [data, start, middle, end, empty, data] {
      let isBlock = frame[3] == 1 || frame[3] == 9
      expected += [FrameProgress.Unfinished?](repeating: .head, count: 8)
      expected += [FrameProgress.Unfinished?](
        repeating: isBlock ? .head : .frame,
        count: frame.count - 8
      )
      if !isBlock || frame == end { expected[expected.count - 1] = nil }
      bytes += frame
    }
    // One byte at a time, and whole up to each byte.
    var slow = FrameProgress(prefaceBytes: 24, now: time(0))
    for (index, byte) in bytes.enumerated() {
      receive(&slow, [byte], at: UInt64(index))
      #expect(slow.unfinished == expected[index], "after byte \(index)")
      var fast = FrameProgress(prefaceBytes: 24, now: time(0))
      receive(&fast, Array(bytes[...index]), at: 1)
      #expect(fast.unfinished == expected[index], "up to byte \(index)")
    }
  }

  @Test("a header block's time runs from its first frame, another frame's from its own")
  func begun() {
    var progress = FrameProgress(prefaceBytes: 0, now: time(0))
    receive(&progress, RawPeer.frame(type: 1, stream: 1, RawPeer.requestBlock), at: 5)
    receive(&progress, Array(RawPeer.frame(type: 9, stream: 1, [0]).prefix(9)), at: 6)
    #expect(progress.begun == time(5))
    receive(&progress, [0], at: 7)
    receive(&progress, RawPeer.frame(type: 9, flags: 4, stream: 1, [0]), at: 8)
    #expect(progress.unfinished == nil)
    receive(&progress, [0, 0], at: 9)
    receive(&progress, [3, 0, 0, 0, 0, 0, 1, 7], at: 10)
    #expect(progress.unfinished == .frame && progress.begun == time(9))
    progress.forgive(now: time(20))
    #expect(progress.begun == time(20))
  }
}

@Suite struct PingGuardTests {
  @Test("two PINGs too early are forgiven, the third is not; sending something clears the count")
  func strikes() {
    var guardian = PingGuard()
    var now = MonotonicTime(nanoseconds: 1)
    func ping(after seconds: Int) -> Bool {
      now = now + .seconds(seconds)
      return guardian.receivedPing(now: now, minInterval: .seconds(10), maxStrikes: 2)
    }
    #expect(ping(after: 0) && ping(after: 1) && ping(after: 1))
    guardian.sentSomething()
    #expect(ping(after: 1) && ping(after: 10) && ping(after: 11))
    #expect(ping(after: 9) && ping(after: 9))
    #expect(!ping(after: 9))
  }
}

@Suite struct SlowPeerTests {
  private static let ping = RawPeer.frame(type: 6, [0, 0, 0, 0, 0, 0, 0, 1])
  private static let request = RawPeer.frame(type: 1, flags: 4, stream: 1, RawPeer.requestBlock)

  private func expectEnd(_ peer: RawPeer, _ text: String) async throws {
    try await eventually(peer.loop, "it ends") { peer.isClosed && peer.other.closed.count == 1 }
    try await on(peer.loop) {
      #expect(peer.goAways == [HTTP2ErrorCode.enhanceYourCalm.rawValue])
      #expect(peer.goAwayText == text)
      #expect(peer.other.closed == [.peerViolation(.enhanceYourCalm, text)])
    }
    await peer.stop()
  }

  @Test("a client that asks for signs of life too often is told so and sent away")
  func tooManyPings() async throws {
    let peer = try await RawPeer(against: .server)
    try await peer.send(RawPeer.preface + Self.request + Self.ping + Self.ping + Self.ping)
    try await eventually(peer.loop, "three are answered") {
      peer.frames.count { $0.type == 6 && $0.flags == 1 } == 3
    }
    try await on(peer.loop) { #expect(peer.goAways.isEmpty) }
    try await peer.send(Self.ping)
    try await expectEnd(peer, "too_many_pings")
  }

  @Test("PINGs are free while the server sends something, or where the interval is nil")
  func freePings() async throws {
    var configuration = HTTP2Configuration()
    let peer = try await RawPeer(against: .server)
    peer.other.prepare = { log in log.onHead = { $0.submitResponse(responseHeaders()) } }
    try await peer.send(RawPeer.preface + Self.request)
    for count in 1...8 {
      try await peer.send(Self.ping)
      try await eventually(peer.loop, "it is answered") {
        peer.frames.count { $0.type == 6 && $0.flags == 1 } == count
      }
      try await on(peer.loop) { peer.other.streams[0].stream?.write([1]) }
      try await eventually(peer.loop, "it comes") {
        peer.frames.count { $0.type == 0 } == count
      }
    }
    try await on(peer.loop) { #expect(peer.other.closed.isEmpty && peer.goAways.isEmpty) }
    await peer.stop()

    configuration.minPingInterval = nil
    let free = try await RawPeer(against: .server, configuration: configuration)
    try await free.send(RawPeer.preface + [[UInt8]](repeating: Self.ping, count: 50).flatMap { $0 })
    try await eventually(free.loop, "all are answered") {
      free.frames.count { $0.type == 6 && $0.flags == 1 } == 50
    }
    await free.stop()
  }

  @Test(
    "a header block that trickles in ends the connection, however it is split",
    arguments: [false, true]
  )
  func slowHeaders(inContinuations: Bool) async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.headerTimeout = .milliseconds(200)
    configuration.limits.maxContinuations = 1_000
    let peer = try await RawPeer(against: .server, configuration: configuration)
    let start = MonotonicTime.read()
    try await peer.send(RawPeer.preface)
    if inContinuations {
      try await peer.send(RawPeer.frame(type: 1, stream: 1, RawPeer.requestBlock))
    }
    let trickle =
      inContinuations
      ? RawPeer.frame(type: 9, stream: 1, [0x00, 0x01, 0x78, 0x01, 0x79])
      : Array(RawPeer.frame(type: 1, flags: 4, stream: 1, [UInt8](repeating: 0, count: 200)))
    for byte in 0..<200 {
      if try await on(peer.loop, { peer.isClosed }) { break }
      try await peer.send(inContinuations ? trickle : [trickle[byte]])
      try await Task.sleep(for: .milliseconds(10))
    }
    try await expectEnd(peer, "headerTimeout")
    #expect(.read() - start >= .milliseconds(200))
  }

  @Test("a frame that stays unfinished ends the connection, and only that")
  func slowBody() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.headerTimeout = .milliseconds(60)
    configuration.limits.frameTimeout = .milliseconds(1_500)
    let peer = try await RawPeer(against: .server, configuration: configuration)
    let data = RawPeer.frame(type: 0, stream: 1, [1, 2, 3, 4])
    try await peer.send(RawPeer.preface + Self.request)
    // Slower than a header may be, but each frame ends in time.
    for _ in 0..<4 {
      try await peer.send(Array(data.prefix(11)))
      try await Task.sleep(for: .milliseconds(120))
      try await peer.send(Array(data.suffix(2)))
    }
    try await on(peer.loop) {
      #expect(peer.other.closed.isEmpty && peer.other.streams[0].body.count == 16)
    }
    try await peer.send(Array(data.prefix(11)))
    try await expectEnd(peer, "frameTimeout")
  }

  @Test("a peer whose kernel takes nothing is cut; one that takes a little is not")
  func writeStall() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.writeStallTimeout = .milliseconds(800)
    let peer = try await RawPeer(against: .server, configuration: configuration)
    peer.other.prepare = { log in
      log.onHead = { stream in
        stream.submitResponse(responseHeaders())
        stream.write([UInt8](repeating: 1, count: 1 << 20))
      }
    }
    let wide =
      RawPeer.frame(type: 4, [0, 4, 0x7f, 0xff, 0xff, 0xff])
      + RawPeer.frame(type: 8, stream: 0, [0x7f, 0, 0, 0])
    try await on(peer.loop) { peer.transport?.pauseReading() }
    try await peer.send(RawPeer.preface + wide + Self.request)
    for _ in 0..<12 {
      try await Task.sleep(for: .milliseconds(100))
      // It reads what has arrived, and nothing more.
      try await on(peer.loop) {
        peer.transport?.resumeReading()
        peer.loop.execute { peer.transport?.pauseReading() }
      }
    }
    try await on(peer.loop) {
      #expect((peer.other.connection?.transport.pendingByteCount ?? 0) > 0)
      #expect(peer.other.closed.isEmpty)
    }
    try await eventually(peer.loop, "it is cut") { peer.other.closed.count == 1 }
    try await on(peer.loop) {
      #expect(peer.other.closed == [.transport(.timeout("the peer takes no bytes"))])
      #expect(peer.other.streams[0].closed == [.connectionLost])
    }
    await peer.stop()
  }

  @Test("a stream whose window stays shut is reset; those that move, or are idle, live on")
  func streamStall() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.streamStallTimeout = .milliseconds(250)
    var shut = HTTP2Configuration()
    shut.limits.streamWindowBytes = 1_000
    let pair = try await Pair(server: configuration, client: shut)
    pair.server.prepare = { log in log.onHead = { $0.submitResponse(responseHeaders()) } }
    let stuck = try await pair.request(finish: false)
    let moving = try await pair.request(finish: false)
    let idle = try await pair.request(finish: false)
    stuck.consumes = false
    try await eventually(pair.loop, "all are open") { pair.server.streams.count == 3 }
    try await on(pair.loop) {
      for stream in pair.server.streams.prefix(2) {
        stream.stream?.write([UInt8](repeating: 1, count: 600_000))
      }
    }
    moving.consumes = false
    for _ in 0..<500 {
      try await Task.sleep(for: .milliseconds(10))
      try await on(pair.loop) { moving.stream?.consume(1_000) }
      if try await on(pair.loop, { !stuck.closed.isEmpty }) { break }
    }
    try await eventually(pair.loop, "it is reset") { stuck.closed == [.enhanceYourCalm] }
    try await on(pair.loop) {
      #expect(moving.closed.isEmpty && idle.closed.isEmpty && pair.server.closed.isEmpty)
    }
    await pair.stop()
  }

  @Test("what waits for a client that opens no window is bounded")
  func buffered() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.maxBufferedBytes = 100_000
    var shut = HTTP2Configuration()
    shut.limits.streamWindowBytes = 0
    let pair = try await Pair(server: configuration, client: shut)
    pair.server.prepare = { log in
      log.onHead = { stream in
        stream.submitResponse(responseHeaders())
        stream.write([UInt8](repeating: 1, count: 40_000))
      }
    }
    var calls: [StreamLog] = []
    for _ in 0..<3 { calls.append(try await pair.request(finish: false)) }
    let (first, last) = (calls[0], calls[2])
    try await eventually(pair.loop, "one too many is reset") { last.closed == [.enhanceYourCalm] }
    try await on(pair.loop) {
      #expect(first.closed.isEmpty && pair.server.connection?.bufferedBytes == 80_000)
      first.stream?.reset(.cancel)
    }
    try await eventually(pair.loop, "there is room again") {
      pair.server.connection?.bufferedBytes == 40_000
    }
    await pair.stop()
  }
}

@Suite struct ConnectionAgeTests {
  @Test("a connection that is old enough drains, and is cut after its grace")
  func age() async throws {
    var configuration = HTTP2Configuration()
    configuration.maxAge = .milliseconds(200)
    configuration.maxAgeGrace = .milliseconds(200)
    let start = MonotonicTime.read()
    let pair = try await Pair(server: configuration)
    let call = try await pair.request(finish: false)
    try await eventually(pair.loop, "the client hears of it") { pair.client.goAways.count == 2 }
    #expect(.read() - start >= .milliseconds(180))
    try await on(pair.loop) { #expect(call.closed.isEmpty) }
    try await eventually(pair.loop, "both close") {
      pair.server.closed == [nil] && pair.client.closed.count == 1
    }
    #expect(.read() - start >= .milliseconds(380))
    try await on(pair.loop) { #expect(call.closed == [.connectionLost]) }
    await pair.stop()
  }

  @Test("without a grace an old connection lives as long as its streams")
  func noGrace() async throws {
    var configuration = HTTP2Configuration()
    configuration.maxAge = .milliseconds(50)
    let pair = try await Pair(server: configuration, echo: true)
    let call = try await pair.request([1], finish: false)
    try await eventually(pair.loop, "the client hears of it") { pair.client.goAways.count == 2 }
    try await Task.sleep(for: .milliseconds(100))
    try await on(pair.loop) {
      #expect(pair.server.closed.isEmpty)
      call.stream?.finish()
    }
    try await eventually(pair.loop, "both close") {
      pair.server.closed == [nil] && pair.client.closed == [nil]
    }
    try await on(pair.loop) { #expect(call.closed == [.noError] && call.body == [1]) }
    await pair.stop()
  }

  @Test("a client that has used up its stream ids drains, and its user hears of it")
  func streamIDs() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.lastStreamID = 5
    let pair = try await Pair(client: configuration, echo: true)
    var calls: [StreamLog] = []
    for number in 0..<3 { calls.append(try await pair.request([UInt8(number)])) }
    try await on(pair.loop) {
      let connection = try #require(pair.client.connection)
      #expect(!connection.canOpenStream)
      #expect(throws: HTTP2Error.noNewStreams) {
        try connection.openStream(requestHeaders(), delegate: StreamLog())
      }
    }
    try await eventually(pair.loop, "all end and both close") {
      pair.server.closed == [nil] && pair.client.closed == [nil]
    }
    let bodies = calls.map(\.body)
    #expect(bodies == [[0], [1], [2]])
    #expect(pair.client.goAways.count >= 1)
    await pair.stop()
  }
}

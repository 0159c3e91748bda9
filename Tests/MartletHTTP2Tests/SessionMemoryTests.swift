import MartletNet
import Testing

@testable import MartletHTTP2

@Suite struct BlockListTests {
  @Test("a freed block is handed out again for a request of its size class, and only then")
  func reuse() {
    var lists = BlockLists()
    defer { lists.free() }
    let first = lists.take(100)
    lists.give(first)
    #expect(lists.take(200) != first)
    #expect(lists.take(112) == first)
    #expect(lists.keptBytes == 0)
  }

  @Test("what is kept is bounded, whatever was freed")
  func bounded() {
    var lists = BlockLists()
    defer { lists.free() }
    let blocks = (0..<2_000).map { _ in lists.take(1_000) }
    for block in blocks { lists.give(block) }
    #expect(lists.usedCount == 0)
    #expect(lists.keptBytes > 500_000 && lists.keptBytes <= HTTP2Limits.maxKeptBlockBytes)
  }

  @Test(
    "a block that grows or shrinks keeps its bytes",
    arguments: [1, 16, 17, 1_008, 1_009, 5_000]
  )
  func resize(size: Int) throws {
    var lists = BlockLists()
    defer { lists.free() }
    for target in [1, 15, 40, 1_008, 1_009, 70_000] {
      let blockBlock = lists.take(size)
      let block = try #require(blockBlock)
      for index in 0..<size {
        block.storeBytes(of: UInt8(index & 0xff), toByteOffset: index, as: UInt8.self)
      }
      let movedBlock = lists.resize(block, target)
      let moved = try #require(movedBlock)
      for index in 0..<min(size, target) {
        #expect(moved.load(fromByteOffset: index, as: UInt8.self) == UInt8(index & 0xff))
      }
      lists.give(moved)
    }
    #expect(lists.usedCount == 0)
  }

  @Test("zeroed blocks are zeroed, and sizes that overflow give nothing")
  func zeroed() throws {
    var lists = BlockLists()
    defer { lists.free() }
    let dirtyBlock = lists.take(64)
    let dirty = try #require(dirtyBlock)
    for index in 0..<64 { dirty.storeBytes(of: 0xff, toByteOffset: index, as: UInt8.self) }
    lists.give(dirty)
    let blockBlock = lists.takeZeroed(8, 8)
    let block = try #require(blockBlock)
    #expect(block == dirty)
    for index in 0..<64 { #expect(block.load(fromByteOffset: index, as: UInt8.self) == 0) }
    lists.give(block)
    #expect(lists.takeZeroed(.max, 2) == nil)
    #expect(lists.take(.max) == nil)
    #expect(lists.resize(nil, .max) == nil)
  }

  @Test("the frame buffer is lent to a session that is being made, and to nobody else")
  func frameBuffer() throws {
    var lists = BlockLists()
    defer { lists.free() }
    let size = BlockLists.frameBufferBytes
    let own = lists.resize(nil, size)
    lists.lendsFrameBuffer = true
    let lentBlock = lists.resize(nil, size)
    let lent = try #require(lentBlock)
    // A second buffer of one session is its own.
    let second = lists.resize(nil, size)
    #expect(own != lent && second != lent && own != second)
    lists.lendsFrameBuffer = true
    #expect(lists.resize(nil, size) == lent)
    lists.give(lent)
    // One that wants more gets its own, with the bytes.
    lent.storeBytes(of: 7, as: UInt8.self)
    let grownBlock = lists.resize(lent, size + 1)
    let grown = try #require(grownBlock)
    #expect(grown != lent && grown.load(as: UInt8.self) == 7)
    for block in [own, second, grown] { lists.give(block) }
    #expect(lists.usedCount == 0)
  }
}

@Suite struct SharedFrameBufferTests {
  /// A body that tells its stream and every place in it.
  private static func body(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) ^ (number &* 77)) }
  }

  @Test(
    "sessions of one loop that stop in the middle of their data never see each other's frames",
    arguments: [Int.max, 777]
  )
  func interrupted(fragment: Int) async throws {
    var pairs: [Pair] = []
    let loop = try EventLoop()
    try loop.start()
    for _ in 0..<6 { pairs.append(try await Pair(fragment: fragment, echo: true, on: loop)) }
    #expect(try await on(loop) { SessionMemory.of(loop).blocks.pointee.lentCount } == 12)
    var calls: [(StreamLog, [UInt8])] = []
    for (number, pair) in pairs.enumerated() {
      // Each client stops reading for a while, so that its server stops wherever it then is.
      try await on(loop) { pair.client.connection?.transport.pauseReading() }
      for size in [0, 1, 16_383, 16_384, 16_385, 150_000] {
        let body = Self.body(number + size, size)
        calls.append((try await pair.request(body), body))
      }
    }
    for round in 0..<20 {
      let pair = pairs[round % pairs.count]
      try await on(loop) { pair.client.connection?.transport.resumeReading() }
      try await Task.sleep(for: .milliseconds(2))
      if round < 14 { try await on(loop) { pair.client.connection?.transport.pauseReading() } }
    }
    for (call, body) in calls {
      try await eventually(loop, "it ends") { call.closed == [.noError] }
      #expect(try await on(loop) { call.body == body })
    }
    await pairs[0].stop()
    for pair in pairs { await pair.stop() }
  }

  @Test("a session made while another sends leaves that one's frame alone")
  func madeWithin() async throws {
    let pair = try await Pair(echo: true)
    let maker = SessionMaker(loop: pair.loop)
    try await on(pair.loop) {
      let connection = try #require(pair.client.connection)
      maker.stream = try connection.openStream(requestHeaders(), delegate: maker)
      maker.stream?.write([1])
    }
    try await eventually(pair.loop, "the request comes") {
      pair.server.streams.first?.body == [1]
    }
    // The stream is reported closed while its RST_STREAM stands in the frame buffer.
    try await on(pair.loop) { maker.stream?.reset(.cancel) }
    try await eventually(pair.loop, "it arrives, and the new one gets its settings") {
      pair.server.streams.first?.closed == [.cancel] && maker.client.ready == 1
    }
    let next = try await pair.request([2])
    try await eventually(pair.loop, "the first connection lives") { next.closed == [.noError] }
    try await on(pair.loop) { #expect(pair.server.closed.isEmpty && next.body == [2]) }
    await pair.stop()
  }

  @Test("header blocks of several frames come whole beside each other")
  func continuations() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.maxHeaderListBytes = 60 << 10
    let loop = try EventLoop()
    try loop.start()
    var pairs: [Pair] = []
    for _ in 0..<4 { pairs.append(try await Pair(server: configuration, echo: true, on: loop)) }
    var calls: [StreamLog] = []
    for (number, pair) in pairs.enumerated() {
      let call = StreamLog()
      calls.append(call)
      try await on(loop) {
        var headers = requestHeaders()
        // Not compressible, so that the block takes three frames.
        headers.append("x-long", Self.text(number))
        call.stream = try pair.client.connection?.openStream(headers, delegate: call)
        call.stream?.write([UInt8(number)])
        call.stream?.finish()
      }
    }
    for (number, call) in calls.enumerated() {
      try await eventually(loop, "it ends") { call.closed == [.noError] }
      let pair = pairs[number]
      try await on(loop) {
        #expect(call.body == [UInt8(number)])
        #expect(pair.server.streams.first?.value("x-long") == Self.text(number))
      }
    }
    for pair in pairs { await pair.stop() }
  }

  private static func text(_ number: Int) -> String {
    String(decoding: (0..<45_000).map { 0x21 + UInt8(($0 &* 7 + number) % 94) }, as: UTF8.self)
  }

  @Test("all memory that sessions took is back when their connections are closed")
  func freed() async throws {
    let loop = try EventLoop()
    try loop.start()
    let pair = try await Pair(echo: true, on: loop)
    for _ in 0..<5 {
      let call = try await pair.request([1, 2, 3])
      try await eventually(loop, "it ends") { call.closed == [.noError] }
    }
    try await on(loop) {
      pair.client.connection?.transport.close()
      pair.server.connection?.transport.close()
    }
    try await eventually(loop, "both close") {
      pair.client.closed.count == 1 && pair.server.closed.count == 1
    }
    #expect(try await on(loop) { SessionMemory.of(loop).blocks.pointee.usedCount } == 0)
    await pair.stop()
  }
}

/// Makes a client's connection as soon as its stream has closed.
private final class SessionMaker: HTTP2StreamDelegate, @unchecked Sendable {
  let loop: EventLoop
  let client = ConnectionLog()
  private let server = ConnectionLog()
  var stream: HTTP2Stream?

  init(loop: EventLoop) { self.loop = loop }

  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {
    let ends = Transport.pipe(loop, loop)
    server.connection = HTTP2Connection(
      role: .server,
      transport: ends.server,
      delegate: server
    )
    client.connection = HTTP2Connection(
      role: .client,
      transport: ends.client,
      delegate: client
    )
  }

  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {}
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {}
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {}
  func streamDidReachEnd(_ stream: HTTP2Stream) {}
  func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
}

import MartletNet
import Testing

@testable import MartletHTTP2

@Suite struct FoldedSessionTests {
  private static func loop(delay: Duration = .milliseconds(20)) throws -> EventLoop {
    var limits = NetLimits()
    limits.foldDelay = delay
    let loop = try EventLoop(limits: limits)
    try loop.start()
    return loop
  }

  private static func bothFold(_ pair: Pair) async throws {
    try await eventually(pair.loop, "both ends are folded") {
      pair.client.connection?.isFolded == true && pair.server.connection?.isFolded == true
    }
  }

  @Test(
    "a folded session goes on: open streams, windows, header tables, settings; folded in every turn too",
    arguments: [.milliseconds(20), .zero] as [Duration]
  )
  func goesOn(delay: Duration) async throws {
    let loop = try Self.loop(delay: delay)
    let pair = try await Pair(echo: true, on: loop)
    let open = StreamLog()
    try await on(loop) {
      var headers = requestHeaders()
      // Goes into both header tables, and comes out of them below.
      headers.append("x-kept", "a value that the tables keep")
      open.stream = try pair.client.connection?.openStream(headers, delegate: open)
      open.stream?.write([1])
    }
    for round in 2...5 as ClosedRange<UInt8> {
      try await Self.bothFold(pair)
      try await on(loop) { open.stream?.write([round]) }
      try await eventually(loop, "it arrives") {
        pair.server.streams.first?.body == Array(1...round)
      }
      try await Self.bothFold(pair)
      let call = StreamLog()
      try await on(loop) {
        var headers = requestHeaders()
        headers.append("x-kept", "a value that the tables keep")
        call.stream = try pair.client.connection?.openStream(headers, delegate: call)
        call.stream?.write(Array(repeating: round, count: 100_000))
        call.stream?.finish()
      }
      try await eventually(loop, "it ends") { call.closed == [.noError] }
      try await on(loop) {
        #expect(call.body == Array(repeating: round, count: 100_000))
        #expect(pair.server.streams.last?.value("x-kept") == "a value that the tables keep")
      }
    }
    try await Self.bothFold(pair)
    try await on(loop) { open.stream?.finish() }
    try await eventually(loop, "the first stream ends well") { open.closed == [.noError] }
    await pair.stop()
  }

  @Test("more streams than a session's first table has room for, with folds between")
  func manyStreams() async throws {
    let loop = try Self.loop()
    let pair = try await Pair(on: loop)
    let calls = (0..<250).map { _ in StreamLog() }
    for half in [calls[..<20], calls[20...]] {
      try await on(loop) {
        for call in half {
          call.stream = try pair.client.connection?.openStream(requestHeaders(), delegate: call)
          call.stream?.write([1])
        }
      }
      try await eventually(loop, "they arrive") {
        pair.server.streams.suffix(half.count).allSatisfy { $0.body == [1] }
      }
      try await Self.bothFold(pair)
    }
    try await on(loop) { for call in calls { call.stream?.reset(.cancel) } }
    try await eventually(loop, "all streams close") {
      pair.server.streams.count == 250 && pair.server.streams.allSatisfy { $0.closed == [.cancel] }
    }
    try await Self.bothFold(pair)
    await pair.stop()
  }

  @Test("connections that close while they are folded give everything back")
  func closes() async throws {
    let loop = try Self.loop()
    let pair = try await Pair(echo: true, on: loop)
    let call = try await pair.request([1, 2, 3])
    try await eventually(loop, "it ends") { call.closed == [.noError] }
    let open = StreamLog()
    try await on(loop) {
      open.stream = try pair.client.connection?.openStream(requestHeaders(), delegate: open)
    }
    try await Self.bothFold(pair)
    try await on(loop) { pair.client.connection?.transport.close() }
    try await eventually(loop, "both close") {
      pair.client.closed.count == 1 && pair.server.closed.count == 1
    }
    #expect(try await on(loop) { open.closed } == [.connectionLost])
    #expect(try await on(loop) { SessionMemory.of(loop).blocks.pointee.usedCount } == 0)
    await pair.stop()
  }

  @Test("without a delay nothing is folded")
  func never() async throws {
    let pair = try await Pair(echo: true)
    try await Task.sleep(for: .milliseconds(100))
    #expect(try await on(pair.loop) { pair.server.connection?.isFolded } == false)
    await pair.stop()
  }
}

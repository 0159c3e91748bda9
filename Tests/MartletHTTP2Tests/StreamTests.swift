import MartletHTTP2
import MartletNet
import Testing

@Suite struct StreamTests {
  @Test("a request with a body gets its response, body and trailers", arguments: [Int.max, 1])
  func roundTrip(fragment: Int) async throws {
    let pair = try await Pair(fragment: fragment, echo: true)
    let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let call = try await pair.request(body)
    try await eventually(pair.loop, "the stream closes") { call.closed == [.noError] }
    try await on(pair.loop) {
      #expect(call.body == body)
      #expect(call.ended == 1)
      #expect(call.heads.map(\.kind) == [.response, .trailers])
      #expect(call.value("grpc-status") == "0")
      let seen = try #require(pair.server.streams.first)
      #expect(seen.value(":path") == "/martlet.v1.Test/Echo")
      #expect(seen.value("x-note") == "grüße")
      #expect(seen.closed == [.noError])
    }
    await pair.stop()
  }

  @Test("a body much larger than every window arrives whole, in order")
  func large() async throws {
    let pair = try await Pair(echo: true)
    var body = [UInt8](repeating: 0, count: 3_000_000)
    for index in body.indices { body[index] = UInt8(truncatingIfNeeded: index &* index >> 5) }
    let call = try await pair.request(body)
    try await eventually(pair.loop, "the stream closes") { call.closed == [.noError] }
    let echoed = try await on(pair.loop) { call.body }
    #expect(echoed == body)
    await pair.stop()
  }

  @Test("many small chunks of many streams keep their order")
  func interleaved() async throws {
    let pair = try await Pair(echo: true)
    var calls: [StreamLog] = []
    for number in 0..<20 {
      let call = try await pair.request([UInt8(number)], finish: false)
      calls.append(call)
      try await on(pair.loop) {
        for step in 0..<300 { call.stream?.write([UInt8(truncatingIfNeeded: step)]) }
        call.stream?.finish()
      }
    }
    for (number, call) in calls.enumerated() {
      try await eventually(pair.loop, "it closes") { call.closed == [.noError] }
      let body = try await on(pair.loop) { call.body }
      #expect(body == [UInt8(number)] + (0..<300).map { UInt8(truncatingIfNeeded: $0) })
    }
    try await on(pair.loop) {
      #expect(pair.client.connection?.openStreamCount == 0)
      #expect(pair.server.connection?.openStreamCount == 0)
    }
    await pair.stop()
  }

  @Test("trailers alone are a complete response")
  func trailersOnly() async throws {
    let pair = try await Pair()
    pair.server.prepare = { log in
      log.onEnd = { stream in
        var headers = responseHeaders()
        headers.append("grpc-status", "12")
        stream.submitResponse(headers, endStream: true)
        stream.write([1])
      }
    }
    let call = try await pair.request()
    try await eventually(pair.loop, "the stream closes") { call.closed == [.noError] }
    try await on(pair.loop) {
      #expect(call.heads.map(\.endStream) == [true])
      #expect(call.value("grpc-status") == "12")
      #expect(call.body.isEmpty && call.ended == 1)
    }
    await pair.stop()
  }

  @Test(
    "a reader that consumes nothing stops the sender at the window, and consuming lets it go on"
  )
  func inboundWindow() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.streamWindowBytes = 100_000
    let pair = try await Pair(server: configuration)
    pair.server.prepare = { $0.consumes = false }
    let body = [UInt8](repeating: 9, count: 1_000_000)
    let call = try await pair.request(body)
    try await eventually(pair.loop, "the window fills") {
      pair.server.streams.first?.body.count == 100_000
    }
    try await Task.sleep(for: .milliseconds(50))
    try await on(pair.loop) {
      let server = try #require(pair.server.streams.first)
      #expect(server.body.count == 100_000)
      #expect(call.stream?.bufferedBytes == 900_000)
      #expect(call.stream?.isWritable == true || call.stream?.isWritable == false)
      server.consumes = true
      server.stream?.consume(100_000)
      // More than was received is no gift to the peer.
      server.stream?.consume(100_000)
    }
    try await eventually(pair.loop, "all arrives") {
      pair.server.streams.first?.body.count == body.count
    }
    await pair.stop()
  }

  @Test("a stream of which more is expected gets a wider window, up to its limit, and keeps it")
  func expected() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.streamWindowBytes = 50_000
    configuration.limits.connectionWindowBytes = 65_535
    configuration.limits.maxStreamWindowBytes = 400_000
    configuration.limits.maxConnectionWindowBytes = 450_000
    let pair = try await Pair(server: configuration)
    pair.server.prepare = { $0.consumes = false }
    let body = [UInt8](repeating: 9, count: 1_000_000)
    _ = try await pair.request(body)
    _ = try await pair.request(body)
    for (wanted, width) in [
      (0, 50_000), (10_000, 50_000), (120_000, 120_000), (1_000_000, 400_000),
    ] {
      try await on(pair.loop) {
        if wanted > 0 { pair.server.streams.first?.stream?.expect(wanted) }
      }
      try await eventually(pair.loop, "the window of \(width) fills") {
        pair.server.streams.first?.body.count == width
      }
      try await Task.sleep(for: .milliseconds(20))
      try await on(pair.loop) {
        #expect(pair.server.streams.map(\.body.count) == [width, 50_000])
      }
    }
    // What is given back may come again, and the other stream has had its room all the while.
    try await on(pair.loop) { pair.server.streams.first?.stream?.consume(400_000) }
    try await eventually(pair.loop, "it goes on") {
      pair.server.streams.first?.body.count == 800_000
    }
    await pair.stop()
  }

  @Test("one stuck stream does not stop the others")
  func headOfLine() async throws {
    let pair = try await Pair()
    pair.server.prepare = { [unowned server = pair.server] log in
      if server.streams.count == 1 { log.consumes = false } else { echoBody(log) }
    }
    let stuck = try await pair.request([UInt8](repeating: 1, count: 1_000_000))
    let free = try await pair.request([UInt8](repeating: 2, count: 2_000_000))
    try await eventually(pair.loop, "the free one ends") { free.closed == [.noError] }
    try await on(pair.loop) { #expect(stuck.closed.isEmpty) }
    await pair.stop()
  }

  @Test("a writer learns when it has written too much and when it may go on")
  func outboundMarks() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.streamWindowBytes = 65_535
    let pair = try await Pair(server: configuration)
    pair.server.prepare = { $0.consumes = false }
    let call = try await pair.request(finish: false)
    try await on(pair.loop) {
      let stream = try #require(call.stream)
      #expect(stream.isWritable)
      stream.write([UInt8](repeating: 0, count: 200_000))
      #expect(!stream.isWritable)
    }
    try await eventually(pair.loop, "the window fills") {
      pair.server.streams.first?.body.count == 65_535
    }
    try await on(pair.loop) {
      #expect(call.writable == 0)
      let server = try #require(pair.server.streams.first)
      server.consumes = true
      server.stream?.consume(65_535)
    }
    try await eventually(pair.loop, "it may go on") { call.writable == 1 }
    try await on(pair.loop) { #expect(call.stream?.isWritable == true) }
    await pair.stop()
  }

  @Test("a reset reaches the other side with its code", arguments: [true, false])
  func reset(byClient: Bool) async throws {
    let pair = try await Pair()
    let call = try await pair.request([1, 2, 3], finish: false)
    try await eventually(pair.loop, "the request comes") {
      pair.server.streams.first?.body == [1, 2, 3]
    }
    try await on(pair.loop) {
      let stream = byClient ? call.stream : pair.server.streams.first?.stream
      stream?.reset(.cancel)
      stream?.reset(.internalError)
      stream?.write([4])
    }
    try await eventually(pair.loop, "both hear of it") {
      call.closed == [.cancel] && pair.server.streams.first?.closed == [.cancel]
    }
    try await on(pair.loop) {
      #expect(pair.server.streams.first?.body == [1, 2, 3])
      // A stream that is over takes anything without harm.
      call.stream?.write([5])
      call.stream?.finish()
      call.stream?.consume(5)
      call.stream?.reset(.cancel)
    }
    await pair.stop()
  }

  @Test("a request that is reset before it left is closed too")
  func resetAtOnce() async throws {
    let pair = try await Pair()
    let call = StreamLog()
    try await on(pair.loop) {
      let stream = try pair.client.connection?.openStream(requestHeaders(), delegate: call)
      stream?.write([1])
      stream?.reset(.cancel)
    }
    try await eventually(pair.loop, "it closes") { call.closed.count == 1 }
    try await on(pair.loop) { #expect(pair.client.connection?.openStreamCount == 0) }
    await pair.stop()
  }

  @Test(
    "a server that resets many of a client's requests is no attacker",
    arguments: [true, false]
  )
  func manyResets(isAnswered: Bool) async throws {
    let pair = try await Pair()
    pair.server.prepare = { log in
      log.onHead = { stream in
        guard isAnswered else { return stream.reset(.noError) }
        stream.submitResponse(responseHeaders())
        stream.finish(trailers: trailers())
      }
    }
    for _ in 0..<8 {
      var calls: [StreamLog] = []
      for _ in 0..<100 { calls.append(try await pair.request([1], finish: false)) }
      let begun = calls
      try await eventually(pair.loop, "all end") {
        begun.allSatisfy { $0.closed == [.noError] }
      }
    }
    try await on(pair.loop) {
      #expect(pair.client.closed.isEmpty && pair.client.goAways.isEmpty)
      #expect(pair.client.connection?.canOpenStream == true)
    }
    await pair.stop()
  }

  @Test("an answer that is complete before the request stops the client without an error")
  func earlyAnswer() async throws {
    let pair = try await Pair()
    pair.server.prepare = { log in
      log.onHead = { stream in
        stream.submitResponse(responseHeaders())
        stream.finish(trailers: trailers())
      }
    }
    let call = try await pair.request([UInt8](repeating: 0, count: 500_000), finish: false)
    try await eventually(pair.loop, "both close") {
      call.closed == [.noError] && pair.server.streams.first?.closed == [.noError]
    }
    try await on(pair.loop) {
      #expect(call.value("grpc-status") == "0")
      #expect(pair.server.connection?.isClosed == false)
    }
    await pair.stop()
  }

  @Test("a header list over the limit resets its stream and harms no other")
  func longHeaders() async throws {
    let pair = try await Pair(echo: true)
    let call = StreamLog()
    try await on(pair.loop) {
      var headers = requestHeaders()
      for number in 0..<20 {
        headers.append("x-\(number)", String(repeating: "a", count: 1_000))
      }
      _ = try pair.client.connection?.openStream(headers, endStream: true, delegate: call)
    }
    try await eventually(pair.loop, "it is reset") { call.closed == [.enhanceYourCalm] }
    try await on(pair.loop) { #expect(pair.server.streams.first?.heads.isEmpty == true) }
    let next = try await pair.request([1])
    try await eventually(pair.loop, "the next is served") { next.closed == [.noError] }
    await pair.stop()
  }
}

import MartletHTTP2
import MartletNet
import Testing

@Suite struct ConnectionTests {
  @Test("a drained server ends the streams it has, takes no more, and closes in order")
  func drain() async throws {
    let pair = try await Pair(echo: true)
    let call = try await pair.request([1, 2], finish: false)
    try await eventually(pair.loop, "the request comes") { pair.server.streams.count == 1 }
    try await on(pair.loop) { pair.server.connection?.drain() }
    try await eventually(pair.loop, "the client hears of it") { pair.client.goAways.count == 2 }
    try await on(pair.loop) {
      #expect(pair.client.connection?.canOpenStream == false)
      let connection = try #require(pair.client.connection)
      #expect(throws: HTTP2Error.noNewStreams) {
        try connection.openStream(requestHeaders(), delegate: StreamLog())
      }
      #expect(pair.server.closed.isEmpty)
      call.stream?.write([3])
      call.stream?.finish()
    }
    try await eventually(pair.loop, "both close") {
      pair.server.closed.count == 1 && pair.client.closed.count == 1
    }
    try await on(pair.loop) {
      #expect(call.closed == [.noError])
      #expect(call.body == [1, 2, 3])
      #expect(pair.server.closed == [nil] && pair.client.closed == [nil])
    }
    await pair.stop()
  }

  @Test("an idle connection drains by itself")
  func idle() async throws {
    var configuration = HTTP2Configuration()
    configuration.maxIdle = .milliseconds(100)
    let start = MonotonicTime.read()
    let pair = try await Pair(server: configuration)
    try await eventually(pair.loop, "both close") {
      pair.server.closed == [nil] && pair.client.closed == [nil]
    }
    #expect(.read() - start >= .milliseconds(100))
    await pair.stop()
  }

  @Test("a stream under way keeps a connection from being idle; a lost peer closes it")
  func lost() async throws {
    var configuration = HTTP2Configuration()
    configuration.maxIdle = .milliseconds(100)
    let call = StreamLog()
    let pair = try await Pair(server: configuration) { connection in
      call.stream = try? connection.openStream(requestHeaders(), delegate: call)
    }
    try await Task.sleep(for: .milliseconds(350))
    try await on(pair.loop) {
      #expect(pair.server.closed.isEmpty)
      pair.client.connection?.transport.close()
    }
    try await eventually(pair.loop, "the server notices") { pair.server.closed.count == 1 }
    try await on(pair.loop) {
      #expect(pair.server.closed == [.transport(.closedByPeer)])
      #expect(pair.server.streams.first?.closed == [.connectionLost])
      #expect(call.closed == [.connectionLost])
    }
    await pair.stop()
  }

  @Test("a PING comes back")
  func ping() async throws {
    let pair = try await Pair()
    let answered = StreamLog()
    try await on(pair.loop) {
      pair.client.connection?.ping { if $0 != nil { answered.ended += 1 } }
      pair.server.connection?.ping { if $0 != nil { answered.ended += 1 } }
    }
    try await eventually(pair.loop, "both come back") { answered.ended == 2 }
    await pair.stop()
  }

  @Test("a peer that answers no PING is given up")
  func keepalive() async throws {
    var configuration = HTTP2Configuration()
    configuration.keepaliveInterval = .milliseconds(40)
    configuration.keepaliveTimeout = .milliseconds(60)
    var patient = HTTP2Configuration()
    patient.minPingInterval = nil
    let pair = try await Pair(server: patient, client: configuration)
    try await Task.sleep(for: .milliseconds(200))
    try await on(pair.loop) {
      #expect(pair.client.closed.isEmpty)
      pair.server.connection?.transport.pauseReading()
    }
    try await eventually(pair.loop, "the client gives up") {
      pair.client.closed == [.keepaliveTimeout]
    }
    await pair.stop()
  }

  @Test("the server's limit of streams is the client's, too")
  func concurrency() async throws {
    var configuration = HTTP2Configuration()
    configuration.limits.maxConcurrentStreams = 3
    let pair = try await Pair(server: configuration, echo: true)
    var calls: [StreamLog] = []
    for _ in 0..<3 { calls.append(try await pair.request(finish: false)) }
    try await on(pair.loop) {
      let connection = try #require(pair.client.connection)
      #expect(!connection.canOpenStream)
      #expect(throws: HTTP2Error.tooManyStreams) {
        try connection.openStream(requestHeaders(), delegate: StreamLog())
      }
    }
    let first = calls[0]
    try await on(pair.loop) { first.stream?.finish() }
    try await eventually(pair.loop, "there is room again") {
      pair.client.connection?.canOpenStream == true
    }
    await pair.stop()
  }

  @Test("the loop's stop closes everything and tells everyone")
  func stop() async throws {
    let pair = try await Pair()
    let call = try await pair.request([1], finish: false)
    try await eventually(pair.loop, "the request comes") { pair.server.streams.count == 1 }
    await pair.stop()
    #expect(call.closed == [.connectionLost])
    #expect(pair.server.closed.count == 1 && pair.client.closed.count == 1)
  }
}

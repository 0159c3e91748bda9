import EchoSchema
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct CallKindsTests {
  @Test("a unary call gets its response", arguments: Wire.allCases)
  func unary(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, _ in
      let response = try await client.get(request("hello", paddingBytes: 300_000))
      #expect(response.text == "hello")
      #expect(response.padding.count == 300_000)
    }
  }

  @Test("a server stream arrives whole and in order", arguments: Wire.allCases)
  func serverStreaming(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, _ in
      let call = try await client.expand(request("s", count: 1000, paddingBytes: 500))
      var indexes: [UInt32] = []
      for try await response in call.responses { indexes.append(response.index) }
      #expect(indexes == Array(0..<1000))
      #expect(try await call.trailers().isEmpty)
    }
  }

  @Test("a client stream is answered once, with all of it", arguments: Wire.allCases)
  func clientStreaming(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, _ in
      let call = try await client.collect()
      for index in 0..<1000 { try await call.requests.send(request("\(index),")) }
      await call.requests.finish()
      let response = try await call.response()
      #expect(response.index == 1000)
      #expect(response.text == (0..<1000).map { "\($0)," }.joined())
    }
  }

  @Test("a bidirectional call goes back and forth", arguments: Wire.allCases)
  func bidirectional(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, _ in
      let call = try await client.chat()
      var responses = call.responses.makeAsyncIterator()
      for index in 0..<100 {
        try await call.requests.send(request("ping \(index)"))
        let answer = try await responses.next()?.text
        #expect(answer == "ping \(index)")
      }
      await call.requests.finish()
      let second = try await responses.next()
      #expect(second == nil)
      let third = try await responses.next()
      #expect(third == nil)
    }
  }

  @Test("a stream is read by generic code, by the library's adapters, and on an actor")
  func readers() async throws {
    try await EchoFixture(wire: .pipe).run { client, _ in
      let texts = (0..<20).map { "message \($0)" }
      for reader in [Reader.collect, Reader.collectMapped, Listener().collect] {
        let call = try await client.chat()
        async let received = reader(call.responses)
        for text in texts { try await call.requests.send(request(text)) }
        await call.requests.finish()
        #expect(try await received == texts)
      }
    }
  }

  @Test("both directions of a call flow at once, beyond every window", arguments: Wire.allCases)
  func bothAtOnce(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, _ in
      let call = try await client.chat()
      async let sent: Void = {
        for _ in 0..<200 { try await call.requests.send(request("x", paddingBytes: 20_000)) }
        await call.requests.finish()
      }()
      var bytes = 0
      for try await response in call.responses { bytes += response.padding.count }
      try await sent
      #expect(bytes == 200 * 20_000)
    }
  }

  @Test("calls of many tasks share the connection")
  func concurrent() async throws {
    try await EchoFixture(wire: .tls).run { client, _ in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<500 {
          group.addTask { try await client.get(request("\(index)")).text == "\(index)" }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test("more calls than the server allows at a time wait for their turn")
  func streamLimit() async throws {
    var fixture = EchoFixture()
    fixture.server.limits.maxConcurrentCallsPerConnection = 2
    try await fixture.run { client, _ in
      try await withThrowingTaskGroup(of: String.self) { group in
        for index in 0..<20 { group.addTask { try await client.get(request("\(index)")).text } }
        var answers: Set<String> = []
        for try await answer in group { answers.insert(answer) }
        #expect(answers.count == 20)
      }
    }
  }

  @Test("an empty message and an empty stream are as good as any")
  func empty() async throws {
    try await EchoFixture().run { client, _ in
      let answer = try await client.get(EchoRequest())
      #expect(answer == EchoResponse())
      let expand = try await client.expand(request("none", count: 0))
      for try await _ in expand.responses { Issue.record("there is no response") }
      let collect = try await client.collect()
      await collect.requests.finish()
      let second = try await collect.response()
      #expect(second == EchoResponse())
    }
  }

  @Test("a message larger than every window passes")
  func large() async throws {
    try await EchoFixture(wire: .tls).run { client, _ in
      var large = request("large", paddingBytes: 5_000_000)
      large.padding = [UInt8](repeating: 1, count: 3_000_000)
      let response = try await client.get(large)
      #expect(response.padding.count == 5_000_000)
    }
  }
}

private enum Reader {
  @Sendable
  static func collect(_ responses: MessageStream<EchoResponse>) async throws -> [String] {
    try await texts(of: responses)
  }

  @Sendable
  static func collectMapped(_ responses: MessageStream<EchoResponse>) async throws -> [String] {
    var texts: [String] = []
    for try await text in responses.map(\.text).prefix(100) { texts.append(text) }
    return texts
  }

  private static func texts<Responses: AsyncSequence>(
    of responses: Responses
  ) async throws -> [String] where Responses.Element == EchoResponse {
    var texts: [String] = []
    for try await response in responses { texts.append(response.text) }
    return texts
  }
}

private actor Listener {
  private var texts: [String] = []

  /// Each message is taken on the actor, whatever brings it.
  func collect(_ responses: MessageStream<EchoResponse>) async throws -> [String] {
    for try await response in responses {
      preconditionIsolated()
      texts.append(response.text)
    }
    preconditionIsolated()
    return texts
  }
}

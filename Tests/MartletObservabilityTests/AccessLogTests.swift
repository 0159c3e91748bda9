import EchoSchema
import Logging
import MartletObservability
import MartletRPC
import Synchronization
import Testing

/// Keeps what is logged.
private final class LogRecord: Sendable {
  struct Line: Sendable {
    var level: Logger.Level
    var message: String
    var fields: [String: String]
  }
  private let state = Mutex<[Line]>([])
  var lines: [Line] { state.withLock { $0 } }

  func logger(_ level: Logger.Level = .info) -> Logger {
    Logger(label: "test") { _ in Handler(record: self, logLevel: level) }
  }

  struct Handler: LogHandler {
    let record: LogRecord
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).mapValues { "\($0)" }
      let line = Line(level: event.level, message: "\(event.message)", fields: fields)
      record.state.withLock { $0.append(line) }
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct AccessLogTests {
  @Test("each call is one line with its facts, on both sides")
  func lines() async throws {
    let served = LogRecord()
    let called = LogRecord()
    let fixture = ObservabilityFixture(
      server: [AccessLog(served.logger())],
      client: [AccessLog(called.logger())]
    )
    try await fixture.run { client in
      try await ObservabilityFixture.callAll(client)
      #expect(await waitUntil { served.lines.count == 6 && called.lines.count == 6 })
    }
    let prefix = "/martlet.test.v1.EchoService/"
    let names = ["Get", "Expand", "Collect", "Chat", "Get", "Get"].map { prefix + $0 }
    let codes = ["OK", "OK", "OK", "OK", "PERMISSION_DENIED", "DEADLINE_EXCEEDED"]
    for lines in [served.lines, called.lines] {
      #expect(lines.map { $0.fields["method"] } == names)
      // Of a deadline, the client's word may come before the server's own clock.
      #expect(lines.dropLast().map { $0.fields["status"] } == codes.dropLast())
      #expect(lines.map { $0.fields["requests"] } == ["1", "1", "2", "1", "1", "1"])
      #expect(lines.map { $0.fields["responses"] } == ["1", "3", "1", "1", "0", "0"])
      #expect(lines[0].fields["request-bytes"] == "6" && lines[0].fields["response-bytes"] == "6")
      #expect(lines.allSatisfy { Double($0.fields["duration-ms"] ?? "") ?? -1 >= 0 })
      let last = Double(lines[5].fields["duration-ms"] ?? "") ?? 0
      #expect(last >= 80 && last < 9_000)
      #expect(lines.allSatisfy { $0.message == "call" && $0.level == .info })
    }
    #expect(called.lines[5].fields["status"] == "DEADLINE_EXCEEDED")
    #expect(["DEADLINE_EXCEEDED", "CANCELLED"].contains(served.lines[5].fields["status"]))
    #expect(served.lines.allSatisfy { $0.fields["peer"]?.hasPrefix("127.0.0.1:") == true })
    // The identifier that the client made is the one that the server logs.
    let ids = called.lines.map { $0.fields["request-id"] ?? "" }
    #expect(served.lines.map { $0.fields["request-id"] ?? "" } == ids)
    #expect(Set(ids).count == 6 && ids.allSatisfy { $0.count == 32 })
  }

  @Test("no metadata, no message's text and no status's text is logged unless asked for")
  func secrets() async throws {
    for asked in [false, true] {
      let served = LogRecord()
      let called = LogRecord()
      let fixture = ObservabilityFixture(
        server: [AccessLog(served.logger(), includesStatusMessages: asked)],
        client: [AccessLog(called.logger(), includesStatusMessages: asked)]
      )
      try await fixture.run { client in
        var metadata = Metadata()
        try metadata.append("Bearer t0k3n", for: "authorization")
        var failing = ObservabilityFixture.request("s3cret")
        failing.status = 7
        failing.statusMessage = "hunter2"
        _ = try? await client.get(failing, options: CallOptions(metadata: metadata))
      }
      let text = "\(served.lines) \(called.lines)"
      #expect(!text.contains("t0k3n") && !text.contains("s3cret"))
      #expect(text.contains("hunter2") == asked)
    }
  }

  @Test("the text of a status stays on its line, whatever a peer put into it")
  func forgedLines() async throws {
    let served = LogRecord()
    let called = LogRecord()
    let fixture = ObservabilityFixture(
      server: [AccessLog(served.logger(), includesStatusMessages: true)],
      client: [AccessLog(called.logger(), includesStatusMessages: true)]
    )
    try await fixture.run { client in
      var failing = ObservabilityFixture.request("x")
      failing.status = 7
      failing.statusMessage = "a\r\n2026 info: call\u{1b}[2J\u{85}\u{2028}ż"
      _ = try? await client.get(failing)
      #expect(await waitUntil { !served.lines.isEmpty && !called.lines.isEmpty })
    }
    for line in served.lines + called.lines {
      let expected = #"a\u{d}\u{a}2026 info: call\u{1b}[2J\u{85}\u{2028}ż"#
      #expect(line.fields["message"] == expected)
    }
  }

  @Test("the level follows the status, and a level that is off costs no line")
  func levels() async throws {
    let record = LogRecord()
    let log = AccessLog(record.logger(.warning)) { $0 == .ok ? .debug : .error }
    try await ObservabilityFixture(server: [log]).run { client in
      _ = try await client.get(ObservabilityFixture.request("x"))
      var failing = ObservabilityFixture.request("x")
      failing.status = 5
      _ = try? await client.get(failing)
    }
    #expect(record.lines.map(\.level) == [.error])
    #expect(record.lines.first?.fields["status"] == "NOT_FOUND")
  }

  @Test(
    "an identifier that may not stand in a log is replaced, a good one reaches the handler",
    arguments: [
      ("good-1", true), ("with space", false), (String(repeating: "x", count: 129), false),
    ]
  )
  func identifiers(given: String, isKept: Bool) async throws {
    struct Reporting: EchoServiceHandlerOfGet {
      func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
        var response = EchoResponse()
        response.text = call[RequestID.self] ?? "none"
        return response
      }
    }
    let record = LogRecord()
    var fixture = ObservabilityFixture(server: [AccessLog(record.logger())])
    fixture.handler = Reporting()
    try await fixture.run { client in
      var metadata = Metadata()
      try metadata.append(given, for: RequestID.metadataName)
      let request = ObservabilityFixture.request("x")
      let seen = try await client.get(request, options: CallOptions(metadata: metadata)).text
      #expect((seen == given) == isKept)
      #expect(seen == record.lines.first?.fields["request-id"])
    }
  }

  @Test("a call that a handler makes carries the identifier of the one it answers")
  func chain() async throws {
    let back = LogRecord()
    let front = LogRecord()
    let called = LogRecord()
    let backServer = Server(
      configuration: ServerConfiguration(),
      services: [EchoHandler().service],
      interceptors: [AccessLog(back.logger())]
    )
    let port = try #require(try backServer.start().first).port
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.interceptors = [AccessLog(called.logger())]
    let channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
    struct Forwarding: EchoServiceHandlerOfGet {
      let back: EchoServiceClient
      func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
        try await back.get(request)
      }
    }
    var fixture = ObservabilityFixture(server: [AccessLog(front.logger()), .callPropagation])
    fixture.handler = Forwarding(back: EchoServiceClient(channel))
    try await fixture.run { client in
      _ = try await client.get(ObservabilityFixture.request("x"))
    }
    await channel.close()
    await backServer.shutdown(grace: .zero)
    let id = try #require(front.lines.first?.fields["request-id"])
    #expect(back.lines.map { $0.fields["request-id"] } == [id])
    #expect(called.lines.map { $0.fields["request-id"] } == [id])
  }
}

/// A handler of `Get` alone.
protocol EchoServiceHandlerOfGet: EchoServiceHandler {}

extension EchoServiceHandlerOfGet {
  func expand(
    _ request: EchoRequest,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {}
  func collect(
    _ requests: MessageStream<EchoRequest>,
    _ call: ServerCall
  ) async throws -> EchoResponse { EchoResponse() }
  func chat(
    _ requests: MessageStream<EchoRequest>,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {}
}

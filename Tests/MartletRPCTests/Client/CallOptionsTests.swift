import EchoSchema
import MartletHTTP2
import MartletNet
import MartletWire
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct CallOptionsTests {
  @Test("each of many methods keeps its own headers, with metadata and without")
  func manyMethods() async throws {
    let methods = (0..<40).map { index in
      MethodDescriptor<EchoRequest, EchoResponse>(
        service: "test.Many",
        name: "Method\(index)",
        kind: .unary
      )
    }
    let service = RPCService(
      name: "test.Many",
      methods: methods.map { method in
        .unary(method) { _, call in
          .with { $0.text = method.path + "\(call.metadata["x-mark"] ?? "")" }
        }
      }
    )
    let server = Server(configuration: .init(listeners: []), services: [service])
    _ = try server.start()
    let channel = Channel(inProcess: server)
    for index in (0..<200).map({ $0 * 7 % 40 }) + [3, 3, 3] {
      let method = methods[index]
      let plain = try await channel.unary(method, request()).text
      #expect(plain == method.path)
      guard index % 3 == 0 else { continue }
      var options = CallOptions(timeout: .seconds(20))
      try options.metadata.set("!", for: "x-mark")
      let marked = try await channel.unary(method, request(), options: options).text
      #expect(marked == method.path + "!")
    }
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  @Test("a report gives the metadata of a call with one response")
  func report() async throws {
    let handler = CustomHandler(onGet: { request, call in
      var leading = Metadata()
      try leading.append("first", for: "x-leading")
      call.responseMetadata = leading
      var trailing = Metadata()
      try trailing.append("last", for: "x-trailing")
      if request.text == "fail" { throw RPCError(.aborted, "no", metadata: trailing) }
      call.trailingMetadata = trailing
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      for text in ["ok", "fail"] {
        let report = CallReport()
        _ = try? await client.get(request(text), options: options { $0.report = report })
        #expect(report.trailers["x-trailing"] == "last", "\(text)")
        #expect(report.attempts == 1)
        #expect(report.server == "pipe")
        if text == "ok" { #expect(report.metadata["x-leading"] == "first") }
      }
    }
  }

  @Test("the earlier of deadline and timeout counts")
  func deadline() async throws {
    try await withScriptedServer { _ in
    } _: { client, _ in
      for left in [Duration.milliseconds(50), .seconds(-1)] {
        let options = options(timeout: .seconds(60)) { $0.deadline = ContinuousClock.now + left }
        let error = await failure { try await client.get(request(), options: options) }
        #expect(error.code == .deadlineExceeded)
      }
    }
  }

  @Test("a call's own limits of message sizes go before the channel's")
  func sizes() async throws {
    try await EchoFixture().run { client, _ in
      let narrow = options { $0.maxRequestMessageBytes = 10 }
      let sent = await failure {
        try await client.get(request("longer than ten bytes"), options: narrow)
      }
      #expect(sent.code == .resourceExhausted)
      let shallow = options { $0.maxResponseMessageBytes = 1_000 }
      let received = await failure {
        try await client.get(request("", paddingBytes: 2_000), options: shallow)
      }
      #expect(received.code == .resourceExhausted)
      let wide = options { $0.maxResponseMessageBytes = 100_000 }
      let fits = try await client.get(request("", paddingBytes: 2_000), options: wide)
      #expect(fits.padding.count == 2_000)
    }
  }

  @Test("a call may name another authority, if it is one")
  func authority() async throws {
    let seen = Recorded<String?>()
    try await withScriptedServer { request in
      seen.append(request.headers[":authority"])
      request.answer("")
    } _: { client, _ in
      _ = try await client.get(request())
      let tenant = options { $0.authority = "tenant.example.com" }
      _ = try await client.get(request(), options: tenant)
      for bad in ["", "a b", "zażółć"] {
        let options = options { $0.authority = bad }
        let error = await failure { try await client.get(request(), options: options) }
        #expect(error.code == .internal)
      }
    }
    #expect(seen.all == ["localhost", "tenant.example.com"])
  }

  @Test("credentials are asked for each call, and go over TLS")
  func credentials() async throws {
    let tokens = Recorded<String?>()
    let handler = CustomHandler(onGet: { _, call in
      tokens.append(call.metadata["authorization"])
      return EchoResponse()
    })
    let count = Counter()
    var fixture = EchoFixture(wire: .tls, handler: handler)
    fixture.channel.credentials = BearerToken {
      count.increment()
      await Task.yield()
      return "token-\(count.current)"
    }
    try await fixture.run { client, _ in
      _ = try await client.get(request())
      _ = try await client.get(request())
      let own = options { $0.credentials = BearerToken { "own" } }
      _ = try await client.get(request(), options: own)
    }
    #expect(tokens.all == ["Bearer token-1", "Bearer token-2", "Bearer own"])
  }

  @Test("credentials are refused on a plaintext connection, and never leave")
  func plaintextCredentials() async throws {
    let count = Counter()
    try await withScriptedServer { _ in
      count.increment()
    } _: { client, _ in
      let secret = options { $0.credentials = BearerToken { "secret" } }
      let error = await failure { try await client.get(request(), options: secret) }
      #expect(error.code == .unauthenticated)
    }
    #expect(count.current == 0)
  }

  private struct Oops: Error {}

  @Test("credentials that fail, or take too long, end the call with the right status")
  func failingCredentials() async throws {
    let cancelled = Flag()
    let cases: [(StatusCode, BearerToken)] = [
      (.unauthenticated, BearerToken { throw Oops() }),
      (.permissionDenied, BearerToken { throw RPCError(.permissionDenied, "locked") }),
      (
        .deadlineExceeded,
        BearerToken {
          do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.set() }
          return "late"
        }
      ),
    ]
    try await EchoFixture(wire: .tls).run { client, _ in
      for (code, token) in cases {
        let options = options(timeout: .milliseconds(200)) { $0.credentials = token }
        let error = await failure { try await client.get(request(), options: options) }
        #expect(error.code == code)
      }
      #expect(await cancelled.wait())
    }
  }

  @Test("a call in use is given up when its task is cancelled, whatever that waits for")
  func use() async throws {
    let ended = Flag()
    let handler = CustomHandler(onChat: { requests, _, call in
      do { for try await _ in requests {} } catch {
        ended.set()
        throw error
      }
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let began = Flag()
      let task = Task {
        try await client.chat().use { call in
          try await call.requests.send(request("one"))
          began.set()
          // Something that knows nothing of cancellation.
          await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            Task {
              _ = await ended.wait(); continuation.resume()
            }
          }
        }
      }
      #expect(await began.wait())
      task.cancel()
      #expect(await ended.wait())
      _ = await task.result
    }
  }
}

import EchoSchema
import Synchronization
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ServerCallTests {
  @Test("a call knows its method, its peer and the time left")
  func facts() async throws {
    let handler = CustomHandler(onGet: { _, call in
      let left = call.timeLeft.map { $0 > .seconds(50) && $0 <= .seconds(60) }
      var response = EchoResponse()
      response.text = """
        \(call.serviceName) \(call.methodName) \(call.peerAddress.hasPrefix("127.0.0.1:")) \
        \(left.map { "\($0)" } ?? "none") \(call.peerIdentity == nil)
        """
      return response
    })
    try await EchoFixture(wire: .plaintext, handler: handler).run { client, _ in
      let endless = try await client.get(request()).text
      #expect(endless == "martlet.test.v1.EchoService Get true none true")
      let limited = try await client.get(request(), options: CallOptions(timeout: .seconds(60)))
      #expect(limited.text == "martlet.test.v1.EchoService Get true true true")
    }
  }

  @Test("the response's metadata goes ahead of the first message", arguments: Wire.allCases)
  func earlyMetadata(wire: Wire) async throws {
    let goOn = Flag()
    let handler = CustomHandler(
      onGet: { _, call in
        try call.responseMetadata.append("early", for: "stage")
        try await call.sendResponseMetadata()
        throw RPCError(.notFound, "none")
      },
      onChat: { _, responses, call in
        try call.responseMetadata.append("early", for: "stage")
        try await call.sendResponseMetadata()
        try call.responseMetadata.append("late", for: "stage")
        try await call.sendResponseMetadata()
        _ = await goOn.wait()
        try await responses.send(EchoResponse())
      }
    )
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      let call = try await client.chat()
      let metadata = try await call.metadata()
      #expect(metadata.values(for: "stage") == ["early"])
      goOn.set()
      _ = try await call.response()
      #expect(await failure { try await client.get(request()) } == RPCError(.notFound, "none"))
    }
  }

  @Test("metadata over the limit, or after the end, is not sent early")
  func earlyMetadataRefused() async throws {
    let errors = Mutex<[StatusCode]>([])
    let handler = CustomHandler(onGet: { _, call in
      let code = await failure {
        try call.responseMetadata.append(String(repeating: "x", count: 13_000), for: "big")
        try await call.sendResponseMetadata()
      }.code
      errors.withLock { $0.append(code) }
      call.responseMetadata = Metadata()
      await call.waitUntilCancelled()
      let late = await failure { try await call.sendResponseMetadata() }.code
      errors.withLock { $0.append(late) }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let options = CallOptions(timeout: .milliseconds(200))
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .deadlineExceeded)
      #expect(await waitUntil { errors.withLock { $0.count } == 2 })
    }
    let seen = errors.withLock { $0 }
    // The client's word that its deadline has passed may be faster than the server's own clock.
    #expect(seen == [.internal, .deadlineExceeded] || seen == [.internal, .cancelled])
  }

  @Test("a task of the handler's own hears of the cancellation, and why")
  func observers() async throws {
    let started = Flag()
    let journal = Journal()
    let handler = CustomHandler(onGet: { _, call in
      call.onCancel { journal.note("first \(call.cancellation?.code.name ?? "none")") }
      let watcher = Task {
        await call.waitUntilCancelled()
        journal.note("waited \(call.isCancelled)")
      }
      started.set()
      await watcher.value
      call.onCancel { journal.note("late") }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await started.wait())
      task.cancel()
      _ = await task.value
      #expect(await waitUntil { journal.lines.count == 3 })
    }
    #expect(journal.lines == ["first CANCELLED", "waited true", "late"])
  }

  @Test("a call that ends well cancels nobody and keeps nobody waiting")
  func noCancellation() async throws {
    let journal = Journal()
    let kept = Mutex<ServerCall?>(nil)
    let handler = CustomHandler(onGet: { _, call in
      call.onCancel { journal.note("cancelled") }
      kept.withLock { $0 = call }
      Task {
        await call.waitUntilCancelled()
        journal.note("over \(call.isCancelled)")
      }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      _ = try await client.get(request())
      #expect(await waitUntil { !journal.lines.isEmpty })
      let call = try #require(kept.withLock { $0 })
      await call.waitUntilCancelled()
      #expect(await failure { try await call.sendResponseMetadata() }.code == .cancelled)
    }
    #expect(journal.lines == ["over false"])
  }

  @Test("a call and what carries it go when it is over, even if it was kept")
  func lifetime() async throws {
    let kept = Mutex<ServerCall?>(nil)
    final class Weak: Sendable {
      private let call = Mutex<Box>(Box())
      private struct Box { weak var call: ServerCall? }
      func set(_ call: ServerCall) { self.call.withLock { $0.call = call } }
      var isGone: Bool { call.withLock { $0.call == nil } }
    }
    let weak = Weak()
    let handler = CustomHandler(onGet: { _, call in
      weak.set(call)
      kept.withLock { $0 = call }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      _ = try await client.get(request())
      let isKept = kept.withLock { $0?.traffic.requestMessages == 1 }
      #expect(isKept && !weak.isGone)
      kept.withLock { $0 = nil }
      #expect(await waitUntil { weak.isGone })
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct CallPropagationTests {
  @Test("the current call is known within the handler and its children, where it is asked for")
  func current() async throws {
    let handler = CustomHandler(onGet: { _, call in
      async let child = ServerCall.current === call
      let unstructured = Task { ServerCall.current === call }
      var response = EchoResponse()
      response.text = "\(ServerCall.current === call) \(await child) \(await unstructured.value)"
      return response
    })
    var fixture = EchoFixture(interceptors: [.callPropagation], handler: handler)
    try await fixture.run { client, _ in
      let answer = try await client.get(request()).text
      #expect(answer == "true true true")
      #expect(ServerCall.current == nil)
    }
    fixture.interceptors = []
    try await fixture.run { client, _ in
      let answer = try await client.get(request()).text
      #expect(answer == "false false false")
    }
  }
}

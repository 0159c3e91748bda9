import EchoSchema
import Glibc
import MartletNet
import Synchronization
import Testing

@testable import MartletRPC

/// What handlers may do wrong, and what becomes of it.
@Suite(.timeLimit(.minutes(1))) struct HandlerConductTests {
  @Test(
    "a handler that ignores its deadline returns into the void, and its call is counted till then"
  )
  func ignoresCancellation() async throws {
    let goOn = Flag()
    let late = Mutex<StatusCode?>(nil)
    let handler = CustomHandler(
      onGet: { _, _ in
        var response = EchoResponse()
        response.text = "quick"
        return response
      },
      onExpand: { _, responses, call in
        // Not cancellable.
        await withCheckedContinuation { continuation in
          Task {
            _ = await goOn.wait()
            continuation.resume()
          }
        }
        let code = await failure { try await responses.send(EchoResponse()) }.code
        late.withLock { $0 = code }
      }
    )
    try await withServer(handler) { server, client in
      let start = ContinuousClock.now
      let options = CallOptions(timeout: .milliseconds(100))
      let call = try await client.expand(request(), options: options)
      var responses = call.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .deadlineExceeded)
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(await server.census().calls == 1)
      let quick = try await client.get(request()).text
      #expect(quick == "quick")
      goOn.set()
      #expect(await waitUntil { late.withLock { $0 } != nil })
      // The client's own deadline may have reset the stream before the server's came.
      #expect([.deadlineExceeded, .cancelled].contains(late.withLock { $0 }))
      var calls = 1
      for _ in 0..<200 where calls > 0 {
        calls = await server.census().calls
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(calls == 0)
    }
  }

  @Test("handlers that never read hold no more than their windows and nobody else up")
  func neverReads() async throws {
    let goOn = Flag()
    let handler = CustomHandler(
      onGet: { _, _ in EchoResponse() },
      onCollect: { _, _ in
        _ = await goOn.wait()
        return EchoResponse()
      }
    )
    try await withServer(handler) { _, client in
      let sent = Counter()
      var calls: [ClientCall<EchoRequest, EchoResponse>] = []
      for _ in 0..<20 { calls.append(try await client.collect()) }
      let writers = calls.map { call in
        Task {
          var message = request()
          message.padding = [UInt8](repeating: 7, count: 10_000)
          // Until the handler returns, which ends the call.
          while (try? await call.requests.send(message)) != nil { sent.increment() }
        }
      }
      for _ in 0..<50 { _ = try await client.get(request()) }
      try await Task.sleep(for: .milliseconds(300))
      // A window at the server, what a sender may have waiting, and a message more.
      #expect(sent.current <= 20 * ((64 << 10 + 64 << 10) / 10_000 + 3))
      goOn.set()
      for call in calls { _ = try await call.response() }
      for writer in writers { await writer.value }
    }
  }

  @Test("an error that is no RPCError tells the client nothing, and the operator all")
  func unexpected() async throws {
    struct Secret: Error { let text = "hunter2" }
    let seen = Journal()
    var configuration = ServerConfiguration()
    configuration.onUnexpectedError = { error, method in seen.note("\(error) \(method)") }
    let handler = CustomHandler(
      onGet: { _, _ in throw Secret() },
      onChat: { _, responses, _ in
        try await responses.send(EchoResponse())
        throw Secret()
      }
    )
    try await withServer(handler, configuration) { _, client in
      let unary = await failure { try await client.get(request()) }
      #expect(unary.code == .unknown && !unary.message.contains("hunter2"))
      let call = try await client.chat()
      let stream = await failure { for try await _ in call.responses {} }
      #expect(stream.code == .unknown && !stream.message.contains("hunter2"))
    }
    #expect(seen.lines.count == 2 && seen.lines.allSatisfy { $0.contains("hunter2") })
  }

  @Test("blocking work off the loop holds nobody up, comes back to it, and passes errors on")
  func offTheLoop() async throws {
    let handler = CustomHandler(
      onGet: { request, call in
        guard request.text == "slow" else { return EchoResponse() }
        let wasOnLoop = EventLoop.current != nil
        let isOffLoop = try await offLoop {
          usleep(300_000)
          return EventLoop.current == nil
        }
        var response = EchoResponse()
        response.text = "\(wasOnLoop) \(isOffLoop) \(EventLoop.current != nil)"
        return response
      },
      onCollect: { _, _ in
        try await offLoop { throw RPCError(.aborted, "in the pool") }
      }
    )
    try await withServer(handler) { _, client in
      _ = try await client.get(request("warm"))
      async let slow = client.get(request("slow"))
      let start = ContinuousClock.now
      for _ in 0..<20 { _ = try await client.get(request("quick")) }
      #expect(ContinuousClock.now - start < .milliseconds(290))
      let answer = try await slow.text
      #expect(answer == "true true true")
      let error = await failure { try await client.collect().response() }
      #expect(error == RPCError(.aborted, "in the pool"))
    }
  }

  @Test("blocking work is not interrupted, and its call is over meanwhile")
  func blockedAndCancelled() async throws {
    let began = Flag()
    let ended = Flag()
    let handler = CustomHandler(onGet: { _, _ in
      try await offLoop {
        began.set()
        usleep(400_000)
        ended.set()
      }
      try Task.checkCancellation()
      return EchoResponse()
    })
    try await withServer(handler) { _, client in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await began.wait())
      task.cancel()
      #expect(await task.value.code == .cancelled)
      #expect(!ended.isSet)
    }
    // The server was shut down with no grace, and still waited for the handler.
    #expect(ended.isSet)
  }

  private func withServer(
    _ handler: CustomHandler,
    _ configuration: ServerConfiguration = ServerConfiguration(),
    _ body: (Server, EchoServiceClient) async throws -> Void
  ) async throws {
    let server = EchoFixture(handler: handler).makeServer(configuration)
    let port = try #require(try server.start().first).port
    let channel = Channel(
      to: .host("127.0.0.1", port: port),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    do { try await body(server, EchoServiceClient(channel)) } catch { Issue.record(error) }
    await channel.close()
    await server.shutdown(grace: .zero)
  }
}

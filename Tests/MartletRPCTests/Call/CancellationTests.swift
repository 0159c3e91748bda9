import EchoSchema
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
  /// A handler that waits for requests that never come, or sleeps, and notes that it was cancelled.
  private struct Waiting: Sendable {
    let started = Flag()
    let cancelled = Flag()
    let streamThrew = Flag()

    var handler: CustomHandler {
      CustomHandler(
        onGet: { _, call in
          started.set()
          do { try await Task.sleep(for: .seconds(60)) } catch {
            if call.isCancelled { cancelled.set() }
            throw error
          }
          return EchoResponse()
        },
        onChat: { requests, _, call in
          started.set()
          do {
            for try await _ in requests {}
          } catch {
            if (error as? RPCError)?.code == .cancelled { streamThrew.set() }
            if Task.isCancelled, call.isCancelled { cancelled.set() }
            throw error
          }
        }
      )
    }
  }

  @Test("cancelling a call cancels its handler's task", arguments: Wire.allCases)
  func cancel(wire: Wire) async throws {
    let waiting = Waiting()
    try await EchoFixture(wire: wire, handler: waiting.handler).run { client, _ in
      let call = try await client.chat()
      #expect(await waiting.started.wait())
      call.cancel()
      #expect(await waiting.cancelled.wait())
      #expect(waiting.streamThrew.isSet)
      var responses = call.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .cancelled)
      #expect(await failure { try await call.requests.send(request()) }.code == .cancelled)
    }
  }

  @Test("cancelling the task that waits for a response cancels the call")
  func cancelTask() async throws {
    let waiting = Waiting()
    try await EchoFixture(wire: .tls, handler: waiting.handler).run { client, _ in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await waiting.started.wait())
      task.cancel()
      #expect(await task.value.code == .cancelled)
      #expect(await waiting.cancelled.wait())
    }
  }

  @Test("a task that is cancelled before it calls fails without an answer")
  func cancelledBefore() async throws {
    let waiting = Waiting()
    try await EchoFixture(handler: waiting.handler).run { client, _ in
      let task = Task {
        withUnsafeCurrentTask { task in task?.cancel() }
        return await failure { try await client.get(request()) }
      }
      #expect(await task.value.code == .cancelled)
    }
  }

  @Test("a call that nobody holds any more is cancelled")
  func dropped() async throws {
    let waiting = Waiting()
    try await EchoFixture(wire: .tls, handler: waiting.handler).run { client, _ in
      do {
        let call = try await client.chat()
        #expect(await waiting.started.wait())
        withExtendedLifetime(call) {}
      }
      #expect(await waiting.cancelled.wait())
    }
  }

  @Test("a call lives as long as its stream of responses is held")
  func heldByStream() async throws {
    try await EchoFixture().run { client, _ in
      var count = 0
      for try await _ in try await client.expand(request(count: 5000)).responses { count += 1 }
      #expect(count == 5000)
    }
  }

  @Test("the deadline ends a call on both sides", arguments: Wire.allCases)
  func deadline(wire: Wire) async throws {
    let waiting = Waiting()
    try await EchoFixture(wire: wire, handler: waiting.handler).run { client, _ in
      // Connecting must not use up the deadline.
      let first = try await client.collect()
      await first.requests.finish()
      _ = try await first.response()
      let options = CallOptions(timeout: .milliseconds(300))
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .deadlineExceeded)
      #expect(waiting.started.isSet)
      #expect(await waiting.cancelled.wait())
    }
  }

  @Test("the handler sees the deadline")
  func deadlineSeen() async throws {
    let handler = CustomHandler(onGet: { _, call in
      var response = EchoResponse()
      if let deadline = call.deadline {
        let left = deadline - .now
        response.text = left > .seconds(50) && left <= .seconds(60) ? "right" : "\(left)"
      }
      return response
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let answer = try await client.get(request()).text
      #expect(answer == "")
      let options = CallOptions(timeout: .seconds(60))
      let second = try await client.get(request(), options: options).text
      #expect(second == "right")
    }
  }

  @Test("a deadline that has passed already fails without asking the server")
  func passed() async throws {
    let waiting = Waiting()
    try await EchoFixture(handler: waiting.handler).run { client, _ in
      let options = CallOptions(timeout: .zero)
      let error = await failure { try await client.get(request(), options: options) }
      #expect(error.code == .deadlineExceeded)
    }
  }

  @Test("a losing connection cancels the handlers of its calls")
  func connectionLoss() async throws {
    let waiting = Waiting()
    try await EchoFixture(wire: .plaintext, handler: waiting.handler).run { client, channel in
      let call = try await client.chat()
      #expect(await waiting.started.wait())
      await channel.close()
      #expect(await waiting.cancelled.wait())
      #expect(await failure { try await call.response() }.code == .cancelled)
      #expect(await failure { try await client.get(request()) }.code == .unavailable)
    }
  }

  @Test("a child task that is cancelled leaves the stream, and the call goes on")
  func childTask() async throws {
    let handler = CustomHandler(onChat: { requests, responses, _ in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          var iterator = requests.makeAsyncIterator()
          _ = try? await iterator.next()
        }
        group.cancelAll()
      }
      for try await request in requests {
        var response = EchoResponse()
        response.text = request.text
        try await responses.send(response)
      }
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.chat()
      try await Task.sleep(for: .milliseconds(50))
      try await call.requests.send(request("still here"))
      await call.requests.finish()
      let answer = try await call.response().text
      #expect(answer == "still here")
    }
  }
}

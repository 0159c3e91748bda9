import EchoSchema
import MartletNet
import Synchronization
import Testing

@testable import MartletRPC

/// Handlers run one after the other in tasks that a loop keeps: none may feel another.
@Suite(.timeLimit(.minutes(1))) struct HandlerTaskTests {
  @Test("a handler never finds itself cancelled by what happened to a call before")
  func cancellationIsNotInherited() async throws {
    let started = Counter()
    let foundCancelled = Counter()
    let handler = CustomHandler(onGet: { request, _ in
      if Task.isCancelled { foundCancelled.increment() }
      started.increment()
      if request.text == "wait" { try await Task.sleep(for: .seconds(60)) }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      for round in 1...10 {
        let before = started.current
        let waiting = Task { await failure { try await client.get(request("wait")) } }
        #expect(await waitUntil { started.current > before })
        waiting.cancel()
        #expect(await waiting.value.code == .cancelled, "round \(round)")
        for _ in 0..<20 { _ = try await client.get(request("go")) }
      }
    }
    #expect(foundCancelled.current == 0)
  }

  @Test("a handler that cancels its own task takes no other call with it")
  func ownCancellation() async throws {
    let foundCancelled = Counter()
    let handler = CustomHandler(onGet: { request, _ in
      if Task.isCancelled { foundCancelled.increment() }
      if request.text == "cancel" { withUnsafeCurrentTask { task in task?.cancel() } }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      for _ in 0..<20 {
        _ = try await client.get(request("cancel"))
        _ = try await client.get(request("go"))
      }
    }
    #expect(foundCancelled.current == 0)
  }

  @Test("a handler that cancels its own task and reads on gets CANCELLED")
  func readingAfterOwnCancellation() async throws {
    let handler = CustomHandler(onChat: { requests, _, _ in
      withUnsafeCurrentTask { task in task?.cancel() }
      for try await _ in requests {}
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.chat()
      var responses = call.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .cancelled)
    }
  }

  @Test(
    "handlers that suspend hold up none of the calls that came with them",
    arguments: Wire.allCases
  )
  func suspension(wire: Wire) async throws {
    let gate = Flag()
    let waiting = Counter()
    let handler = CustomHandler(onGet: { request, _ in
      if request.text == "open" {
        gate.set()
      } else {
        waiting.increment()
        guard await gate.wait() else { throw RPCError(.internal, "nobody opened the gate") }
      }
      return EchoResponse()
    })
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<100 { group.addTask { _ = try await client.get(request("wait")) } }
        group.addTask { _ = try await client.get(request("open")) }
        try await group.waitForAll()
      }
    }
    #expect(waiting.current == 100)
  }

  @Test("what a handler kept of an ended call gives errors and reaches no other call")
  func keptBeyondTheEnd() async throws {
    let kept = Mutex<(MessageStream<EchoRequest>, MessageWriter<EchoResponse>, ServerCall)?>(nil)
    let handler = CustomHandler(onChat: { requests, responses, call in
      for try await request in requests {
        if request.text == "keep" { return kept.withLock { $0 = (requests, responses, call) } }
        var response = EchoResponse()
        response.text = request.text
        try await responses.send(response)
      }
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let first = try await client.chat()
      try await first.requests.send(request("keep"))
      await first.requests.finish()
      for try await _ in first.responses {}
      let (requests, responses, call) = try #require(kept.withLock { $0 })
      for round in 0..<20 {
        let other = try await client.chat()
        try await other.requests.send(request("\(round)"))
        #expect(await failure { try await responses.send(EchoResponse()) }.code == .cancelled)
        var iterator = requests.makeAsyncIterator()
        #expect(try await iterator.next() == nil)
        var received = other.responses.makeAsyncIterator()
        #expect(try await received.next()?.text == "\(round)")
        await other.requests.finish()
        #expect(try await received.next() == nil)
      }
      #expect(call.method == "/martlet.test.v1.EchoService/Chat")
      #expect(!call.isCancelled)
    }
  }

  @Test("a handler inherits no task-local value of a call before")
  func taskLocals() async throws {
    let handler = CustomHandler(onGet: { request, _ in
      var response = EchoResponse()
      response.text = TaskLocals.name
      if request.text == "set" {
        try await TaskLocals.$name.withValue("mine") { try await Task.sleep(for: .milliseconds(1)) }
      }
      return response
    })
    try await EchoFixture(handler: handler).run { client, _ in
      try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<50 {
          group.addTask { try await client.get(request(number % 2 == 0 ? "set" : "look")).text }
        }
        for try await text in group { #expect(text == "") }
      }
    }
  }

  @Test("idle tasks beyond the limit end, and all of them with the server's draining")
  func idleLimit() async throws {
    let gate = Flag()
    let handler = CustomHandler(onGet: { _, _ in
      _ = await gate.wait()
      return EchoResponse()
    })
    var configuration = ServerConfiguration()
    configuration.limits.maxIdleHandlerTasks = 3
    let server = try ServerLoop(
      configuration: configuration,
      router: Router([handler.service], interceptors: [])
    )
    try server.loop.start()
    let channel = Channel(
      configuration: ChannelConfiguration(security: .plaintext),
      loop: server.loop
    ) { loop in
      let ends = Transport.pipe(server.loop, loop)
      server.adopt(ends.server)
      return ends.client
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask { _ = try await EchoServiceClient(channel).get(request("")) }
      }
      gate.set()
      try await group.waitForAll()
    }
    let idle = await Task(executorPreference: server.loop) { server.handlerTasks.idleCount }.value
    #expect((1...3).contains(idle))
    await Task(executorPreference: server.loop) { server.drain() }.value
    let left = await Task(executorPreference: server.loop) { server.handlerTasks.idleCount }.value
    #expect(left == 0)
    await channel.close()
    await server.loop.stopAndWait()
  }
}

private enum TaskLocals {
  @TaskLocal static var name = ""
}

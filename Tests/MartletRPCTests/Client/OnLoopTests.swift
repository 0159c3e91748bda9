import EchoSchema
import MartletNet
import MartletWire
import Testing

@testable import MartletRPC

/// Callers that run on the channel's event loop.
@Suite(.timeLimit(.minutes(1))) struct OnLoopTests {
  private func loop(of channel: Channel) throws -> EventLoop { try channel.core().loop }

  private func chat(_ call: ClientCall<EchoRequest, EchoResponse>, _ count: Int) async throws {
    var responses = call.responses.makeAsyncIterator()
    for index in 0..<count {
      try await call.requests.send(request("\(index)"))
      let response = try await responses.next()
      #expect(response?.text == "\(index)")
    }
    await call.requests.finish()
    let end = try await responses.next()
    #expect(end == nil)
  }

  private func callAllKinds(_ client: EchoServiceClient) async throws {
    let response = try await client.get(request("one"))
    #expect(response.text == "one")
    var texts: [String] = []
    for try await response in try await client.expand(request("many", count: 3)).responses {
      texts.append(response.text)
    }
    #expect(texts == ["many", "many", "many"])
    let collect = try await client.collect()
    for part in ["a", "b"] { try await collect.requests.send(request(part)) }
    await collect.requests.finish()
    let joined = try await collect.response()
    #expect(joined.text == "ab")
    let call = try await client.chat()
    try await chat(call, 3)
    _ = try await call.metadata()
    _ = try await call.trailers()
  }

  @Test("calls of every kind stay on the loop", arguments: Wire.allCases)
  func everyKind(wire: Wire) async throws {
    try await EchoFixture(wire: wire).run { client, channel in
      let loop = try loop(of: channel)
      try await Task(executorPreference: channel.executor) {
        try await callAllKinds(client)
        #expect(loop.isCurrent)
      }.value
      try await channel.onLoop {
        #expect(loop.isCurrent)
        try await callAllKinds(client)
        #expect(loop.isCurrent)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { try await callAllKinds(client) } }
          try await group.waitForAll()
        }
        #expect(loop.isCurrent)
      }
      #expect(!loop.isCurrent)
    }
  }

  @Test("onLoop leaves an actor for the loop and comes back to it")
  @MainActor func fromTheMainActor() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      let loop = try loop(of: channel)
      let text = try await channel.onLoop {
        #expect(loop.isCurrent)
        return try await client.get(request("from afar")).text
      }
      MainActor.assertIsolated()
      #expect(text == "from afar")
      let direct = try await withTaskExecutorPreference(channel.executor) {
        try await client.get(request("here")).text
      }
      #expect(direct == "here")
    }
  }

  @Test("a call on the loop sends nothing to it from elsewhere, and wakes its task once")
  func noHop() async throws {
    // Not a pipe, whose other end comes from the server's loop.
    try await EchoFixture(wire: .tls).run { client, channel in
      let loop = try loop(of: channel)
      _ = try await client.get(request("warm"))
      try await channel.onLoop {
        let before = loop.work
        for _ in 0..<100 { _ = try await client.get(request("x")) }
        let after = loop.work
        #expect(after.mail == before.mail)
        #expect(after.jobs == before.jobs + 100)
      }
      try await channel.onLoop {
        let call = try await client.chat()
        var responses = call.responses.makeAsyncIterator()
        let before = loop.work
        for _ in 0..<100 {
          try await call.requests.send(request("x"))
          _ = try await responses.next()
        }
        let after = loop.work
        #expect(after.mail == before.mail)
        // Twice where a wait on a busy machine is so long that the reader begins to listen.
        #expect((100...200).contains(after.jobs - before.jobs))
        await call.requests.finish()
        _ = try await responses.next()
      }
      // From elsewhere each call is sent to the loop: the count can tell.
      let before = await channel.onLoop { loop.work.mail }
      for _ in 0..<100 { _ = try await client.get(request("x")) }
      let after = await channel.onLoop { loop.work.mail }
      #expect(after >= before + 100)
    }
  }

  @Test("thousands of tasks on the loop call at once")
  func thousands() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      let sum = try await channel.onLoop {
        try await withThrowingTaskGroup(of: UInt64.self) { group in
          for index in 0..<5_000 {
            group.addTask { UInt64(try await client.get(request("\(index)")).text) ?? 0 }
          }
          return try await group.reduce(0, +)
        }
      }
      #expect(sum == 4_999 * 5_000 / 2)
    }
  }

  @Test("responses longer than the window arrive on the loop and elsewhere")
  func large() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      let get = { @Sendable () async throws -> Int in
        try await client.get(request(paddingBytes: 5_000_000)).padding.count
      }
      let here = try await get()
      let there = try await channel.onLoop { try await get() }
      #expect(here == 5_000_000 && there == here)
    }
  }

  @Test("one call may be used from the loop and from elsewhere at a time")
  func mixed() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      for senderIsOnLoop in [true, false] {
        let call = try await client.chat()
        let sender = Task(executorPreference: senderIsOnLoop ? channel.executor : nil) {
          for index in 0..<2_000 { try await call.requests.send(request("\(index)")) }
          await call.requests.finish()
        }
        let reader = Task(executorPreference: senderIsOnLoop ? nil : channel.executor) {
          var count = 0
          for try await response in call.responses {
            guard response.text == "\(count)" else { break }
            count += 1
          }
          return count
        }
        try await sender.value
        let count = try await reader.value
        #expect(count == 2_000)
      }
    }
  }

  @Test("handlers that call another server go on where they were")
  func gateway() async throws {
    try await EchoFixture(wire: .tls).run { backend, _ in
      let handler = CustomHandler(
        onGet: { request, _ in
          let loop = EventLoop.current
          let response = try await backend.get(request)
          guard EventLoop.current === loop, loop != nil else { throw RPCError(.internal, "moved") }
          return response
        },
        onChat: { requests, responses, _ in
          let loop = EventLoop.current
          let call = try await backend.chat()
          var answers = call.responses.makeAsyncIterator()
          for try await request in requests {
            try await call.requests.send(request)
            guard let answer = try await answers.next() else { break }
            guard EventLoop.current === loop, loop != nil else { break }
            try await responses.send(answer)
          }
        }
      )
      try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for index in 0..<200 {
            group.addTask {
              let response = try await client.get(request("\(index)"))
              #expect(response.text == "\(index)")
            }
          }
          for _ in 0..<20 { group.addTask { try await chat(client.chat(), 20) } }
          try await group.waitForAll()
        }
      }
    }
  }

  @Test("a task that begins on the loop's thread but does not prefer it goes on elsewhere")
  func immediate() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      let loop = try loop(of: channel)
      let tasks = await channel.onLoop {
        (0..<50).map { index in
          Task.immediate {
            #expect(loop.isCurrent)
            try await callAllKinds(client)
            return try await client.get(request("\(index)")).text
          }
        }
      }
      for (index, task) in tasks.enumerated() {
        let text = try await task.value
        #expect(text == "\(index)")
      }
    }
  }
}

/// The ends of calls whose callers run on the loop.
@Suite(.timeLimit(.minutes(1))) struct OnLoopEndTests {
  private let silent = CustomHandler(
    onGet: { _, _ in
      try await Task.sleep(for: .seconds(60))
      return EchoResponse()
    },
    onCollect: { _, _ in
      try await Task.sleep(for: .seconds(60))
      return EchoResponse()
    },
    onChat: { _, _, _ in try await Task.sleep(for: .seconds(60)) }
  )

  @Test("cancelling a task on the loop cancels what it waits for")
  func cancel() async throws {
    try await EchoFixture(wire: .tls, handler: silent).run { client, channel in
      let calls: [@Sendable () async throws -> Void] = [
        { _ = try await client.get(request()) },
        {
          let call = try await client.chat()
          for try await _ in call.responses {}
        },
        {
          let call = try await client.chat()
          let message = EchoRequest.with { $0.padding = [UInt8](repeating: 1, count: 60_000) }
          while true { try await call.requests.send(message) }
        },
        { _ = try await client.chat().trailers() },
        { _ = try await client.collect().response() },
      ]
      for (index, call) in calls.enumerated() {
        let task = Task(executorPreference: channel.executor) { await failure { try await call() } }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let error = await task.value
        #expect(error.code == .cancelled, "\(index)")
      }
    }
  }

  @Test("a reader's cancellation is noticed however long it has waited", arguments: [0, 1, 3, 30])
  func cancelReader(milliseconds: Int) async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      for delay in [0, 6] as [UInt32] {
        let task = Task(executorPreference: channel.executor) {
          await failure {
            let call = try await client.chat()
            var responses = call.responses.makeAsyncIterator()
            for index in 0..<10 {
              try await call.requests.send(.with { ($0.text, $0.delayMs) = ("\(index)", delay) })
              let response = try await responses.next()
              #expect(response?.text == "\(index)")
            }
            _ = try await responses.next()
          }
        }
        try await Task.sleep(for: .milliseconds(Int(delay) * 12 + milliseconds))
        let begin = ContinuousClock.now
        task.cancel()
        let error = await task.value
        #expect(error.code == .cancelled)
        #expect(ContinuousClock.now - begin < .seconds(5))
      }
    }
  }

  @Test("answers that take their time reach a reader on the loop")
  func slowAnswers() async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      try await channel.onLoop {
        let call = try await client.chat()
        var responses = call.responses.makeAsyncIterator()
        for index in 0..<60 {
          let delay: UInt32 = index / 10 % 2 == 0 ? 0 : 20
          try await call.requests.send(.with { ($0.text, $0.delayMs) = ("\(index)", delay) })
          let response = try await responses.next()
          #expect(response?.text == "\(index)")
          if delay > 0, index % 10 == 9 { #expect(call.core.mustListen) }
        }
        call.cancel()
      }
    }
  }

  @Test("a task that is cancelled before it calls fails without an answer")
  func cancelledBefore() async throws {
    try await EchoFixture(wire: .tls, handler: silent).run { client, channel in
      let error = await Task(executorPreference: channel.executor) {
        withUnsafeCurrentTask { task in task?.cancel() }
        return await failure { try await client.get(request()) }
      }.value
      #expect(error.code == .cancelled)
    }
  }

  @Test("deadlines hold on the loop")
  func deadline() async throws {
    try await EchoFixture(wire: .tls, handler: silent).run { client, channel in
      let options = CallOptions(timeout: .milliseconds(100))
      let errors = await channel.onLoop {
        let unary = await failure { try await client.get(request(), options: options) }
        let stream = await failure {
          for try await _ in try await client.chat(options: options).responses {}
        }
        return [unary, stream]
      }
      #expect(errors.map(\.code) == [.deadlineExceeded, .deadlineExceeded])
    }
  }

  @Test("a call on the loop is made again under a retry policy, and its errors are the server's")
  func retry() async throws {
    let attempts = Counter()
    let handler = CustomHandler(onGet: { _, _ in
      attempts.increment()
      guard attempts.current > 2 else { throw RPCError(.unavailable, "not yet") }
      guard attempts.current == 3 else { throw RPCError(.notFound, "no more") }
      return EchoResponse.with { $0.text = "at last" }
    })
    var fixture = EchoFixture(wire: .tls, handler: handler)
    fixture.channel.retries.channel = .policy(
      RetryPolicy(maxAttempts: 4, initialBackoff: .milliseconds(5))
    )
    try await fixture.run { client, channel in
      let (text, error) = try await channel.onLoop {
        let text = try await client.get(request()).text
        return (text, await failure { try await client.get(request()) })
      }
      #expect(text == "at last")
      #expect(error == RPCError(.notFound, "no more"))
      #expect(attempts.current == 4)
    }
  }

  @Test(
    "a caller on the loop that tries again at once lets the channel connect meanwhile",
    arguments: [false, true]
  )
  func triesAgain(streams: Bool) async throws {
    let server = Server(configuration: ServerConfiguration(), services: [EchoHandler().service])
    _ = try server.start()
    let loop = try EventLoop()
    try loop.start()
    let isUp = Flag()
    let channel = Channel(configuration: .init(security: .plaintext), loop: loop) {
      (loop) throws(NetError) in
      guard isUp.isSet else { throw .stopped }
      return try server.pipe(to: loop)
    }
    let client = EchoServiceClient(channel)
    let caller = Task(executorPreference: channel.executor) {
      let end = ContinuousClock.now + .seconds(10)
      while ContinuousClock.now < end {
        if streams {
          if let call = try? await client.chat() { return call.cancel() }
        } else if (try? await client.get(request())) != nil {
          return
        }
      }
      Issue.record("the loop did nothing but this")
    }
    try await Task.sleep(for: .milliseconds(100))
    isUp.set()
    await caller.value
    await channel.close()
    await server.shutdown(grace: .zero)
    await loop.stopAndWait()
  }

  @Test("closing the channel ends calls that wait on the loop, and may be done there")
  func close() async throws {
    try await EchoFixture(wire: .tls, handler: silent).run { client, channel in
      let tasks = (0..<20).map { index in
        Task(executorPreference: channel.executor) {
          await failure {
            if index % 2 == 0 { _ = try await client.get(request()) }
            for try await _ in try await client.chat().responses {}
          }
        }
      }
      try await Task.sleep(for: .milliseconds(200))
      await channel.onLoop { await channel.close() }
      for task in tasks {
        let error = await task.value
        #expect(error.code == .cancelled)
      }
      let late = await channel.onLoop { await failure { try await client.get(request()) } }
      #expect(late.code == .unavailable)
    }
  }

  @Test("interceptors of calls on the loop run there")
  func interceptors() async throws {
    let journal = Journal()
    var fixture = EchoFixture(wire: .tls)
    fixture.channel.interceptors = [Where(journal: journal), Where(journal: journal)]
    try await fixture.run { client, channel in
      try await channel.onLoop {
        _ = try await client.get(request("x"))
        let call = try await client.chat()
        await call.requests.finish()
        for try await _ in call.responses {}
      }
      #expect(journal.lines.count == 8)
      #expect(Set(journal.lines) == ["on the loop"])
    }
  }
}

private struct Where: ClientInterceptor {
  let journal: Journal

  func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
    journal.note(EventLoop.current == nil ? "elsewhere" : "on the loop")
    try await next()
    journal.note(EventLoop.current == nil ? "elsewhere" : "on the loop")
  }
}

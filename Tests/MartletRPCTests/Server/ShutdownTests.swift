import EchoSchema
import Synchronization
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
  @Test("a handler that ignores cancellation holds shutdown up, and is named")
  func lateHandler() async throws {
    let started = Flag()
    let goOn = Flag()
    let handler = CustomHandler(onGet: { _, _ in
      started.set()
      // Not cancellable.
      await withCheckedContinuation { continuation in
        Task {
          _ = await goOn.wait()
          continuation.resume()
        }
      }
      return EchoResponse()
    })
    let late = Mutex<[LateHandlers]>([])
    var configuration = ServerConfiguration()
    configuration.onLateHandlers = { handlers in late.withLock { $0.append(handlers) } }
    let (server, channel) = try pair(handler, configuration)
    let call = Task { await failure { try await EchoServiceClient(channel).get(request()) } }
    #expect(await started.wait())
    let isDown = Flag()
    let shutdown = Task {
      await server.shutdown(grace: .milliseconds(50))
      isDown.set()
    }
    #expect(await call.value.code == .unavailable)
    #expect(await waitUntil { !late.withLock { $0.isEmpty } })
    #expect(!isDown.isSet)
    let first = try #require(late.withLock { $0.first })
    #expect(first.method == EchoService.Methods.get.path && first.count == 1)
    #expect(first.waited == .seconds(1))
    goOn.set()
    await shutdown.value
    await channel.close()
  }

  @Test("calls hear of a shutdown, and end with it or use its grace as they like")
  func told() async throws {
    let running = Counter()
    let told = Counter()
    let handler = CustomHandler(
      onGet: { _, call in
        let isShuttingDown = Flag()
        call.onShutdown { told.increment() }
        call.onShutdown {
          told.increment()
          isShuttingDown.set()
        }
        running.increment()
        #expect(await isShuttingDown.wait())
        // It has begun: at once.
        call.onShutdown { told.increment() }
        try await Task.sleep(for: .milliseconds(200))
        var response = EchoResponse()
        response.text = "in time"
        return response
      },
      onChat: { requests, _, call in
        call.endOnShutdown()
        running.increment()
        for try await _ in requests {}
      }
    )
    let (server, channel) = try pair(handler, ServerConfiguration())
    let client = EchoServiceClient(channel)
    async let answer = client.get(request())
    let chat = try await client.chat()
    #expect(await waitUntil { running.current == 2 })
    let start = ContinuousClock.now
    async let shutdown: Void = server.shutdown(grace: .seconds(50))
    #expect(await failure { try await chat.trailers() }.code == .unavailable)
    #expect(try await answer.text == "in time")
    await shutdown
    #expect(told.current == 3)
    #expect(ContinuousClock.now - start < .seconds(20))
    await channel.close()
  }

  @Test("a call that is over is not ended by a shutdown")
  func overBefore() async throws {
    let told = Counter()
    let kept = Mutex<[ServerCall]>([])
    let handler = CustomHandler(onGet: { _, call in
      call.onShutdown { told.increment() }
      call.endOnShutdown()
      kept.withLock { $0.append(call) }
      return EchoResponse()
    })
    let (server, channel) = try pair(handler, ServerConfiguration())
    for _ in 0..<20 { _ = try await EchoServiceClient(channel).get(request()) }
    await server.shutdown(grace: .zero)
    #expect(told.current == 0)
    // Long after: nothing hears it, nothing breaks.
    for call in kept.withLock({ $0 }) { call.endOnShutdown() }
    await channel.close()
  }

  @Test("a call that is over is held by nobody who would have heard of a shutdown")
  func forgotten() async throws {
    let calls = Mutex<[Remembered]>([])
    let handler = CustomHandler(onGet: { _, call in
      call.onShutdown { _ = call.method }
      calls.withLock { $0.append(Remembered(call: call)) }
      return EchoResponse()
    })
    let (server, channel) = try pair(handler, ServerConfiguration())
    for _ in 0..<20 { _ = try await EchoServiceClient(channel).get(request()) }
    #expect(await waitUntil { calls.withLock { $0.allSatisfy { $0.call == nil } } })
    await channel.close()
    await server.shutdown(grace: .zero)
  }

  private struct Remembered {
    weak var call: ServerCall?
  }

  @Test("shutdown ends in time whatever the calls wait for", arguments: [1, 2])
  func bounded(loops: Int) async throws {
    let started = Counter()
    let handler = CustomHandler(
      onGet: { _, _ in
        started.increment()
        try await Task.sleep(for: .seconds(100))
        return EchoResponse()
      },
      onExpand: { _, responses, _ in
        started.increment()
        var response = EchoResponse()
        response.padding = [UInt8](repeating: 0, count: 10_000)
        while true { try await responses.send(response) }
      },
      onCollect: { requests, _ in
        started.increment()
        for try await _ in requests {}
        return EchoResponse()
      },
      onChat: { _, _, call in
        started.increment()
        await call.waitUntilCancelled()
      }
    )
    let late = Counter()
    var configuration = ServerConfiguration(loops: loops)
    configuration.onLateHandlers = { _ in late.increment() }
    let (server, channel) = try pair(handler, configuration)
    let client = EchoServiceClient(channel)
    let unary = Task { await failure { try await client.get(request()) }.code }
    let unread = try await client.expand(request())
    let collect = try await client.collect()
    let chat = try await client.chat()
    #expect(await waitUntil { started.current == 4 })
    let start = ContinuousClock.now
    await server.shutdown(grace: .milliseconds(100))
    // The grace, and what a closing connection is given to read our last word.
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(late.current == 0)
    #expect(await unary.value == .unavailable)
    #expect(await failure { try await collect.response() }.code == .unavailable)
    #expect(await failure { try await chat.response() }.code == .unavailable)
    withExtendedLifetime(unread) {}
    await channel.close()
  }

  @Test("a second shutdown shortens the grace of the first, and both wait for the end")
  func twice() async throws {
    let started = Flag()
    let ended = Flag()
    let handler = CustomHandler(onGet: { _, _ in
      defer { ended.set() }
      started.set()
      try await Task.sleep(for: .seconds(100))
      return EchoResponse()
    })
    let (server, channel) = try pair(handler, ServerConfiguration())
    let call = Task { await failure { try await EchoServiceClient(channel).get(request()) }.code }
    #expect(await started.wait())
    let first = Task { await server.shutdown(grace: .seconds(100)) }
    try await Task.sleep(for: .milliseconds(50))
    let start = ContinuousClock.now
    await server.shutdown(grace: .zero)
    #expect(ended.isSet)
    await first.value
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(await call.value == .unavailable)
    await server.shutdown(grace: .seconds(100))
    await channel.close()
  }

  @Test("a shutdown that comes before, or while a server starts, is not forgotten")
  func whileStarting() async throws {
    for _ in 0..<20 {
      let server = EchoFixture().makeServer(ServerConfiguration())
      let starting = Task.detached { try? server.start().first?.port }
      await server.shutdown(grace: .zero)
      guard let port = await starting.value else { continue }
      var configuration = ChannelConfiguration(security: .plaintext)
      configuration.connectTimeout = .seconds(1)
      let channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
      let error = await failure { try await EchoServiceClient(channel).get(request()) }
      #expect(error.code == .unavailable)
      await channel.close()
    }
  }

  private func pair(
    _ handler: CustomHandler,
    _ configuration: ServerConfiguration
  ) throws -> (Server, Channel) {
    let server = EchoFixture(handler: handler).makeServer(configuration)
    let port = try #require(try server.start().first).port
    let channel = Channel(
      to: .host("127.0.0.1", port: port),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    return (server, channel)
  }
}

@Suite(.timeLimit(.minutes(1))) struct CallInheritanceTests {
  /// A server whose `Get` asks another, as the test says, and that other one.
  private func chain(
    _ interceptors: [any ServerInterceptor],
    back: CustomHandler,
    ask: @escaping @Sendable (EchoServiceClient, ServerCall) async throws -> EchoResponse,
    _ body: (EchoServiceClient) async throws -> Void
  ) async throws {
    try await EchoFixture(handler: back).run { backClient, _ in
      let front = CustomHandler(onGet: { _, call in try await ask(backClient, call) })
      try await EchoFixture(interceptors: interceptors, handler: front).run { client, _ in
        try await body(client)
      }
    }
  }

  private static let reportsTimeLeft = CustomHandler(onGet: { _, call in
    var response = EchoResponse()
    response.text = call.timeLeft.map { "\($0 > .seconds(5)) \($0 <= .seconds(20))" } ?? "none"
    return response
  })

  @Test("a call made by a handler gets no more time than is left", arguments: [true, false])
  func deadline(inherits: Bool) async throws {
    try await chain([.callPropagation], back: Self.reportsTimeLeft) { client, _ in
      var options = CallOptions(timeout: nil)
      options.inheritsCall = inherits
      return try await client.get(request(), options: options)
    } _: { client in
      let answer = try await client.get(request(), options: CallOptions(timeout: .seconds(20))).text
      #expect(answer == (inherits ? "true true" : "none"))
      let endless = try await client.get(request()).text
      #expect(endless == "none")
    }
  }

  @Test("a call that is never made leaves nothing with the one that would have made it")
  func nothingLeft() async throws {
    let left = Mutex<[Int]>([])
    try await chain([.callPropagation], back: Self.reportsTimeLeft) { client, call in
      let small = options { $0.maxRequestMessageBytes = 10 }
      let long = request(String(repeating: "x", count: 100))
      for _ in 0..<100 {
        let error = await failure { try await client.get(long, options: small) }
        #expect(error.code == .resourceExhausted)
        _ = await failure { try await client.expand(long, options: small) }
        _ = try await client.get(request())
      }
      #expect(await waitUntil { call.observerCount == 0 })
      left.withLock { $0.append(call.observerCount) }
      return EchoResponse()
    } _: { client in
      _ = try await client.get(request(), options: CallOptions(timeout: .seconds(50)))
    }
    #expect(left.withLock(\.self) == [0])
  }

  @Test("its own timeout counts where that is shorter")
  func shorter() async throws {
    try await chain([.callPropagation], back: Self.reportsTimeLeft) { client, _ in
      try await client.get(request(), options: CallOptions(timeout: .seconds(3)))
    } _: { client in
      let answer = try await client.get(request(), options: CallOptions(timeout: .seconds(20))).text
      #expect(answer == "false true")
    }
  }

  @Test("without the interceptor nothing is inherited")
  func absent() async throws {
    try await chain([], back: Self.reportsTimeLeft) { client, _ in
      try await client.get(request())
    } _: { client in
      let answer = try await client.get(request(), options: CallOptions(timeout: .seconds(20))).text
      #expect(answer == "none")
    }
  }

  @Test("a call made by a task that outlives its handler's wait is cancelled with the handler's")
  func cancellation() async throws {
    let started = Flag()
    let cancelled = Flag()
    let back = CustomHandler(onGet: { _, call in
      started.set()
      await call.waitUntilCancelled()
      cancelled.set()
      return EchoResponse()
    })
    try await chain([.callPropagation], back: back) { client, call in
      // Not a child: the handler's cancellation does not reach it by itself.
      let asking = Task { await failure { try await client.get(request()) } }
      let error = await asking.value
      throw error
    } _: { client in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await started.wait())
      task.cancel()
      #expect(await cancelled.wait())
      #expect(await task.value.code == .cancelled)
    }
  }

  @Test("a handler whose call is cancelled already can begin no other", arguments: [true, false])
  func cancelledBefore(streams: Bool) async throws {
    let codes = Mutex<[StatusCode]>([])
    let started = Flag()
    try await chain([.callPropagation], back: Self.reportsTimeLeft) { client, call in
      started.set()
      await call.waitUntilCancelled()
      // Not cancelled itself, unlike the handler's own task.
      let asking = Task.detached {
        await ServerCall.$current.withValue(call) {
          await failure {
            if streams { _ = try await client.chat() } else { _ = try await client.get(request()) }
          }
        }
      }
      let code = await asking.value.code
      codes.withLock { $0.append(code) }
      return EchoResponse()
    } _: { client in
      let task = Task { await failure { try await client.get(request()) } }
      #expect(await started.wait())
      task.cancel()
      _ = await task.value
      #expect(await waitUntil { !codes.withLock { $0.isEmpty } })
    }
    #expect(codes.withLock { $0 } == [.cancelled])
  }
}

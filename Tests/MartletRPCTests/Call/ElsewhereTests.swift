import EchoSchema
import MartletHTTP2
import MartletNet
import Testing

@testable import MartletRPC

/// Readers and senders that run elsewhere than on their call's loop.
@Suite(.timeLimit(.minutes(1))) struct ElsewhereTests {
  @Test("small requests wait for a handler that does not read, and arrive in order")
  func smallRequests() async throws {
    let mayRead = Flag()
    let handler = CustomHandler(onCollect: { requests, _ in
      _ = await mayRead.wait()
      var response = EchoResponse()
      for try await request in requests {
        guard request.count == response.index else { break }
        response.index += 1
      }
      return response
    })
    let sent = Counter()
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let call = try await client.collect()
      let writer = Task {
        var message = request()
        message.padding = [UInt8](repeating: 1, count: 1000)
        for index in 0..<2000 {
          message.count = UInt32(index)
          try await call.requests.send(message)
          sent.increment()
        }
        await call.requests.finish()
      }
      try await Task.sleep(for: .seconds(1))
      // At least the window is full, at most the stream's high-water mark and the outbox are, too.
      let (least, most) = ((64 << 10) / 1010, 3 * (64 << 10) / 1000 + 4)
      #expect((least...most).contains(sent.current), "\(sent.current)")
      mayRead.set()
      try await writer.value
      let answer = try await call.response().index
      #expect(answer == 2000)
    }
  }

  @Test(
    "responses that a handler sends from elsewhere come whole, in order, and before its status",
    arguments: Wire.allCases
  )
  func responsesFromElsewhere(wire: Wire) async throws {
    let handler = CustomHandler(onExpand: { request, responses, _ in
      let sender = Task.detached {
        for index in 0..<request.count {
          var response = EchoResponse()
          response.index = index
          response.padding = [UInt8](repeating: 3, count: Int(index) * 7 % 600)
          try await responses.send(response)
        }
      }
      try await sender.value
      throw RPCError(.aborted, "enough")
    })
    try await EchoFixture(wire: wire, handler: handler).run { client, _ in
      for count: UInt32 in [0, 1, 2, 3_000] {
        let call = try await client.expand(request(count: count))
        var seen: UInt32 = 0
        let error = await failure {
          for try await response in call.responses {
            guard response.index == seen, response.padding.count == Int(seen) * 7 % 600 else {
              break
            }
            seen += 1
          }
        }
        #expect(seen == count && error.code == .aborted)
      }
    }
  }

  @Test("a handler that sends from elsewhere waits for its client, and hears when that has gone")
  func endlessResponsesFromElsewhere() async throws {
    let sent = Counter()
    let ended = Flag()
    let handler = CustomHandler(onExpand: { _, responses, _ in
      let sender = Task.detached {
        var response = EchoResponse()
        response.padding = [UInt8](repeating: 1, count: 1000)
        defer { ended.set() }
        while true {
          try await responses.send(response)
          sent.increment()
        }
      }
      try await sender.value
    })
    try await EchoFixture(wire: .tls, handler: handler).run { client, _ in
      let call = try await client.expand(request(count: 1))
      #expect(await waitUntil { sent.current > 100 })
      var before = -1
      while before != sent.current {
        before = sent.current
        try await Task.sleep(for: .milliseconds(300))
      }
      // The client's window, the stream's high-water mark and the outbox, and what is in sockets.
      #expect(before < 2_000, "\(before)")
      call.cancel()
      #expect(await ended.wait())
    }
  }

  @Test("a reader on the loop goes on where one elsewhere stopped")
  func changingPlaces() async throws {
    try await EchoFixture(wire: .tls).run { client, _ in
      let call = try await client.expand(request(count: 300))
      var seen: [UInt32] = []
      for round in 0..<30 {
        if round == 0 { try await Task.sleep(for: .milliseconds(200)) }
        let take = { @Sendable () async throws -> [UInt32] in
          var iterator = call.responses.makeAsyncIterator()
          var taken: [UInt32] = []
          while taken.count < 10, let response = try await iterator.next() {
            taken.append(response.index)
          }
          return taken
        }
        let loop = call.core.loop
        seen +=
          round % 2 == 0
          ? try await take() : try await Task(executorPreference: loop) { try await take() }.value
      }
      #expect(seen == Array(0..<300))
      var rest = call.responses.makeAsyncIterator()
      let end = try await rest.next()
      #expect(end == nil)
    }
  }

  @Test("one who sends on the loop comes behind what others have left in the outbox")
  func sendingOnTheLoop() async throws {
    let seen = Recorded<UInt32>()
    let handler = CustomHandler(onCollect: { requests, _ in
      for try await request in requests { seen.append(request.count) }
      return EchoResponse()
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.collect()
      let core = call.core
      // As does a sender that is held up before it has told the loop.
      let frame = try core.frame(request(count: 1))
      #expect(frame.withUnsafeBytes { core.outbox.put($0, limit: core.outboxLimit) })
      try await call.requests.send(request(count: 2))
      try await Task(executorPreference: core.loop) {
        try await call.requests.send(request(count: 3))
      }.value
      await call.requests.finish()
      _ = try await call.response()
      #expect(seen.all == [1, 2, 3])
    }
  }

  @Test("a reader gets nothing behind a malformed message")
  func behindMalformed() async throws {
    try await withScriptedServer { request in
      // A field whose length goes beyond the message's end, then a sound message.
      request.stream.submitResponse(ResponseHeaders.leading(Metadata()))
      request.stream.write([0, 0, 0, 0, 2, 0x0a, 0x7f, 0, 0, 0, 0, 0])
      request.stream.finish(trailers: ResponseHeaders.trailers(nil, Metadata()))
    } _: { client, _ in
      let call = try await client.expand(request())
      let core = call.core
      let isHere = try await core.waitForArrival()
      #expect(isHere)
      // At once, before the loop can have heard of it.
      #expect(throws: RPCError.self) { try core.takeArrived(EchoResponse.self) }
      let second = try core.takeArrived(EchoResponse.self)
      #expect(second == nil)
      var responses = call.responses.makeAsyncIterator()
      #expect(await failure { try await responses.next() }.code == .internal)
    }
  }

  @Test("of two tasks that read at a time one is refused", arguments: [false, true])
  func twoReaders(secondIsOnLoop: Bool) async throws {
    try await EchoFixture(wire: .tls).run { client, channel in
      for _ in 0..<50 {
        let call = try await client.chat()
        let executor = secondIsOnLoop ? channel.executor : nil
        try await withThrowingTaskGroup(of: Result<String?, any Error>.self) { group in
          for executor in [nil, executor] {
            group.addTask(executorPreference: executor) {
              var responses = call.responses.makeAsyncIterator()
              do { return .success(try await responses.next()?.text) } catch {
                return .failure(error)
              }
            }
          }
          // There is nothing to read, so the first to end is the one that was refused.
          let refused = try await group.next()
          #expect(throws: CallCore.twoReaders) { try refused?.get() }
          try await call.requests.send(request("one"))
          let other = try await group.next()?.get()
          #expect(other == "one")
        }
      }
    }
  }

  @Test("after the end of the requests or of the call, send throws at once")
  func afterTheEnd() async throws {
    try await EchoFixture(wire: .tls).run { client, _ in
      let finished = try await client.chat()
      try await finished.requests.send(request("one"))
      await finished.requests.finish()
      await #expect(throws: RPCError.self) { try await finished.requests.send(request("two")) }
      var responses = finished.responses.makeAsyncIterator()
      let first = try await responses.next()?.text
      #expect(first == "one")
      let end = try await responses.next()
      #expect(end == nil)

      let cancelled = try await client.chat()
      try await cancelled.requests.send(request("one"))
      cancelled.cancel()
      _ = try? await cancelled.trailers()
      let error = await #expect(throws: RPCError.self) {
        try await cancelled.requests.send(request("two"))
      }
      #expect(error?.code == .cancelled)
    }
  }
}

import EchoSchema
import MartletHTTP2
import MartletNet
import MartletWire
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ScriptedServerTests {
  @Test("a call that the server refused to look at is sent again, unseen by the caller")
  func refused() async throws {
    try await ScriptedServer.run({ number, stream, _ in
      if number <= 2 { stream.reset(.refusedStream) } else { stream.answer("third time") }
    }) { client in
      let response = try await client.get(request("again"))
      #expect(response.text == "third time")
    }
  }

  @Test("a call that is refused again and again fails with UNAVAILABLE")
  func refusedForEver() async throws {
    let count = Counter()
    try await ScriptedServer.run({ _, stream, _ in
      count.increment()
      stream.reset(.refusedStream)
    }) { client in
      #expect(await failure { try await client.get(request()) }.code == .unavailable)
    }
    #expect(count.current == 1 + ClientLimits().maxTransparentRetries)
  }

  @Test("a call whose connection breaks after it was sent is not sent again")
  func broken() async throws {
    let count = Counter()
    try await ScriptedServer.run({ _, _, connection in
      count.increment()
      connection.transport.close()
    }) { client in
      let error = await failure { try await client.get(request()) }
      #expect(error.code == .unavailable)
      #expect(error.message.hasPrefix("the connection was lost"))
    }
    #expect(count.current == 1)
  }

  @Test(
    "a reset maps to its status",
    arguments: [
      (UInt32(0x0), StatusCode.internal), (0x1, .internal), (0x2, .internal), (0x3, .internal),
      (0x8, .cancelled), (0xb, .resourceExhausted), (0xc, .permissionDenied), (0xd, .internal),
      (0xff, .internal),
    ]
  )
  func resets(code: UInt32, status: StatusCode) async throws {
    try await ScriptedServer.run({ _, stream, _ in stream.reset(HTTP2ErrorCode(rawValue: code)) }) {
      client in
      #expect(await failure { try await client.get(request()) }.code == status)
    }
  }

  @Test("an answer that ends without a status is INTERNAL")
  func noStatus() async throws {
    try await ScriptedServer.run({ _, stream, _ in
      stream.submitResponse(ResponseHeaders.leading(Metadata()))
      stream.finish()
    }) { client in
      #expect(await failure { try await client.get(request()) }.code == .internal)
    }
  }

  @Test("a proxy's page is mapped by its HTTP status")
  func proxy() async throws {
    try await ScriptedServer.run({ _, stream, _ in
      stream.submitResponse(ResponseHeaders.plainText(status: "503"))
      stream.write(Array("upstream is down".utf8))
      stream.finish()
    }) { client in
      let error = await failure { try await client.get(request()) }
      #expect(error.code == .unavailable)
      #expect(error.message.contains("503"))
    }
  }

  @Test(
    "a response that is no message, or ends inside one, is INTERNAL",
    arguments: [[0, 0, 0, 0, 2, 0x0a, 0xff], [0, 0, 0, 0, 9, 1]]
  )
  func malformed(bytes: [UInt8]) async throws {
    try await ScriptedServer.run({ _, stream, _ in
      stream.submitResponse(ResponseHeaders.leading(Metadata()))
      stream.write(bytes)
      stream.finish(trailers: ResponseHeaders.trailers(nil, Metadata()))
    }) { client in
      #expect(await failure { try await client.get(request()) }.code == .internal)
    }
  }

  @Test("an announced response over the limit fails without waiting for it")
  func lyingLength() async throws {
    try await ScriptedServer.run({ _, stream, _ in
      stream.submitResponse(ResponseHeaders.leading(Metadata()))
      stream.write([0, 0xff, 0xff, 0xff, 0xff])
    }) { client in
      #expect(await failure { try await client.get(request()) }.code == .resourceExhausted)
    }
  }

  @Test("a call that waits to be sent again fails when its channel is forgotten")
  func forgottenWhileWaiting() async throws {
    let loop = try EventLoop()
    try loop.start()
    let connections = Counter()
    var channel: Channel? = Channel(configuration: .init(security: .plaintext), loop: loop) {
      loop in
      let ends = Transport.pipe(loop, loop)
      connections.increment()
      // The second connection's server never says a word.
      guard connections.current == 1 else {
        ends.server.open(delegate: SilentPeer())
        return ends.client
      }
      let server = ScriptedServer { _, stream, connection in
        stream.reset(.refusedStream)
        connection.drain()
      }
      _ = HTTP2Connection(role: .server, transport: ends.server, delegate: server)
      return ends.client
    }
    let method = EchoService.Methods.chat
    let call = try await #require(channel).open(method)
    await call.requests.finish()
    #expect(await waitUntil { connections.current == 2 })
    channel = nil
    let outcome = Task { await failure { try await call.response() }.code }
    let code = await outcome.value
    #expect(code == .cancelled)
    await loop.stopAndWait()
  }

  @Test("a channel that is closed or forgotten while it connects leaves nothing behind")
  func closedWhileConnecting() async throws {
    for closes in [true, false] {
      weak var remains: EventLoop?
      do {
        let loop = try EventLoop()
        remains = loop
        try loop.start()
        let channel = Channel(configuration: .init(security: .plaintext), loop: loop) { loop in
          let ends = Transport.pipe(loop, loop)
          ends.server.open(delegate: SilentPeer())
          return ends.client
        }
        let options = CallOptions(timeout: .milliseconds(20))
        let error = await failure {
          try await EchoServiceClient(channel).get(request(), options: options)
        }
        #expect(error.code == .deadlineExceeded)
        if closes { await channel.close() }
        await loop.stopAndWait()
      }
      #expect(await waitUntil { remains == nil }, "closes: \(closes)")
    }
  }
}

private final class SilentPeer: TransportDelegate {
  func transportDidOpen(_ transport: Transport) {}
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {}
  func transportDidReachEnd(_ transport: Transport) { transport.closeInOrder() }
  func transportWillFlush(_ transport: Transport) {}
  func transportDidClose(_ transport: Transport, error: NetError?) {}
}

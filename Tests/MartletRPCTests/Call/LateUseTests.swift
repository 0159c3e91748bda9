import EchoSchema
import MartletHTTP2
import Synchronization
import Testing

@testable import MartletRPC

/// What a handler hands out is used when its call is over: by a room that several calls share, say.
@Suite(.timeLimit(.minutes(1))) struct LateUseTests {
  private struct Unforeseen: Error {}

  /// Lets `use` have the writer of a call that its client gave up before any response.
  private func afterTheEnd(
    _ configuration: ServerConfiguration = ServerConfiguration(),
    _ use: @escaping @Sendable (MessageWriter<EchoResponse>) async throws -> Void
  ) async throws -> RPCError {
    let room = Mutex<MessageWriter<EchoResponse>?>(nil)
    let left = Flag()
    let handler = CustomHandler(
      onGet: { _, _ in
        if let writer = room.withLock(\.self) { try await use(writer) }
        return EchoResponse()
      },
      onChat: { _, responses, call in
        room.withLock { $0 = responses }
        await call.waitUntilCancelled()
        left.set()
      }
    )
    let error = Mutex<RPCError?>(nil)
    try await EchoFixture(server: configuration, handler: handler).run { client, _ in
      let call = try await client.chat()
      #expect(await waitUntil { room.withLock { $0 != nil } })
      call.cancel()
      #expect(await left.wait())
      let thrown = await failure { try await client.get(request()) }
      error.withLock { $0 = thrown }
    }
    let thrown = error.withLock(\.self)
    return try #require(thrown)
  }

  @Test("a writer whose call is over says so to another call of its loop")
  func writer() async throws {
    let error = try await afterTheEnd { writer in try await writer.send(EchoResponse()) }
    #expect(error.code == .cancelled)
  }

  @Test("so does one that an interceptor has changed, whatever it throws")
  func transformedWriter() async throws {
    let methods = Mutex<[String]>([])
    var configuration = ServerConfiguration()
    configuration.onUnexpectedError = { _, method in methods.withLock { $0.append(method) } }
    let error = try await afterTheEnd(configuration) { writer in
      try await writer.transformed { _ in throw Unforeseen() }.send(EchoResponse())
    }
    #expect(error.code == .unknown)
    #expect(methods.withLock(\.self) == [EchoService.Methods.chat.path])
  }
}

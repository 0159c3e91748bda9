import InteropSchema
import MartletRPC

/// Metadata, statuses, cancellation and deadlines.
extension InteropCaller {
  func customMetadata() async throws {
    var metadata = Metadata()
    try metadata.append("test_initial_metadata_value", for: "x-grpc-test-echo-initial")
    try metadata.append([0xab, 0xab, 0xab], for: "x-grpc-test-echo-trailing-bin")
    let options = CallOptions(metadata: metadata)

    // Not through the client's method, which gives no metadata.
    let unary = try await channel.open(TestService.Methods.unaryCall, options: options)
    try await unary.requests.send(.large())
    await unary.requests.finish()
    _ = try await unary.response()
    try expectEcho(try await unary.metadata(), try await unary.trailers())

    let duplex = try await client.fullDuplexCall(options: options)
    try await duplex.requests.send(.of([314_159], payload: 271_828))
    await duplex.requests.finish()
    for try await _ in duplex.responses {}
    try expectEcho(try await duplex.metadata(), try await duplex.trailers())
  }

  private func expectEcho(_ leading: Metadata, _ trailing: Metadata) throws {
    let text = leading.values(for: "x-grpc-test-echo-initial")
    try expect(text == ["test_initial_metadata_value"], "the text again, not \(text)")
    let bytes = trailing.binaryValues(for: "x-grpc-test-echo-trailing-bin")
    try expect(bytes == [[0xab, 0xab, 0xab]], "the bytes again, not \(bytes)")
  }

  func status(_ message: String, unaryOnly: Bool = false) async throws {
    var status = EchoStatus()
    status.code = 2
    status.message = message
    var request = SimpleRequest()
    request.responseStatus = status
    try await expect(.unknown, message, from: "the unary call") {
      try await client.unaryCall(request)
    }
    guard !unaryOnly else { return }
    try await expect(.unknown, message, from: "the stream") {
      let call = try await client.fullDuplexCall()
      var request = StreamingOutputCallRequest()
      request.responseStatus = status
      try await call.requests.send(request)
      await call.requests.finish()
      for try await _ in call.responses {}
    }
  }

  func unimplementedMethod() async throws {
    try await expect(.unimplemented, from: "the method") {
      try await client.unimplementedCall(Empty())
    }
  }

  func unimplementedService() async throws {
    try await expect(.unimplemented, from: "the service") {
      try await UnimplementedServiceClient(channel).unimplementedCall(Empty())
    }
  }

  func cancelAfterBegin() async throws {
    let call = try await client.streamingInputCall()
    call.cancel()
    try await expect(.cancelled, from: "the call") { try await call.response() }
  }

  func cancelAfterFirstResponse() async throws {
    let call = try await client.fullDuplexCall()
    try await call.requests.send(.of([31_415], payload: 27_182))
    var responses = call.responses.makeAsyncIterator()
    let first = try await responses.next()
    try expect(first?.payload?.body.count == 31_415, "31,415 zeros")
    call.cancel()
    try await expect(.cancelled, from: "the call") { try await call.trailers() }
  }

  func timeoutOnSleepingServer() async throws {
    try await expect(.deadlineExceeded, from: "the call") {
      let options = CallOptions(timeout: .milliseconds(1))
      let call = try await client.fullDuplexCall(options: options)
      try await call.requests.send(.of([], payload: 27_182))
      for try await _ in call.responses {}
    }
  }
}

// MARK: Expecting

/// What a case expected in vain.
struct Unexpected: Error, CustomStringConvertible {
  let description: String
}

func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw Unexpected(description: "expected \(what())") }
}

/// Expects a call to end with a status, and with its message where one is given.
func expect<Result>(
  _ code: StatusCode,
  _ message: String? = nil,
  from what: String,
  _ call: () async throws -> Result
) async throws {
  do {
    _ = try await call()
  } catch let error as RPCError {
    try expect(error.code == code, "\(code) from \(what), not \(error)")
    try expect(message == nil || error.message == message, "another message than \(error.message)")
    return
  }
  throw Unexpected(description: "expected \(code) from \(what), not OK")
}

// MARK: Messages

func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

extension Payload {
  static func of(_ size: Int) -> Payload {
    var payload = Payload()
    payload.body = zeros(size)
    return payload
  }
}

extension BoolValue {
  static func of(_ value: Bool) -> BoolValue {
    var message = BoolValue()
    message.value = value
    return message
  }
}

extension SimpleRequest {
  static func large() -> SimpleRequest {
    var request = SimpleRequest()
    request.responseSize = 314_159
    request.payload = .of(271_828)
    return request
  }
}

extension StreamingInputCallRequest {
  static func of(_ size: Int, expectCompressed: Bool? = nil) -> StreamingInputCallRequest {
    var request = StreamingInputCallRequest()
    request.payload = .of(size)
    request.expectCompressed = expectCompressed.map { .of($0) }
    return request
  }
}

extension StreamingOutputCallRequest {
  static func of(_ sizes: [Int], payload: Int? = nil) -> StreamingOutputCallRequest {
    var request = StreamingOutputCallRequest()
    request.responseParameters = sizes.map { size in
      var parameters = ResponseParameters()
      parameters.size = Int32(size)
      return parameters
    }
    request.payload = payload.map { .of($0) }
    return request
  }
}

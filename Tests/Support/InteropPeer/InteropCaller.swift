import InteropSchema
import MartletRPC

/// The client's side of the descriptions.
struct InteropCaller {
  private let makeChannel: @Sendable () -> Channel
  let channel: Channel
  let client: TestServiceClient

  init(makeChannel: @escaping @Sendable () -> Channel) {
    self.init(makeChannel: makeChannel, makeChannel())
  }

  private init(makeChannel: @escaping @Sendable () -> Channel, _ channel: Channel) {
    self.makeChannel = makeChannel
    self.channel = channel
    client = TestServiceClient(channel)
  }

  func run(_ test: InteropCase) async throws {
    switch test {
    case .emptyUnary: _ = try await client.emptyCall(Empty())
    case .largeUnary: try await largeUnary()
    case .clientCompressedUnary: try await clientCompressedUnary()
    case .serverCompressedUnary: try await serverCompressedUnary()
    case .clientStreaming: try await clientStreaming()
    case .clientCompressedStreaming: try await clientCompressedStreaming()
    case .serverStreaming: try await serverStreaming()
    case .serverCompressedStreaming: try await serverCompressedStreaming()
    case .pingPong: try await pingPong()
    case .halfDuplex: try await halfDuplex()
    case .emptyStream: try await emptyStream()
    case .customMetadata: try await customMetadata()
    case .statusCodeAndMessage: try await status("test status message")
    case .specialStatusMessage: try await status(Self.specialMessage, unaryOnly: true)
    case .unimplementedMethod: try await unimplementedMethod()
    case .unimplementedService: try await unimplementedService()
    case .cancelAfterBegin: try await cancelAfterBegin()
    case .cancelAfterFirstResponse: try await cancelAfterFirstResponse()
    case .timeoutOnSleepingServer: try await timeoutOnSleepingServer()
    case .concurrentLargeUnary: try await concurrentLargeUnary(Self.concurrentCalls)
    case .rpcSoak: for _ in 0..<Self.soakCalls { try await largeUnary() }
    case .channelSoak: for _ in 0..<Self.soakCalls { try await onAnotherChannel() }
    }
  }

  private static let specialMessage =
    "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"

  // MARK: Unary

  func largeUnary() async throws {
    try expectLarge(try await client.unaryCall(.large()))
  }

  func concurrentLargeUnary(_ count: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count { group.addTask { try await self.largeUnary() } }
      try await group.waitForAll()
    }
  }

  /// A call on a channel of its own, which is closed after it.
  private func onAnotherChannel() async throws {
    let other = makeChannel()
    try await InteropCaller(makeChannel: makeChannel, other).largeUnary()
    await other.close()
  }

  /// The descriptions leave the number to who runs them.
  private static let soakCalls = 100

  /// The descriptions say 1,000; each has half a megabyte in flight.
  private static let concurrentCalls = 200

  private func expectLarge(_ response: SimpleResponse) throws {
    try expect(response.payload?.body == zeros(314_159), "a payload of 314,159 zeros")
  }

  private func clientCompressedUnary() async throws {
    var request = SimpleRequest.large()
    request.expectCompressed = .of(true)
    try await expect(.invalidArgument, from: "the probe") {
      try await client.unaryCall(request)
    }
    let options = CallOptions(compression: .gzip)
    try expectLarge(try await client.unaryCall(request, options: options))
    request.expectCompressed = .of(false)
    try expectLarge(try await client.unaryCall(request))
  }

  private func serverCompressedUnary() async throws {
    for isCompressed in [true, false] {
      var request = SimpleRequest.large()
      request.responseCompressed = .of(isCompressed)
      // Not through the client's method, to see how the response came.
      let call = try await channel.open(TestService.Methods.unaryCall)
      try await call.requests.send(request)
      await call.requests.finish()
      try expectLarge(try await call.response())
      let count = call.compressedResponseCount
      try expect(count == (isCompressed ? 1 : 0), "compressed: \(isCompressed)")
    }
  }

  // MARK: Streams

  private func clientStreaming() async throws {
    let call = try await client.streamingInputCall()
    for size in [27_182, 8, 1_828, 45_904] { try await call.requests.send(.of(size)) }
    await call.requests.finish()
    let sum = try await call.response().aggregatedPayloadSize
    try expect(sum == 74_922, "a sum of 74,922, not \(sum)")
  }

  private func clientCompressedStreaming() async throws {
    try await expect(.invalidArgument, from: "the probe") {
      let probe = try await client.streamingInputCall()
      try? await probe.requests.send(.of(27_182, expectCompressed: true))
      await probe.requests.finish()
      return try await probe.response()
    }
    let call = try await client.streamingInputCall(options: CallOptions(compression: .gzip))
    try await call.requests.send(.of(27_182, expectCompressed: true))
    call.compressesRequests = false
    try await call.requests.send(.of(45_904, expectCompressed: false))
    await call.requests.finish()
    let sum = try await call.response().aggregatedPayloadSize
    try expect(sum == 73_086, "a sum of 73,086, not \(sum)")
  }

  private func serverStreaming() async throws {
    let call = try await client.streamingOutputCall(.of([31_415, 9, 2_653, 58_979]))
    try await expectSizes([31_415, 9, 2_653, 58_979], call.responses)
  }

  private func serverCompressedStreaming() async throws {
    var request = StreamingOutputCallRequest.of([31_415, 92_653])
    request.responseParameters[0].compressed = .of(true)
    request.responseParameters[1].compressed = .of(false)
    let call = try await client.streamingOutputCall(request)
    var responses = call.responses.makeAsyncIterator()
    for (size, compressed) in [(31_415, 1), (92_653, 1)] {
      let response = try await responses.next()
      try expect(response?.payload?.body == zeros(size), "\(size) zeros")
      let count = call.compressedResponseCount
      try expect(count == compressed, "\(compressed) compressed responses, not \(count)")
    }
    try expect(try await responses.next() == nil, "two responses")
  }

  private func pingPong() async throws {
    let call = try await client.fullDuplexCall()
    var responses = call.responses.makeAsyncIterator()
    for (size, payload) in [(31_415, 27_182), (9, 8), (2_653, 1_828), (58_979, 45_904)] {
      try await call.requests.send(.of([size], payload: payload))
      let response = try await responses.next()
      try expect(response?.payload?.body == zeros(size), "\(size) zeros")
    }
    await call.requests.finish()
    try expect(try await responses.next() == nil, "four responses")
    _ = try await call.trailers()
  }

  private func halfDuplex() async throws {
    let call = try await client.halfDuplexCall()
    for size in [31_415, 9] { try await call.requests.send(.of([size])) }
    await call.requests.finish()
    try await expectSizes([31_415, 9], call.responses)
  }

  private func emptyStream() async throws {
    let call = try await client.fullDuplexCall()
    await call.requests.finish()
    try await expectSizes([], call.responses)
  }

  private func expectSizes(
    _ sizes: [Int],
    _ responses: MessageStream<StreamingOutputCallResponse>
  ) async throws {
    var found: [Int] = []
    for try await response in responses { found.append(response.payload?.body.count ?? -1) }
    try expect(found == sizes, "payloads of \(sizes) bytes, not \(found)")
  }
}

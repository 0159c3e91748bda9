import InteropSchema
import MartletRPC

/// The server's side of the descriptions: each function bears the name of a feature there.
struct InteropHandler: TestServiceHandler {
  func emptyCall(_ request: Empty, _ call: ServerCall) async throws -> Empty {
    echoMetadata(call)
    return Empty()
  }

  func unaryCall(_ request: SimpleRequest, _ call: ServerCall) async throws -> SimpleResponse {
    echoMetadata(call)
    try check(request.expectCompressed, isCompressed: call.compressedRequestCount == 1)
    try echoStatus(request.responseStatus)
    if request.responseCompressed?.value == true { call.responseCompression = .gzip }
    var response = SimpleResponse()
    response.payload = try payload(request.responseType, request.responseSize)
    return response
  }

  func streamingOutputCall(
    _ request: StreamingOutputCallRequest,
    _ responses: MessageWriter<StreamingOutputCallResponse>,
    _ call: ServerCall
  ) async throws {
    echoMetadata(call)
    try await answer(request, responses, call)
  }

  func streamingInputCall(
    _ requests: MessageStream<StreamingInputCallRequest>,
    _ call: ServerCall
  ) async throws -> StreamingInputCallResponse {
    echoMetadata(call)
    var response = StreamingInputCallResponse()
    var compressedBefore = 0
    for try await request in requests {
      let compressed = call.compressedRequestCount
      try check(request.expectCompressed, isCompressed: compressed > compressedBefore)
      compressedBefore = compressed
      response.aggregatedPayloadSize += Int32(request.payload?.body.count ?? 0)
    }
    return response
  }

  func fullDuplexCall(
    _ requests: MessageStream<StreamingOutputCallRequest>,
    _ responses: MessageWriter<StreamingOutputCallResponse>,
    _ call: ServerCall
  ) async throws {
    echoMetadata(call)
    for try await request in requests { try await answer(request, responses, call) }
  }

  func halfDuplexCall(
    _ requests: MessageStream<StreamingOutputCallRequest>,
    _ responses: MessageWriter<StreamingOutputCallResponse>,
    _ call: ServerCall
  ) async throws {
    echoMetadata(call)
    var all: [StreamingOutputCallRequest] = []
    for try await request in requests { all.append(request) }
    for request in all { try await answer(request, responses, call) }
  }

  func unimplementedCall(_ request: Empty, _ call: ServerCall) async throws -> Empty {
    throw RPCError(.unimplemented, "this method is there to be missing")
  }

  private func answer(
    _ request: StreamingOutputCallRequest,
    _ responses: MessageWriter<StreamingOutputCallResponse>,
    _ call: ServerCall
  ) async throws {
    try echoStatus(request.responseStatus)
    let parameters = request.responseParameters
    if parameters.contains(where: { $0.compressed?.value == true }) {
      call.responseCompression = .gzip
    }
    for parameter in parameters {
      if parameter.intervalUs > 0 {
        try await Task.sleep(for: .microseconds(Int64(parameter.intervalUs)))
      }
      var response = StreamingOutputCallResponse()
      response.payload = try payload(request.responseType, parameter.size)
      call.compressesResponses = parameter.compressed?.value == true
      try await responses.send(response)
    }
  }

  private func payload(_ type: PayloadType, _ size: Int32) throws -> Payload {
    guard type == .compressable else {
      throw RPCError(.invalidArgument, "no such type of payload: \(type)")
    }
    guard (0...16 << 20).contains(size) else {
      throw RPCError(.invalidArgument, "no payload has \(size) bytes")
    }
    var payload = Payload()
    payload.body = [UInt8](repeating: 0, count: Int(size))
    return payload
  }

  private func check(_ expected: BoolValue?, isCompressed: Bool) throws {
    guard let expected, expected.value != isCompressed else { return }
    throw RPCError(
      .invalidArgument,
      isCompressed ? "the request is compressed" : "the request is not compressed"
    )
  }

  private func echoStatus(_ status: EchoStatus?) throws {
    guard let status, status.code != 0 else { return }
    throw RPCError(StatusCode(rawValue: Int(status.code)) ?? .unknown, status.message)
  }

  private func echoMetadata(_ call: ServerCall) {
    let initial = "x-grpc-test-echo-initial"
    let trailing = "x-grpc-test-echo-trailing-bin"
    for text in call.metadata.values(for: initial) {
      try? call.responseMetadata.append(text, for: initial)
    }
    for bytes in call.metadata.binaryValues(for: trailing) {
      try? call.trailingMetadata.append(bytes, for: trailing)
    }
  }
}

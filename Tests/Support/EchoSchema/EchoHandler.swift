package import MartletRPC

/// Answers EchoService as its requests ask for.
package struct EchoHandler: EchoServiceHandler {
  package init() {}

  package func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
    try await obey(request, call)
    return response(to: request, index: 0)
  }

  package func expand(
    _ request: EchoRequest,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    echoMetadata(call)
    for index in 0..<request.count { try await responses.send(response(to: request, index: index)) }
    try await obey(request, call)
  }

  package func collect(
    _ requests: MessageStream<EchoRequest>,
    _ call: ServerCall
  ) async throws -> EchoResponse {
    var joined = EchoResponse()
    for try await request in requests {
      try await obey(request, call)
      joined.text += request.text
      joined.index += 1
    }
    return joined
  }

  package func chat(
    _ requests: MessageStream<EchoRequest>,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    echoMetadata(call)
    var index: UInt32 = 0
    for try await request in requests {
      try await obey(request, call)
      try await responses.send(response(to: request, index: index))
      index += 1
    }
  }

  /// Waits and fails as the request says.
  private func obey(_ request: EchoRequest, _ call: ServerCall) async throws {
    echoMetadata(call)
    if request.delayMs > 0 { try await Task.sleep(for: .milliseconds(Int64(request.delayMs))) }
    if let code = StatusCode(rawValue: Int(request.status)), code != .ok {
      let details = request.statusDetails.isEmpty ? nil : request.statusDetails
      throw RPCError(code, request.statusMessage, statusDetails: details)
    }
  }

  /// Sends `x-echo…` metadata back: text before the first response, bytes with the status.
  private func echoMetadata(_ call: ServerCall) {
    var leading = Metadata()
    var trailing = Metadata()
    for entry in call.metadata.entries where entry.name.hasPrefix("x-echo") {
      switch entry.value {
      case .text(let text): try? leading.append(text, for: entry.name)
      case .binary(let bytes): try? trailing.append(bytes, for: entry.name)
      }
    }
    call.responseMetadata = leading
    call.trailingMetadata = trailing
  }

  private func response(to request: EchoRequest, index: UInt32) -> EchoResponse {
    var response = EchoResponse()
    response.text = request.text
    response.index = index
    response.padding = [UInt8](repeating: 0x5a, count: Int(min(request.paddingBytes, 16 << 20)))
    return response
  }
}

import EchoSchema
import MartletRPC

/// The echo service, and the ways in which a handler can be a burden: its metadata `x-mode` picks
/// one.
struct HardHandler: EchoServiceHandler {
  private let echo = EchoHandler()

  /// What a handler throws that is no error of RPC.
  private struct Unforeseen: Error {}

  func get(_ request: EchoRequest, _ call: ServerCall) async throws -> EchoResponse {
    switch call.metadata["x-mode"] {
    case "throw": throw Unforeseen()
    case "ignore-cancellation": await Self.sleepWhatever(request.delayMs)
    default: break
    }
    return try await echo.get(request, call)
  }

  func expand(
    _ request: EchoRequest,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    guard call.metadata["x-mode"] == "elsewhere" else {
      return try await echo.expand(request, responses, call)
    }
    // Off the loop, as whoever gets its responses from another task does.
    let echo = echo
    try await Task.detached { try await echo.expand(request, responses, call) }.value
  }

  func collect(
    _ requests: MessageStream<EchoRequest>,
    _ call: ServerCall
  ) async throws -> EchoResponse {
    if call.metadata["x-mode"] == "never-read" { try await Task.sleep(for: .seconds(3_600)) }
    return try await echo.collect(requests, call)
  }

  func chat(
    _ requests: MessageStream<EchoRequest>,
    _ responses: MessageWriter<EchoResponse>,
    _ call: ServerCall
  ) async throws {
    switch call.metadata["x-mode"] {
    case "never-read": try await Task.sleep(for: .seconds(3_600))
    case "throw": throw Unforeseen()
    case "return-at-once": return
    default: try await echo.chat(requests, responses, call)
    }
  }

  /// Sleeps on although its task is cancelled.
  private static func sleepWhatever(_ milliseconds: UInt32) async {
    await Task.detached { try? await Task.sleep(for: .milliseconds(Int64(milliseconds))) }.value
  }
}

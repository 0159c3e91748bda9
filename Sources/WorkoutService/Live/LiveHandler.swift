package import MartletRPC
internal import WorkoutCore
package import WorkoutSchema
internal import WorkoutStore

/// Answers `martlet.v1.LiveService`.
package final class LiveHandler: LiveServiceHandler {
  private let parts: ServiceParts

  init(parts: ServiceParts) { self.parts = parts }

  package func track(
    _ requests: MessageStream<TrackRequest>,
    _ responses: MessageWriter<TrackResponse>,
    _ call: ServerCall
  ) async throws {
    try await TrackCall(parts: parts, caller: try call.caller()).run(requests, responses)
  }

  package func watch(
    _ request: WatchRequest,
    _ responses: MessageWriter<WatchResponse>,
    _ call: ServerCall
  ) async throws {
    try await WatchCall(parts: parts, caller: try call.caller()).run(request, responses)
  }
}

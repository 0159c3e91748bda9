internal import Synchronization

/// What a call learned besides its response: metadata, the number of attempts, the server.
///
/// Put a new one into `CallOptions.report` and look at it when the call is over, whether it
/// succeeded or not. It is how a call with one response gives its metadata.
public final class CallReport: Sendable {
  private struct State {
    var metadata = Metadata()
    var trailers = Metadata()
    var attempts = 0
    var server: String?
  }

  private let state = Mutex(State())

  /// Creates a report without content.
  public init() {}

  /// The metadata before the first response; empty when the server answered with a status only.
  public var metadata: Metadata { state.withLock(\.metadata) }
  /// The metadata that came with the status.
  public var trailers: Metadata { state.withLock(\.trailers) }
  /// How often the call was put on a connection.
  public var attempts: Int { state.withLock(\.attempts) }
  /// The address of the server that had the last attempt, such as `10.0.0.1:443`; nil when the call
  /// was never put on a connection.
  public var server: String? { state.withLock(\.server) }

  func attempted(at server: String) {
    state.withLock { state in
      state.attempts += 1
      state.server = server
    }
  }

  func ended(metadata: Metadata?, _ result: Result<Metadata, RPCError>) {
    let trailers: Metadata
    switch result {
    case .success(let metadata): trailers = metadata
    case .failure(let error): trailers = error.metadata
    }
    state.withLock { state in
      state.metadata = metadata ?? Metadata()
      state.trailers = trailers
    }
  }
}

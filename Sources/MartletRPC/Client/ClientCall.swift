internal import MartletNet
public import MartletWire

/// One open call, as its caller sees it.
///
/// The call is cancelled when the last reference to it, to its `requests` and to its `responses` is
/// gone, and when a task that waits in one of them is cancelled.
public final class ClientCall<Request: Message, Response: Message>: Sendable {
  /// Where the requests go; `finish()` ends them.
  ///
  /// A call with one request has sent it and finished.
  public let requests: MessageWriter<Request>
  /// The responses.
  ///
  /// Iteration throws the call's status when that is not OK.
  public let responses: MessageStream<Response>

  let core: ClientCallCore

  init(_ core: ClientCallCore) {
    self.core = core
    let lease = CallLease(core)
    requests = MessageWriter(core, lease: lease)
    responses = MessageStream(core, lease: lease)
  }

  private init(
    _ core: ClientCallCore,
    _ requests: MessageWriter<Request>,
    _ responses: MessageStream<Response>
  ) {
    self.core = core
    self.requests = requests
    self.responses = responses
  }

  /// The same call with messages looked at, changed or left out on their way; for interceptors.
  ///
  /// What the closures give takes the message's place; nil leaves it out. What they throw, the
  /// sender or the reader gets.
  ///
  /// - Parameters:
  ///   - changeRequest: gets each request that is sent.
  ///   - changeResponse: gets each response that is taken.
  /// - Returns: the call to give to the caller instead of this one.
  public func transformed(
    requests changeRequest: (@Sendable (Request) async throws -> Request?)? = nil,
    responses changeResponse: (@Sendable (Response) async throws -> Response?)? = nil
  ) -> ClientCall {
    ClientCall(
      core,
      changeRequest.map { requests.transformed(by: $0) } ?? requests,
      changeResponse.map { responses.transformed(by: $0) } ?? responses
    )
  }

  /// Waits for the response of a call that has exactly one.
  ///
  /// - Returns: the response, once the call has ended with OK.
  /// - Throws: `RPCError` with the call's status; UNIMPLEMENTED when there was no response or more
  ///   than one.
  public func response() async throws(RPCError) -> Response {
    guard responses.source != nil else { return try await core.onlyResponse(Response.self) }
    guard let response = try await responses.nextMessage() else {
      throw RPCError(.unimplemented, "the server sent no response")
    }
    guard try await responses.nextMessage() == nil else {
      cancel()
      throw RPCError(.unimplemented, "the server sent more than one response")
    }
    return response
  }

  /// Waits for the metadata that the server sends before its first response.
  ///
  /// - Returns: the metadata; empty when the server answered with a status only.
  /// - Throws: `RPCError` when the call failed before any answer.
  public func metadata() async throws(RPCError) -> Metadata {
    try await core.waitForLeading()
  }

  /// Waits for the end of the call: the metadata that came with its status.
  ///
  /// A call ends only when its responses have been taken.
  ///
  /// - Returns: the trailing metadata of a call that ended with OK.
  /// - Throws: `RPCError` with the call's status, which holds the trailing metadata.
  public func trailers() async throws(RPCError) -> Metadata {
    try await core.waitForOutcome()
  }

  /// Runs `body` with the call and gives the call up when it throws or its task is cancelled, even
  /// while it waits for something else than the call.
  ///
  /// - Parameter body: gets the call.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public func use<Result: Sendable>(
    _ body: (ClientCall<Request, Response>) async throws -> Result
  ) async throws -> Result {
    try await withTaskCancellationHandler {
      do {
        return try await body(self)
      } catch {
        cancel()
        throw error
      }
    } onCancel: {
      cancel()
    }
  }

  /// Gives the call up: the server is told, and whoever waits for the call gets CANCELLED.
  ///
  /// Harmless when it is over.
  public func cancel() {
    let core = core
    core.loop.execute { core.cancel() }
  }
}

internal import MartletNet
internal import MartletWire

// Calls with one request and one response.
extension ClientCallCore {
  /// Encodes the one request; ends a call that is thus never made, so that nobody waits for its end.
  func onlyFrame(_ request: some Message) throws(RPCError) -> [UInt8] {
    do throws(RPCError) { return try frame(request) } catch {
      loop.execute { self.cancel() }
      throw error
    }
  }

  /// What ends the wait for the only response.
  enum UnaryEnd {
    /// It is all that is in the reader, and the loop will not touch that any more.
    case response
    case failed(RPCError)
    /// Whatever has come is for `onlyResponse` to judge.
    case other
  }

  /// Makes a call from elsewhere than the loop: one visit starts it, and its end resumes the
  /// caller, who decodes the response itself.
  func unary<Response: Message>(
    _ frame: [UInt8],
    _ type: Response.Type
  ) async throws(RPCError) -> Response {
    let end = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        loop.execute { self.startUnary(frame, continuation) }
      }
    } onCancel: {
      loop.execute { self.fail(Self.taskCancelled) }
    }
    switch end {
    case .response: return try decodeOnlyResponse(type)
    case .failed(let error): throw error
    case .other: return try await onlyResponse(type)
    }
  }

  /// Starts a call that sends one request and no more.
  func startWithOnlyRequest(_ frame: [UInt8]) throws(RPCError) {
    chooseEncoding()
    try submit(frame)
    finishRequestsNow()
    start()
  }

  /// A cancellation may have come before: then the call has its status.
  private func startUnary(_ frame: [UInt8], _ caller: UnsafeContinuation<UnaryEnd, Never>) {
    do {
      unaryCaller = caller
      try startWithOnlyRequest(frame)
    } catch {
      unaryCaller = nil
      caller.resume(returning: .failed(error))
    }
  }

  /// Something has come for the caller of `unary`, who waits for the end unless the server breaks
  /// the rule of one response.
  func wakeUnaryCaller() {
    guard let caller = unaryCaller else { return }
    guard let end = unaryEnd else { return giveBackWhileWaiting() }
    unaryCaller = nil
    giveBackWhileWaiting()
    if case .response = end { received.count(messageBytes: untaken.bytes) }
    caller.resume(returning: end)
  }

  private var unaryEnd: UnaryEnd? {
    switch outcome {
    case .failure(let error): return .failed(error)
    case .success:
      let isAlone = front == .message(isFollowed: false) && reader.plainFront != nil
      return isAlone ? .response : .other
    case nil:
      let isOnTheWay = front == .message(isFollowed: false) || front == .incomplete
      return isOnTheWay ? nil : .other
    }
  }

  /// After the end, so that nobody else uses the reader.
  private func decodeOnlyResponse<Response: Message>(
    _ type: Response.Type
  ) throws(RPCError) -> Response {
    guard let bytes = reader.plainFront else {
      throw RPCError(.internal, "the response is gone")
    }
    return try decode(type, bytes).get()
  }
}

internal import MartletNet
public import MartletWire

// Calls with one request and one response: what most calls are, and so in line in generated code,
// where the messages' types are known.

extension Channel {
  /// Makes a call with one request and one response.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - request: the request.
  ///   - options: the caller's choices.
  /// - Returns: the response.
  /// - Throws: `RPCError` with the call's status.
  @inlinable
  nonisolated(nonsending) public func unary<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> Response {
    guard interceptors.isEmpty else { return try await intercepted(method, request, options) }
    let call = try newCall(method.path, options)
    try call.encodeOnly(request)
    guard await call.run() else { return try await call.onlyResponse(Response.self) }
    return try call.takeOnly(Response.self)
  }

  @usableFromInline
  func intercepted<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    _ options: CallOptions
  ) async throws(RPCError) -> Response {
    let call = OutgoingCall(method: method.path, kind: method.kind, options: options)
    let interception = ClientInterception(interceptors: interceptors, call: call)
    return try await interception.unary(request) { request, outgoing in
      let call = try self.newCall(method.path, outgoing.options)
      try call.encodeOnly(request)
      outgoing.attach(call, endsCall: false)
      guard await call.run() else { return try await call.onlyResponse(Response.self) }
      return try call.takeOnly(Response.self)
    }
  }
}

extension ClientCallCore {
  /// Encodes the one request; ends a call that is thus never made, so that nobody waits for its end.
  ///
  /// Before the call starts; then the loop takes it.
  @inlinable
  func encodeOnly<Request: Message>(_ request: Request) throws(RPCError) {
    guard request.encodedSizeBound <= 4096 else { return try encodeLarge(request) }
    try request.withEncoded(prefix: 5) { (frame) throws(RPCError) in
      try setOnly(UnsafeRawBufferPointer(frame))
    }
  }

  @usableFromInline
  func setOnly(_ frame: UnsafeRawBufferPointer) throws(RPCError) {
    onlyRequest = try orCancel { () throws(RPCError) in try seal([UInt8](frame)) }
  }

  @usableFromInline
  func encodeLarge(_ request: some Message) throws(RPCError) {
    onlyRequest = try orCancel { () throws(RPCError) in try frame(request) }
  }

  private func orCancel<Result>(
    _ body: () throws(RPCError) -> Result
  ) throws(RPCError) -> Result {
    do { return try body() } catch {
      loop.execute { self.fail(error) }
      throw error
    }
  }

  /// The response of a call for which `run` gave true.
  ///
  /// From any task: the loop has done with the call.
  @inlinable
  func takeOnly<Response: Message>(_ type: Response.Type) throws(RPCError) -> Response {
    let bytes = onlyResponseBytes
    defer { withExtendedLifetime(self) {} }
    do throws(WireError) {
      let limits = DecodingLimits(maximumBytes: bytes.count)
      return try Response(decoding: bytes, limits: limits)
    } catch {
      throw RPCError(.internal, "malformed \(Response.protoName): \(error)")
    }
  }

  /// Makes the call and waits for its end.
  ///
  /// From any task; one on the loop goes nowhere.
  ///
  /// - Returns: whether it ended with OK and one response, which is not compressed; all else is for
  ///   `onlyResponse` to judge, on the loop.
  @usableFromInline
  func run() async -> Bool {
    let isWhole = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        if loop.isCurrent {
          begin(OnlyWaiter(continuation: continuation, place: .here))
        } else {
          let place = EventLoop.current == nil ? OnlyWaiter.Place.elsewhere : .otherLoop
          let waiter = OnlyWaiter(continuation: continuation, place: place)
          loop.execute { self.begin(waiter) }
        }
      }
    } onCancel: {
      loop.execute { self.fail(Self.taskCancelled) }
    }
    return isWhole != 0
  }

  /// Who waits in `run`.
  struct OnlyWaiter {
    let continuation: UnsafeContinuation<UInt8, Never>
    let place: Place

    /// Where it waits, seen from the call's loop.
    enum Place { case here, otherLoop, elsewhere }
  }

  private func begin(_ waiter: OnlyWaiter) {
    awaitsAll = true
    do throws(RPCError) { try startWithOnlyRequest() } catch { fail(error) }
    onlyWaiter = waiter
    // Not at once: a caller on the loop that tries again and again would never leave it a turn, and
    // the connection that it waits for would not be made.
    if outcome != nil { loop.execute { self.endRun() } }
  }

  /// It is held no longer than it must: then what is sent of it need not be copied.
  private func takeOnlyRequest() -> [UInt8] {
    let frame = onlyRequest
    onlyRequest = []
    return frame
  }

  /// Starts a call that sends one request, which `encodeOnly` left, and no more.
  func startWithOnlyRequest() throws(RPCError) {
    chooseEncoding()
    try submit(takeOnlyRequest())
    finishRequestsNow()
    start()
  }

  /// Wakes who waits in `run`: the call is over, or something has come that `run` is not for.
  func endRun() {
    guard let waiter = onlyWaiter else { return }
    onlyWaiter = nil
    awaitsAll = false
    var isPlain = false
    if case .success = outcome, reader.front == .message(isFollowed: false) {
      isPlain = reader.plainFront != nil
    }
    let result: UInt8 = isPlain ? 1 : 0
    if waiter.place == .here { return waiter.continuation.resume(returning: result) }
    let isOnLoop = waiter.place == .otherLoop
    loop.wakeAtEndOfTurn(waiter.continuation, returning: result, onLoop: isOnLoop)
  }

  /// Leaves all but one plain message at most to `onlyResponse`, at once.
  func judgeOnly() {
    switch reader.front {
    case .incomplete: break
    case .message(isFollowed: false) where reader.plainFront != nil: break
    case .message, .tooLarge: endRun()
    }
  }

  @usableFromInline
  var onlyResponseBytes: UnsafeRawBufferPointer {
    reader.plainFront ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// The one response of a call that has exactly one.
  ///
  /// From any task.
  @usableFromInline
  func onlyResponse<Response: Message>(_ type: Response.Type) async throws(RPCError) -> Response {
    guard loop.isCurrent else {
      return try await hop { () async throws(RPCError) -> Response in
        try await self.onlyResponse(type)
      }
    }
    guard let response = try await next(type) else {
      throw RPCError(.unimplemented, "the server sent no response")
    }
    guard try await next(type) == nil else {
      let error = RPCError(.unimplemented, "the server sent more than one response")
      fail(error)
      throw error
    }
    return response
  }
}

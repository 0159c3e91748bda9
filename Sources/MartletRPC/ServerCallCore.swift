internal import MartletHTTP2
internal import MartletNet
internal import MartletWire

/// One call on the server: brings together its stream, its life and its handler's task.
///
/// Confined to its loop.
final class ServerCallCore: CallCore, @unchecked Sendable {
  let call: ServerCall
  private let method: RPCMethod
  private unowned let owner: ServerLoop
  private var life = ServerCallLife()
  private var task: Task<Void, Never>?
  private var deadlineTimer: LoopTimer?
  /// The connection that counts it.
  var owningConnection: ServerConnection?
  /// Where the loop's list of calls holds it; -1 when it has left.
  var place = -1
  /// The response of a call that has exactly one, until the handler and all interceptors are
  /// through.
  var onlyResponse: [UInt8]?

  init(owner: ServerLoop, call: ServerCall, method: RPCMethod, bounds: MessageBounds) {
    self.owner = owner
    self.call = call
    self.method = method
    super.init(loop: owner.loop, bounds: bounds)
  }

  // MARK: From the stream

  /// The request's headers are complete.
  func begin(timeout: Duration?) {
    if let timeout {
      deadlineTimer = loop.schedule(after: timeout) { [weak self] in
        self?.cut(RPCError(.deadlineExceeded, "the deadline has passed"))
      }
    }
    if !method.kind.takesOneRequest { startHandler() }
  }

  override func received(_ data: UnsafeRawBufferPointer) {
    super.received(data)
    guard method.kind.takesOneRequest, life.handler == .notStarted, !life.isCancelled else {
      return
    }
    // Nobody reads before the client has said all, so what a reader would do is done here.
    switch front {
    case .incomplete: giveBackWhileWaiting()
    case .message(isFollowed: false): break
    case .message(isFollowed: true): cut(Self.tooManyRequests)
    case .tooLarge(let length): cut(Self.tooLarge(length, limit: bounds.maxReceivedBytes))
    }
  }

  override func overdraftChanged(by count: Int) {
    owner.partialRequestBytes += count
    guard count > 0, owner.partialRequestBytes > owner.configuration.limits.maxPartialRequestBytes
    else { return }
    cut(RPCError(.resourceExhausted, "too many large requests are under way at the server"))
  }

  func requestsEnded() {
    life.requestsEnded()
    endReading(.complete)
    if method.kind.takesOneRequest, life.handler == .notStarted, life.responses != .ended {
      startHandler()
    }
  }

  func streamClosed() {
    stream = nil
    life.streamClosed()
    stopTimer()
    if life.isCancelled { stopHandler(RPCError(.cancelled, "the client gave the call up")) }
    wakeWaiters()
    leaveIfOver()
  }

  // MARK: The handler

  private func startHandler() {
    life.handlerStarted()
    task = Task(executorPreference: loop) { await self.runHandler() }
  }

  private func runHandler() async {
    var failure: RPCError?
    do {
      if owner.interceptors.isEmpty {
        try await method.run(self)
      } else {
        try await runIntercepted(from: 0)
      }
      if let onlyResponse { try submit(onlyResponse) }
    } catch {
      failure = owner.status(for: error, in: call)
    }
    let action = life.handlerReturned()
    task = nil
    finish(action, failure)
    endReading(.complete)
    leaveIfOver()
  }

  private func runIntercepted(from index: Int) async throws {
    guard index < owner.interceptors.count else { return try await method.run(self) }
    try await owner.interceptors[index].intercept(call) {
      try await self.runIntercepted(from: index + 1)
    }
  }

  /// The request of a call that has exactly one.
  ///
  /// Its handler starts only when the client has said all.
  func onlyRequest<Request: Message>(_ type: Request.Type) throws(RPCError) -> Request {
    switch take(type) {
    case .message(let request):
      return request
    case .failed(let error): throw error
    case .end, .nothing: throw RPCError(.unimplemented, "the client sent no request")
    }
  }

  private static let tooManyRequests = RPCError(
    .unimplemented,
    "the client sent more than one request"
  )

  // MARK: Sending

  override var sendFailure: RPCError? {
    if life.isCancelled { return cancellation ?? RPCError(.cancelled, "the call is over") }
    return life.responses == .ended ? RPCError(.cancelled, "the call is over") : nil
  }

  private var cancellation: RPCError?

  override func submit(_ frame: [UInt8]) throws(RPCError) {
    let leading = life.responses == .unsent ? call.responseMetadata : Metadata()
    guard leading.listBytes <= owner.configuration.limits.maxMetadataBytes else {
      throw Self.metadataTooLarge
    }
    switch life.sendResponse() {
    case .headersAndMessage:
      stream?.submitResponse(ResponseHeaders.leading(leading))
      stream?.write(frame)
    case .message: stream?.write(frame)
    case .drop: throw sendFailure ?? RPCError(.cancelled, "the call is over")
    }
  }

  private func finish(_ action: ServerCallLife.StatusAction, _ failure: RPCError?) {
    stopTimer()
    guard action != .drop else { return }
    let limits = owner.configuration.limits
    var failure = failure
    var leading = action == .trailersOnly ? call.responseMetadata : Metadata()
    var trailing = call.trailingMetadata
    let metadataBytes =
      leading.listBytes + trailing.listBytes + (failure?.metadata.listBytes ?? 0)
    if metadataBytes > limits.maxMetadataBytes {
      failure =
        failure.map { RPCError($0.code, $0.message, statusDetails: $0.statusDetails) }
        ?? Self.metadataTooLarge
      leading = Metadata()
      trailing = Metadata()
    }
    let spared = metadataBytes > limits.maxMetadataBytes ? 0 : metadataBytes
    failure?.dropDetails(over: limits.maxMetadataBytes - spared)
    let maxMessageBytes = limits.maxStatusMessageBytes
    switch action {
    case .drop: return
    case .trailersOnly:
      if failure == nil, !leading.isEmpty {
        stream?.submitResponse(ResponseHeaders.leading(leading))
        stream?.finish(trailers: ResponseHeaders.trailers(nil, trailing))
      } else {
        stream?.submitResponse(
          ResponseHeaders.trailersOnly(
            failure,
            leading,
            trailing,
            maxMessageBytes: maxMessageBytes
          ),
          endStream: true
        )
      }
    case .trailers:
      stream?.finish(
        trailers: ResponseHeaders.trailers(failure, trailing, maxMessageBytes: maxMessageBytes)
      )
    }
  }

  private static let metadataTooLarge = RPCError(
    .internal,
    "the response's metadata is over the limit"
  )

  // MARK: Ending early

  /// Ends the call whatever its handler does: the deadline has passed, or the server is cutting.
  func cut(_ error: RPCError) {
    let action = life.ends()
    stopHandler(error)
    finish(action, error)
    leaveIfOver()
  }

  private func stopHandler(_ error: RPCError) {
    if cancellation == nil { cancellation = error }
    call.markCancelled()
    abortReading(error)
    wakeWaiters()
    task?.cancel()
  }

  private func stopTimer() {
    deadlineTimer?.cancel()
    deadlineTimer = nil
  }

  private func leaveIfOver() {
    guard life.isOver else { return }
    dropUnread()
    owner.callEnded(self)
  }
}

internal import MartletHTTP2
internal import MartletNet
public import MartletWire

/// One call on the server: brings together its stream, its life and its handler's task.
///
/// Confined to its loop.
@usableFromInline
final class ServerCallCore: CallCore, @unchecked Sendable {
  /// What handlers and interceptors see of it.
  ///
  /// The two hold each other until the call is over.
  private var storedCall: ServerCall?
  private let route: Route
  /// Until the call is over, they hold each other.
  let owner: ServerLoop
  @exclusivity(unchecked) private var life = ServerCallLife()
  /// What runs the handler, while it runs.
  private var handlerTask: HandlerTask?
  /// That task, to be compared with.
  @exclusivity(unchecked) private var handlerIdentity: UnsafeRawPointer?
  private var deadlineTimer: LoopTimer?
  /// What the client takes compressed.
  @exclusivity(unchecked) var peerAccepts: AcceptedEncodings = []
  /// The connection that counts it.
  var owningConnection: ServerConnection?
  /// When its headers had come.
  private let began: MonotonicTime
  /// Where the loop's list of calls holds it; -1 when it has left.
  var place = -1
  /// The response of a call that has exactly one, until the handler and all interceptors are
  /// through.
  @exclusivity(unchecked) var onlyResponse: [UInt8]?

  init(owner: ServerLoop, route: Route, bounds: MessageBounds) {
    self.owner = owner
    self.route = route
    began = owner.loop.now
    super.init(loop: owner.loop, bounds: bounds)
  }

  @usableFromInline var call: ServerCall {
    guard let storedCall else { preconditionFailure("used before its beginning or after its end") }
    return storedCall
  }

  /// The server shuts down; calls that run may go on for a while.
  func serverShutsDown() { storedCall?.markShutdown() }

  // MARK: From the stream

  /// The request's headers are complete.
  func begin(_ call: ServerCall, timeout: Duration?) {
    storedCall = call
    if let timeout {
      deadlineTimer = loop.schedule(after: timeout) { [weak self] in
        self?.cut(RPCError(.deadlineExceeded, "the deadline has passed"))
      }
    }
    if !route.kind.takesOneRequest { startHandler() }
  }

  override func received(_ data: UnsafeRawBufferPointer) {
    super.received(data)
    guard route.kind.takesOneRequest, life.handler == .notStarted, !life.isCancelled else {
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

  /// The client takes too long over its one request.
  func cutIfLate(began limit: MonotonicTime) {
    guard life.handler == .notStarted, life.responses != .ended, began < limit else { return }
    cut(RPCError(.deadlineExceeded, "the request did not come in time"))
  }

  func requestsEnded() {
    life.requestsEnded()
    endReading(.complete)
    if route.kind.takesOneRequest, life.handler == .notStarted, life.responses != .ended {
      startHandler()
    }
  }

  func streamClosed() {
    outbox.close()
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
    owner.handlerTasks.start(self)
  }

  /// Runs the handler, unless the call is over before it could start.
  ///
  /// What goes before and after stands outside: what an open call's task keeps in memory are the
  /// frames of functions like this.
  func runHandler(in task: HandlerTask) async {
    guard mayRun(in: task) else { return }
    do {
      try await route.method.run(self)
      handlerSucceeded()
    } catch {
      handlerFailed(error)
    }
  }

  @inline(never)
  private func mayRun(in task: HandlerTask) -> Bool {
    guard !life.isCancelled else {
      handlerReturned(nil)
      return false
    }
    handlerTask = task
    handlerIdentity = task.identity
    return true
  }

  @inline(never)
  private func handlerSucceeded() {
    do throws(RPCError) {
      if let onlyResponse { try submit(onlyResponse) }
    } catch {
      return handlerFailed(error)
    }
    // Queued, it is no longer ours to hold.
    onlyResponse = nil
    handlerReturned(nil)
  }

  @inline(never)
  private func handlerFailed(_ error: any Error) {
    let failure = status(of: error)
    onlyResponse = nil
    handlerReturned(failure)
  }

  private func handlerReturned(_ failure: RPCError?) {
    closeOutbox()
    let action = life.handlerReturned()
    handlerTask = nil
    handlerIdentity = nil
    finish(action, failure)
    endReading(.complete)
    leaveIfOver()
  }

  /// From any task, also when the call is over.
  override func status(of error: any Error) -> RPCError {
    owner.status(for: error, at: route.method.path)
  }

  /// The request of a call that has exactly one.
  ///
  /// Its handler starts only when the client has said all.
  @inlinable
  func onlyRequest<Request: Message>(_ type: Request.Type) throws(RPCError) -> Request {
    if let request = try takeArrived(type) { return request }
    return try onlyRequestSlowly(type)
  }

  @usableFromInline
  func onlyRequestSlowly<Request: Message>(_ type: Request.Type) throws(RPCError) -> Request {
    switch take(type) {
    case .message(let request):
      return request
    case .failed(let error): throw error
    case .end, .nothing: throw RPCError(.unimplemented, "the client sent no request")
    }
  }

  /// Sends the response of a call that has exactly one and no interceptors.
  @inlinable
  func respond(_ response: some Message) throws(RPCError) {
    if try !sendNow(response) { try respondSlowly(response) }
  }

  @usableFromInline
  func respondSlowly(_ response: some Message) throws(RPCError) {
    try submit(frame(response))
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
    guard owner.mayHold(frame.count) else { throw Self.tooMuchUnsent }
    try beginResponse()
    // One that was held back is counted already.
    if onlyResponse == nil { sent.count(messageBytes: frame.count - Envelope.prefixLength) }
    stream?.write(compressed(frame))
  }

  override func submit(copying frame: UnsafeRawBufferPointer) throws(RPCError) {
    guard owner.mayHold(frame.count) else { throw Self.tooMuchUnsent }
    try beginResponse()
    sent.count(messageBytes: frame.count - Envelope.prefixLength)
    withStream { $0.write(copying: frame) }
  }

  /// The headers settle it; before they go, what they will say.
  ///
  /// Also asked by who still has the writer of a call that is over.
  override var sendsUncompressed: Bool {
    if life.responses == .unsent, !peerAccepts.isEmpty, !life.isClosed {
      return responseEncoding == .identity
    }
    return encoding == .identity
  }

  /// Sends the headers before the first response.
  private func beginResponse() throws(RPCError) {
    // What was sent elsewhere goes first.
    if !outbox.isEmpty { drainOutbox() }
    if life.responses == .unsent, !life.isClosed { try checkResponseMetadata() }
    switch life.sendResponse() {
    case .headersAndMessage: stream?.submitResponse(leadingHeaders)
    case .message: break
    case .drop: throw sendFailure ?? RPCError(.cancelled, "the call is over")
    }
  }

  private func checkResponseMetadata() throws(RPCError) {
    guard call.hasMetadata else { return }
    let bytes = call.responseMetadata.listBytes
    guard bytes <= owner.configuration.limits.maxMetadataBytes else {
      throw Self.metadataTooLarge
    }
  }

  private static let tooMuchUnsent = RPCError(
    .resourceExhausted,
    "too many responses wait for clients that do not take them"
  )

  override var outboxLimit: Int { owner.configuration.limits.sendHighWaterBytes }

  /// A task elsewhere leaves its responses there once the headers have gone, which settle all that
  /// could be wrong with them.
  override func reopenOutbox() {
    guard !route.kind.givesOneResponse, life.responses == .started, encoding == .identity,
      sendFailure == nil, !isBehind
    else { return }
    outbox.open()
  }

  override func drainOutbox() {
    guard !outbox.isEmpty else { return }
    var left = CallOutbox.Frames()
    outbox.take(&left)
    // Race: the call is over, and who sent these hears of it with the next.
    guard left.messages > 0, life.responses == .started, !life.isClosed else { return }
    let prefixes = left.messages * Envelope.prefixLength
    sent.count(messages: left.messages, bytes: left.bytes.count - prefixes)
    left.bytes.withUnsafeBytes { bytes in _ = withStream { $0.write(copying: bytes) } }
    if isBehind { outbox.close() }
  }

  /// No more comes from elsewhere: what is here still goes before the status.
  private func closeOutbox() {
    guard outbox.isOpen || !outbox.isEmpty else { return }
    outbox.close()
    drainOutbox()
  }

  /// Sends what goes before the first response.
  func sendHeaders() throws(RPCError) {
    if let sendFailure { throw sendFailure }
    try checkResponseMetadata()
    if life.sendHeaders() { stream?.submitResponse(leadingHeaders) }
  }

  override var compressionContexts: CompressionContexts { owner.compressionContexts }

  override func compressed(_ frame: [UInt8]) -> [UInt8] {
    guard encoding != .identity else { return frame }
    let compression = owner.configuration.compression
    guard frame.count - Envelope.prefixLength >= compression.minimumMessageBytes,
      call.compression.isOn
    else { return frame }
    return compressionContexts.compress(frame, encoding, level: compression.level)
  }

  override func receivedCompressed() { call.compression.countReceived() }

  private func finish(_ action: ServerCallLife.StatusAction, _ failure: RPCError?) {
    stopTimer()
    guard action != .drop else { return }
    if action == .trailers, failure == nil, !call.hasMetadata {
      stream?.finish(trailers: ResponseHeaders.succeeded)
      return
    }
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
    if action == .trailersOnly, leading.isEmpty {
      stream?.submitResponse(
        ResponseHeaders.trailersOnly(failure, trailing, maxMessageBytes: maxMessageBytes),
        endStream: true
      )
      return
    }
    // In one block with the status, the client could not tell the one metadata from the other.
    if action == .trailersOnly { stream?.submitResponse(ResponseHeaders.leading(leading)) }
    stream?.finish(
      trailers: ResponseHeaders.trailers(failure, trailing, maxMessageBytes: maxMessageBytes)
    )
  }

  private static let metadataTooLarge = RPCError(
    .internal,
    "the response's metadata is over the limit"
  )

  // MARK: Ending early

  /// Ends the call whatever its handler does: the deadline has passed, or the server is cutting.
  func cut(_ error: RPCError) {
    closeOutbox()
    let action = life.ends()
    stopHandler(error)
    finish(action, error)
    leaveIfOver()
  }

  /// From any task; nothing for a call that is over by then.
  func cutSoon(_ error: RPCError) {
    loop.execute { [self] in
      if storedCall != nil { cut(error) }
    }
  }

  private func stopHandler(_ error: RPCError) {
    // The first cause counts.
    let error = cancellation ?? error
    cancellation = error
    call.markCancelled(error)
    abortReading(error)
    wakeWaiters()
    handlerTask?.cancel()
  }

  /// Who cancels the handler's own task has woken it already.
  override var wakesCurrentTaskWhenCancelled: Bool {
    guard let handlerIdentity else { return false }
    return EventLoop.uncancelledTask == handlerIdentity
  }

  private func stopTimer() {
    guard deadlineTimer != nil else { return }
    deadlineTimer?.cancel()
    deadlineTimer = nil
  }

  private func leaveIfOver() {
    guard life.isOver, let call = storedCall else { return }
    storedCall = nil
    call.markOver()
    dropUnread()
    owner.callEnded(self)
  }
}

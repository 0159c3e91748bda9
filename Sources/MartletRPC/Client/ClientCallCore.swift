internal import MartletHTTP2
internal import MartletNet
internal import MartletWire

/// One call on the client: brings together its stream, its life and the tasks that wait for it.
///
/// Confined to its loop.
@usableFromInline
final class ClientCallCore: CallCore, @unchecked Sendable {
  let path: String
  let options: CallOptions
  let channel: ChannelCore
  @exclusivity(unchecked) var life: ClientCallLife
  /// Where it stands among those that wait for a connection; `WaitingCalls` uses it.
  var waitingPlace: Int?
  /// Whether the channel counts it as open.
  @exclusivity(unchecked) private var isCounted = false
  /// What carries the stream, while there is one.
  @exclusivity(unchecked) private var connection: HTTP2Connection?
  @exclusivity(unchecked) private var deadline: MonotonicTime?
  @exclusivity(unchecked) private var deadlineTimer: LoopTimer?
  let compression = CompressionChoice()

  /// What was sent, as long as the call could be sent again elsewhere, or has no stream yet.
  @exclusivity(unchecked) private(set) var replay = ReplayBuffer()
  /// The attempts under a retry policy; nil without one.
  @exclusivity(unchecked) var retry: RetryLife?
  /// The wait before the next attempt.
  var backoffTimer: LoopTimer?
  /// Asks for credentials.
  var asking: Task<Void, Never>?
  /// What the credentials add to the metadata.
  var credentialsMetadata: Metadata?

  /// The header block that is coming in.
  @exclusivity(unchecked) var head = ReceivedHeaders()
  @exclusivity(unchecked) private var leading: Metadata?
  @exclusivity(unchecked) private(set) var outcome: Result<Metadata, RPCError>?
  /// How often a reader on the loop has begun to wait without listening.
  @exclusivity(unchecked) private var waits: UInt64 = 0
  @exclusivity(unchecked) private var patience: LoopTimer?
  /// The one request of a call that has exactly one, until it starts.
  @exclusivity(unchecked) var onlyRequest: [UInt8] = []
  /// Who waits for the end of a call with one request and one response.
  @exclusivity(unchecked) var onlyWaiter: OnlyWaiter?
  /// Memory that goes back to the outbox.
  @exclusivity(unchecked) private var drained = CallOutbox.Frames()
  /// Who hears the outcome: interceptors, and the call that this one is made for.
  @exclusivity(unchecked) private var endObservers: [(Result<Metadata, RPCError>) -> Void] = []

  init(channel: ChannelCore, path: String, options: CallOptions) {
    self.channel = channel
    self.path = path
    self.options = options
    life = ClientCallLife(maxRetries: channel.limits.maxTransparentRetries)
    var policy = channel.retryPolicy(at: path)
    var bounds = channel.messageBounds
    if let extras = options.extras {
      let fields = extras.fields
      if let rule = fields.retry { policy = rule.policy }
      bounds = MessageBounds(
        maxReceivedBytes: fields.maxResponseMessageBytes ?? bounds.maxReceivedBytes,
        maxSentBytes: fields.maxRequestMessageBytes ?? bounds.maxSentBytes
      )
    }
    if let policy { retry = RetryLife(policy) }
    super.init(loop: channel.loop, bounds: bounds)
  }

  var isWaiting: Bool { life.phase == .waiting }

  /// The call that a server answers with the help of this one.
  ///
  /// Set before the call starts.
  var parent: ServerCall?

  // MARK: Starting

  /// Gives the call to the channel.
  ///
  /// On the loop, once.
  func start() {
    // Given up before it began.
    guard outcome == nil else { return }
    if parent?.isCancelled == true { return fail(Self.parentCancelled) }
    followParent()
    isCounted = true
    channel.callBegan()
    chooseEncoding()
    if let timeout = effectiveTimeout {
      deadline = MonotonicTime.read() + timeout
      deadlineTimer = loop.schedule(after: timeout) { [weak self] in
        self?.fail(Self.deadlineExceeded)
      }
    }
    if options.metadata.listBytes > channel.limits.maxMetadataBytes {
      return fail(RPCError(.internal, "the request's metadata is over the limit"))
    }
    if let authority = options.extras?.fields.authority, !RequestHeaders.isAuthority(authority) {
      return fail(RPCError(.internal, "the authority is not printable ASCII"))
    }
    beginAttempt()
  }

  /// The earlier of the timeout and the deadline.
  private var effectiveTimeout: Duration? {
    guard let deadline = options.extras?.fields.deadline else { return options.timeout }
    let left = ContinuousClock.now.duration(to: deadline)
    return min(left, options.timeout ?? left)
  }

  /// Settles what the requests are compressed with.
  ///
  /// On the loop, before the first is sent.
  func chooseEncoding() { encoding = channel.encodings.encoding(for: options) }

  /// Starts the call, with its only request where it has one, and waits until a stream carries it.
  ///
  /// From any task.
  func open(hasOnlyRequest: Bool = false) async throws(RPCError) {
    guard loop.isCurrent else {
      return try await hop { () async throws(RPCError) in
        try await self.open(hasOnlyRequest: hasOnlyRequest)
      }
    }
    if hasOnlyRequest { try startWithOnlyRequest() } else { start() }
    // A caller on the loop that tries again and again leaves it its turns, to connect meanwhile.
    if outcome != nil { await Task.yield() }
    try await waitUntilOpen()
  }

  private func waitUntilOpen() async throws(RPCError) {
    while loop.isCurrent {
      guard isWaiting else {
        if let sendFailure { throw sendFailure }
        return reopenOutbox()
      }
      try await waitForChange()
    }
    try await hop { () async throws(RPCError) in try await self.waitUntilOpen() }
  }

  /// Opens a stream for the call and sends what it has to say.
  ///
  /// False when the connection takes no stream now.
  func open(on connection: HTTP2Connection) -> Bool {
    let headers = requestHeaders()
    let endsAtOnce = life.requestsFinished && replay.isEmpty
    do throws(HTTP2Error) {
      stream = try connection.openStream(headers, endStream: endsAtOnce, delegate: self)
    } catch {
      guard case .headersTooLong = error else { return false }
      // No connection ever takes it, and the others shall not wait for that.
      fail(RPCError(.internal, "the request's headers are too long"))
      return true
    }
    self.connection = connection
    life.opened()
    options.extras?.fields.report?.attempted(at: "\(connection.transport.peerAddress)")
    replay.forEach { stream?.write($0) }
    if life.requestsFinished, !endsAtOnce { stream?.finish() }
    if replay.bytes > channel.limits.replayBytes || channel.holdsTooMuchReplay { overflowed() }
    wakeWaiters()
    return true
  }

  var timeLeft: Duration? {
    deadline.map { $0 - MonotonicTime.read() }
  }

  // MARK: Sending

  override var isBehind: Bool {
    if life.requestsFinished { return false }
    return isWaiting ? replay.bytes > channel.limits.sendHighWaterBytes : super.isBehind
  }

  override var sendFailure: RPCError? {
    switch outcome {
    case nil: nil
    case .success: RPCError(.cancelled, "the server has ended the call")
    case .failure(let error): error
    }
  }

  override func submit(_ frame: [UInt8]) throws(RPCError) {
    try beginRequest(bytes: frame.count - Envelope.prefixLength)
    let frame = compressed(frame)
    remember(frame)
    stream?.write(frame)
  }

  override func submit(copying frame: UnsafeRawBufferPointer) throws(RPCError) {
    try beginRequest(bytes: frame.count - Envelope.prefixLength)
    guard replay.isWhole else { stream?.write(copying: frame); return }
    let frame = Array(frame)
    remember(frame)
    stream?.write(frame)
  }

  private func beginRequest(bytes: Int) throws(RPCError) {
    // What this task sent elsewhere goes first.
    if !outbox.isEmpty { drainOutbox() }
    try checkSending()
    sent.count(messageBytes: bytes)
  }

  private func checkSending() throws(RPCError) {
    if let sendFailure { throw sendFailure }
    guard !life.requestsFinished else {
      throw RPCError(.internal, "a request was sent after the last one")
    }
  }

  override var outboxLimit: Int { channel.limits.sendHighWaterBytes }

  override func drainOutbox() {
    outbox.take(&drained)
    guard drained.messages > 0 else { return }
    do {
      try checkSending()
      let prefixes = drained.messages * Envelope.prefixLength
      sent.count(messages: drained.messages, bytes: drained.bytes.count - prefixes)
      if replay.isWhole { remember(drained.bytes) }
      drained.bytes.withUnsafeBytes { stream?.write(copying: $0) }
    } catch {
      // The next to send hears why.
      outbox.close()
    }
    if isBehind { outbox.close() }
    drained.bytes.removeAll(keepingCapacity: drained.bytes.capacity <= Self.keptOutboxBytes)
    drained.messages = 0
  }

  override func reopenOutbox() {
    guard encoding == .identity, sendFailure == nil, !life.requestsFinished else { return }
    outbox.open()
  }

  private static var keptOutboxBytes: Int { 16 << 10 }

  override var compressionContexts: CompressionContexts { channel.encodings.contexts }

  override func compressed(_ frame: [UInt8]) -> [UInt8] {
    guard encoding != .identity, compression.isOn else { return frame }
    return channel.encodings.compress(frame, encoding)
  }

  override func receivedCompressed() { compression.countReceived() }

  /// Ends the requests.
  ///
  /// From any task.
  func finishRequests() {
    outbox.close()
    loop.isCurrent ? finishRequestsNow() : loop.execute { self.finishRequestsNow() }
  }

  /// The same on the loop.
  func finishRequestsNow() {
    drainOutbox()
    outbox.close()
    guard life.finishRequests() else { return }
    stream?.finish()
    wakeWaiters()
  }

  /// Keeps what may have to be sent again; without a stream, what has yet to be sent at all,
  /// whatever the bounds.
  private func remember(_ frame: [UInt8]) {
    guard replay.isWhole else { return }
    let fits = replay.bytes + frame.count <= channel.limits.replayBytes
    guard isWaiting || (fits && channel.mayHoldReplay(frame.count)) else { return overflowed() }
    channel.holdReplay(frame.count)
    replay.append(frame)
  }

  private func overflowed() {
    channel.statistics.replaysDropped += 1
    dropReplay()
  }

  private func dropReplay() {
    channel.releaseReplay(replay.bytes)
    replay.drop()
  }

  // MARK: Results

  /// The metadata before the first response.
  ///
  /// From any task.
  func waitForLeading() async throws(RPCError) -> Metadata {
    while loop.isCurrent {
      if let leading { return leading }
      if let outcome {
        _ = try outcome.get()
        return Metadata()
      }
      try await waitForChange()
    }
    return try await hop { () async throws(RPCError) in try await self.waitForLeading() }
  }

  /// The call's status.
  ///
  /// From any task.
  func waitForOutcome() async throws(RPCError) -> Metadata {
    while loop.isCurrent {
      if let outcome { return try outcome.get() }
      try await waitForChange()
    }
    return try await hop { () async throws(RPCError) in try await self.waitForOutcome() }
  }

  // MARK: Ending

  func cancel() {
    fail(RPCError(.cancelled, "the caller gave the call up"))
  }

  /// Ends the call from this side.
  func fail(_ error: RPCError) {
    conclude(.failure(error), .gaveUp)
  }

  override func waitingTaskWasCancelled() { cancel() }

  /// A reader on the loop does not listen to its task's cancellation for a moment.
  ///
  /// Most waits end within it, and listening costs more than taking a message. When the wait has
  /// become longer the reader is sent back to listen, and does so from then on, until a wait is short.
  override var wakesCurrentTaskWhenCancelled: Bool {
    !mustListen && EventLoop.uncancelledTask != nil
  }

  override func readerBeganToWait() {
    waits &+= 1
    if patience == nil { beginPatience() }
  }

  private func beginPatience() {
    let wait = waits
    patience = loop.schedule(after: .nanoseconds(Self.momentNanoseconds)) { [weak self] in
      guard let self else { return }
      patience = nil
      guard isReaderWaiting, ending == nil else { return }
      if waits == wait { askToListen() } else { beginPatience() }
    }
  }

  override func readingFailed(_ error: RPCError) { fail(error) }

  private func conclude(
    _ result: Result<Metadata, RPCError>,
    _ cause: ClientCallLife.EndCause
  ) {
    let wasWaiting = isWaiting
    switch life.end(cause) {
    case .drop: return
    case .forget: break
    case .reset(let code): stream?.reset(HTTP2ErrorCode(rawValue: code))
    }
    if wasWaiting { stopWaiting() }
    settle(result, dropsMessages: cause == .gaveUp)
  }

  private func settle(_ result: Result<Metadata, RPCError>, dropsMessages: Bool) {
    var result = result
    // The server's own clock may be a little ahead of ours.
    if case .failure(let error) = result, error.code == .cancelled, let timeLeft, timeLeft <= .zero
    {
      result = .failure(Self.deadlineExceeded)
    }
    outcome = result
    outbox.close()
    if isCounted { channel.callEnded(isOK: result.isSuccess) }
    options.extras?.fields.report?.ended(metadata: leading, result)
    if !endObservers.isEmpty { tellEndObservers(result) }
    deadlineTimer?.cancel()
    deadlineTimer = nil
    patience?.cancel()
    patience = nil
    dropReplay()
    switch result {
    case .success: endReading(.complete)
    case .failure(let error) where dropsMessages: abortReading(error)
    case .failure(let error): endReading(.failed(error))
    }
    wakeWaiters()
    endRun()
  }

  private static let lost = RPCError(.unavailable, "the connection was lost")
  /// Has `body` called with the outcome.
  ///
  /// Before the call starts, or on the loop.
  func onceEnded(_ body: @escaping (Result<Metadata, RPCError>) -> Void) {
    endObservers.append(body)
  }

  private func tellEndObservers(_ result: Result<Metadata, RPCError>) {
    let observers = endObservers
    endObservers = []
    for observer in observers { observer(result) }
  }

  private static let deadlineExceeded = RPCError(.deadlineExceeded, "the deadline has passed")
}

// MARK: From the stream

extension ClientCallCore: HTTP2StreamDelegate {
  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {
    head.add(name: headerName, value: value)
  }

  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {
    let block = exchange(&head, with: ReceivedHeaders())
    // Late word of an attempt that was given up.
    guard stream === self.stream else { return }
    if encoding != .identity, let accepted = block.acceptEncoding {
      let connection = ObjectIdentifier(stream.connection)
      channel.encodings.learned(AcceptedEncodings(accepted), of: connection)
    }
    switch kind {
    case .request: return
    case .trailers: conclude(block.callStatus(), .status)
    case .response where block.isPlainResponse && !endStream: receive(.messages, block, false)
    case .response: receive(ResponseHead(block, endsStream: endStream), block, endStream)
    }
  }

  private func receive(_ response: ResponseHead, _ block: ReceivedHeaders, _ endsStream: Bool) {
    switch response {
    case .messages:
      guard life.answered() else { return }
      if let name = block.encoding {
        peerEncoding = PeerEncoding(name, accepting: channel.encodings.accepted)
      }
      leading = block.metadata
      dropReplay()
      wakeWaiters()
    case .ended(let trailers):
      conclude(.success(trailers), .status)
    case .failed(let error):
      let failed = stream
      if !retries(error, RetryPushback(header: block.retryPushback)) {
        conclude(.failure(error), .status)
      }
      // What is not gRPC's may have a body, of any length.
      if !endsStream, life.requestsFinished { failed?.reset(.cancel) }
    }
  }

  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
    guard life.phase == .answered, stream === self.stream else {
      return stream.consume(data.count)
    }
    received(data)
    if awaitsAll { judgeOnly() }
  }

  func streamDidReachEnd(_ stream: HTTP2Stream) {
    guard stream === self.stream else { return }
    // After trailers the call has its status and this changes nothing.
    conclude(.failure(ClientCallLife.noStatus), .status)
  }

  func streamDidBecomeWritable(_ stream: HTTP2Stream) { wakeWaiters() }

  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {
    guard stream === self.stream else { return }
    let connection = connection
    detachStream()
    guard life.phase != .ended else { return }
    if let connection, connection.isClosed, errorCode != .refusedStream {
      // Why is known only when the connection itself reports its end, which is next.
      channel.streamLost(self, with: connection)
    } else {
      streamClosed(code: errorCode.rawValue, lossError: Self.lost)
    }
  }

  /// The connection went down with the stream.
  func connectionLost(_ error: RPCError) {
    streamClosed(code: nil, lossError: error)
  }

  /// The stream is gone without a status; `code` is nil when its connection was lost.
  private func streamClosed(code: UInt32?, lossError: RPCError) {
    let action = life.streamClosed(
      code: code,
      wasProcessed: code != HTTP2ErrorCode.refusedStream.rawValue,
      canReplay: replay.isWhole,
      lossError: lossError
    )
    switch action {
    case .drop: return
    case .retry:
      channel.statistics.transparentRetries += 1
      channel.start(self)
    case .fail(let error):
      if !retries(error, .none) { conclude(.failure(error), .status) }
    }
  }

  /// The attempt is over, or was never made.
  func detachStream() {
    stream = nil
    connection = nil
  }
}

/// Moves a value out and puts another in its place.
private func exchange<Value>(_ value: inout Value, with next: consuming Value) -> Value {
  let old = value
  value = next
  return old
}

extension Result {
  fileprivate var isSuccess: Bool {
    if case .success = self { return true }
    return false
  }
}

internal import MartletHTTP2
internal import MartletNet
internal import MartletWire
internal import Synchronization

/// What the two sides of a call share: the stream's bytes in both directions, and the tasks that
/// wait for them.
///
/// All but `inbox` and `outbox` is confined to its event loop. A task elsewhere uses these two, or
/// comes to the loop first (`hop`), so that the state needs no lock and a task on the loop pays for
/// none.
@usableFromInline
class CallCore: @unchecked Sendable {
  let loop: EventLoop
  let bounds: MessageBounds
  /// The stream, while there is one.
  @exclusivity(unchecked) final var stream: HTTP2Stream? {
    didSet { uncountedStream = stream.map { .passUnretained($0) } }
  }
  @exclusivity(unchecked) private final var uncountedStream: Unmanaged<HTTP2Stream>?
  /// What the peer compresses with.
  @exclusivity(unchecked) var peerEncoding = PeerEncoding.absent
  /// What this side compresses with, once its headers have said so.
  @exclusivity(unchecked) var encoding = CompressionAlgorithm.identity

  let received = TrafficCounter()
  let sent = TrafficCounter()

  // Reading.
  @exclusivity(unchecked) var reader: EnvelopeReader
  @exclusivity(unchecked) private var window = ReceiveWindow()
  @exclusivity(unchecked) private(set) var ending: Ending?
  @exclusivity(unchecked) private var readWaiter: UnsafeContinuation<Wakeup, Never>?
  @exclusivity(unchecked) private var readTicket: UInt64 = 0
  @exclusivity(unchecked) private var overdraft = 0

  // Readers and senders elsewhere.
  let inbox: CallInbox
  let outbox = CallOutbox()
  /// Bytes that went to the inbox and are not known to be taken from there.
  @exclusivity(unchecked) var bytesElsewhere = 0
  @exclusivity(unchecked) var remoteReader: RemoteReader?
  /// Whether the loop is on its way to this call's errands.
  let hasCalled = Atomic<Bool>(false)
  /// A reader elsewhere that was cancelled before the loop knew that it waits.
  @exclusivity(unchecked) var cancelledTicket: UInt64 = 0

  // Waiting for anything else: room to send, a stream, the headers, the end.
  @exclusivity(unchecked) private var waiters: [Waiter] = []
  @exclusivity(unchecked) private var waiterTicket: UInt64 = 0

  /// How what the peer sends comes to its end.
  enum Ending {
    case complete
    case failed(RPCError)
  }

  private struct Waiter {
    let ticket: UInt64
    let continuation: UnsafeContinuation<Wakeup, Never>
  }

  @usableFromInline enum Wakeup { case changed, cancelled }

  init(loop: EventLoop, bounds: MessageBounds) {
    self.loop = loop
    self.bounds = bounds
    reader = EnvelopeReader(maxMessageBytes: bounds.maxReceivedBytes)
    inbox = CallInbox(maxMessageBytes: bounds.maxReceivedBytes)
  }

  /// A task that waited in this call was cancelled.
  func waitingTaskWasCancelled() {}

  /// Whether the current task is not cancelled, and whoever cancels it wakes the reader, so that
  /// the reader need not listen for it itself.
  var wakesCurrentTaskWhenCancelled: Bool { false }

  /// Whether the reader must listen to its task's cancellation while it waits.
  @exclusivity(unchecked) final var mustListen = false
  @exclusivity(unchecked) private var listeningSince = MonotonicTime(nanoseconds: 0)

  /// A reader on the loop has begun to wait, and does not listen.
  func readerBeganToWait() {}

  /// The peer's messages cannot be read on.
  func readingFailed(_ error: RPCError) {}

  /// The bytes of an incomplete message whose room in the window was given back have become more
  /// or fewer.
  ///
  /// No window bounds them, only the size of a message.
  func overdraftChanged(by count: Int) {}

  /// Whether the caller runs on the call's loop.
  var isOnLoop: Bool { loop.isCurrent }

  /// The status for whatever an interceptor threw.
  func status(of error: any Error) -> RPCError { RPCError(handlerError: error) }

  /// zlib's contexts of the call's loop.
  var compressionContexts: CompressionContexts { preconditionFailure("each side has its own") }

  /// Compresses a frame when `encoding` is not identity, if that is of use.
  func compressed(_ frame: [UInt8]) -> [UInt8] { frame }

  /// Whether `compressed` gives every frame back as it is.
  var sendsUncompressed: Bool { encoding == .identity }

  /// The peer has sent a message that was compressed.
  func receivedCompressed() {}

  /// Hands a frame to the stream.
  ///
  /// - Throws: the call's status when it is over.
  func submit(_ frame: [UInt8]) throws(RPCError) {
    preconditionFailure("each side says how")
  }

  /// Sends a message that stands behind five bytes for its prefix, uncompressed.
  ///
  /// - Throws: the call's status when it is over.
  func submit(copying frame: UnsafeRawBufferPointer) throws(RPCError) {
    preconditionFailure("each side says how")
  }

  /// Whether a sender must wait before it goes on.
  var isBehind: Bool { withStream { !$0.isWritable } ?? false }

  /// Runs `body` with the stream, if there is one, for what every message does: a stream lives to the
  /// end of the turn in which it closes, so no use of it counts.
  @inline(__always)
  @discardableResult
  final func withStream<Result>(_ body: (HTTP2Stream) -> Result) -> Result? {
    uncountedStream?._withUnsafeGuaranteedRef(body)
  }

  /// How many bytes senders elsewhere may leave to the loop.
  var outboxLimit: Int { 0 }

  /// Sends what senders elsewhere have left.
  ///
  /// On the loop.
  func drainOutbox() {}

  /// Lets senders elsewhere use the outbox, if the call is such that they may.
  ///
  /// On the loop, when no sender need wait.
  func reopenOutbox() {}

  /// Why nothing can be sent any more; nil while it can.
  var sendFailure: RPCError? { nil }

  // MARK: From the stream

  /// Takes bytes off the wire.
  func received(_ data: UnsafeRawBufferPointer) {
    guard ending == nil else {
      // Race: the reader gave up while these were under way.
      stream?.consume(data.count)
      return
    }
    reader.append(data)
    window.received(data.count)
    if reader.isReady { wakeReader() } else if isReaderWaiting { giveBackWhileWaiting() }
  }

  /// The peer has said all, or will say no more.
  ///
  /// What has arrived can still be taken.
  func endReading(_ ending: Ending) {
    guard self.ending == nil else { return }
    self.ending = ending
    wakeReader()
  }

  /// The call is over for the reader: what has arrived is dropped.
  func abortReading(_ error: RPCError) {
    reader.removeAll()
    dropInbox()
    giveBackWhileWaiting()
    ending = .failed(error)
    wakeReader()
  }

  /// Nobody will read any more.
  func dropUnread() {
    reader.removeAll()
    dropInbox()
    giveBackWhileWaiting()
  }

  /// Something other than bytes has come: each task that waits looks whether it is what it waits
  /// for.
  func wakeWaiters() {
    guard !waiters.isEmpty else { return }
    let woken = waiters
    waiters = []
    for waiter in woken { waiter.continuation.resume(returning: .changed) }
  }

  /// Whether a task waits for the call's end, with all that comes before it.
  @exclusivity(unchecked) final var awaitsAll = false

  /// Whether somebody waits for what the peer sends.
  final var isReaderWaiting: Bool { readWaiter != nil || remoteReader != nil || awaitsAll }

  /// Something has come that the reader waits for.
  private func wakeReader() {
    guard let waiter = readWaiter else { return wakeRemoteReader() }
    readWaiter = nil
    if mustListen {
      let waited = loop.now.nanoseconds - listeningSince.nanoseconds
      mustListen = waited >= Self.momentNanoseconds
    }
    waiter.resume(returning: .changed)
  }

  // MARK: Taking messages, on the loop

  enum Taken<Element> {
    case message(Element)
    case end
    case failed(RPCError)
    /// Nothing is here yet.
    case nothing
  }

  var front: EnvelopeReader.Front { reader.front }
  var untaken: (messages: Int, bytes: Int) { reader.untaken }

  func take<Element: Message>(_ type: Element.Type) -> Taken<Element> {
    assert(loop.isCurrent)
    if bytesElsewhere > 0 { takeBackInbox() }
    if case .failed(let error) = ending, !reader.isReady { return .failed(error) }
    do throws(EnvelopeError) {
      let result = try reader.take { flags, bytes in
        received.count(messageBytes: bytes.count)
        return decode(type, flags, bytes)
      }
      guard let result else { return takenEnding() }
      noteTaken()
      switch result {
      case .success(let message): return .message(message)
      case .failure(let error): return failReading(error)
      }
    } catch {
      switch error {
      case .tooLarge(let length, let limit):
        return failReading(Self.tooLarge(length, limit: limit))
      }
    }
  }

  private func takenEnding<Element>() -> Taken<Element> {
    switch ending {
    case nil: return .nothing
    case .failed(let error): return .failed(error)
    case .complete where reader.bufferedBytes == 0: return .end
    case .complete:
      return failReading(RPCError(.internal, "the stream ended inside a message"))
    }
  }

  func failReading<Element>(_ error: RPCError) -> Taken<Element> {
    abortReading(error)
    readingFailed(error)
    return .failed(error)
  }

  private func decode<Element: Message>(
    _ type: Element.Type,
    _ flags: UInt8,
    _ bytes: UnsafeRawBufferPointer
  ) -> Result<Element, RPCError> {
    guard flags == 0 else { return decodeCompressed(type, flags, bytes) }
    return decode(type, bytes)
  }

  func decode<Element: Message>(
    _ type: Element.Type,
    _ bytes: UnsafeRawBufferPointer
  ) -> Result<Element, RPCError> {
    do throws(WireError) {
      let limits = DecodingLimits(maximumBytes: bounds.maxReceivedBytes)
      return .success(try Element(decoding: bytes, limits: limits))
    } catch {
      return .failure(RPCError(.internal, "malformed \(Element.protoName): \(error)"))
    }
  }

  /// A message was taken: its room in the window is the peer's again.
  func noteTaken() {
    giveBack(window.taken(bufferedBytes: untakenBytes))
    noteOverdraft()
  }

  private var untakenBytes: Int { reader.bufferedBytes + bytesElsewhere }

  private func giveBack(_ credit: Int) {
    if credit > 0 { withStream { $0.consume(credit) } }
  }

  func giveBackWhileWaiting() {
    giveBack(window.waiting())
    let missing = reader.missingBytes
    if missing > 0 { stream?.expect(missing) }
    noteOverdraft()
  }

  private func noteOverdraft() {
    let change = untakenBytes - window.heldBytes - overdraft
    guard change != 0 else { return }
    overdraft += change
    overdraftChanged(by: change)
  }

  // MARK: Waiting

  /// The next message; nil at the end.
  ///
  /// From any task.
  func next<Element: Message>(_ type: Element.Type) async throws(RPCError) -> Element? {
    while loop.isCurrent {
      switch take(type) {
      case .message(let message): return message
      case .end: return nil
      case .failed(let error): throw error
      case .nothing: try await waitForBytes()
      }
    }
    return try await hop { () async throws(RPCError) -> Element? in try await self.next(type) }
  }

  /// Sends a frame and waits while the peer is behind.
  ///
  /// From any task.
  func send(_ frame: consuming [UInt8]) async throws(RPCError) {
    guard loop.isCurrent else {
      let held = Held(frame)
      return try await hop { () async throws(RPCError) in
        try self.submitLast(held)
        try await self.waitUntilWritable()
        self.reopenOutbox()
      }
    }
    try submitLast(frame)
    try await waitUntilWritable()
  }

  /// Nobody holds the frame besides while its sender waits: then it need not be copied to be sent.
  private func submitLast(_ frame: consuming [UInt8]) throws(RPCError) { try submit(frame) }

  private func submitLast(_ held: Held<[UInt8]>) throws(RPCError) {
    if let frame = held.take() { try submit(frame) }
  }

  @usableFromInline
  final func waitUntilWritable() async throws(RPCError) {
    while loop.isCurrent {
      if let sendFailure { throw sendFailure }
      guard isBehind else { return }
      try await waitForChange()
    }
    try await hop { () async throws(RPCError) in try await self.waitUntilWritable() }
  }

  func waitForBytes() async throws(RPCError) {
    guard !isReaderWaiting else { throw Self.twoReaders }
    giveBackWhileWaiting()
    // What it waits for may be too much for the server: then that was the end.
    guard ending == nil else { return }
    if wakesCurrentTaskWhenCancelled {
      _ = await withUnsafeContinuation { beginWait($0) }
      return
    }
    listeningSince = loop.now
    readTicket &+= 1
    let ticket = readTicket
    let wakeup = await withTaskCancellationHandler {
      await withUnsafeContinuation { readWaiter = $0 }
    } onCancel: {
      loop.execute { self.cancelReader(ticket) }
    }
    if wakeup == .cancelled { throw Self.taskCancelled }
  }

  private func beginWait(_ continuation: UnsafeContinuation<Wakeup, Never>) {
    // A cancellation of the wait before, which was over already, is not this one's.
    readTicket &+= 1
    readWaiter = continuation
    readerBeganToWait()
  }

  /// Sends a reader that waits without listening to its task's cancellation back to listen.
  final func askToListen() {
    wakeReader()
    mustListen = true
  }

  /// How long a wait may last without listening to the task's cancellation.
  static var momentNanoseconds: Int64 { 2_000_000 }

  @inline(__always) final var canWaitInLine: Bool {
    loop.isCurrent && ending == nil && !isReaderWaiting && !reader.isReady
  }

  /// The reader has suspended, right after `mayWaitInLine` said that it may.
  @usableFromInline
  final func readerWaits(_ continuation: UnsafeContinuation<Wakeup, Never>) {
    guard canWaitInLine else { return continuation.resume(returning: .changed) }
    beginWait(continuation)
  }

  /// Runs after the waiter registered itself: that happens without a break on the loop, and this in
  /// a later job.
  private func cancelReader(_ ticket: UInt64) {
    guard readTicket == ticket, let waiter = readWaiter else { return }
    readWaiter = nil
    waiter.resume(returning: .cancelled)
    waitingTaskWasCancelled()
  }

  func waitForChange() async throws(RPCError) {
    waiterTicket &+= 1
    let ticket = waiterTicket
    let wakeup = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        waiters.append(Waiter(ticket: ticket, continuation: continuation))
      }
    } onCancel: {
      loop.execute { self.cancelWaiter(ticket) }
    }
    if wakeup == .cancelled { throw Self.taskCancelled }
  }

  private func cancelWaiter(_ ticket: UInt64) {
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
    let waiter = waiters.remove(at: index)
    waiter.continuation.resume(returning: .cancelled)
    waitingTaskWasCancelled()
  }

  static func tooLarge(_ length: Int, limit: Int) -> RPCError {
    RPCError(.resourceExhausted, "a message of \(length) bytes is over the limit of \(limit)")
  }

  static let taskCancelled = RPCError(.cancelled, "the task was cancelled")

  /// Runs `body` on the loop and comes back.
  ///
  /// `@concurrent` leaves whatever actor the caller is on, and the preference brings it to the
  /// loop.
  func hop<Result: Sendable>(
    _ body: @escaping @Sendable () async throws(RPCError) -> Result
  ) async throws(RPCError) -> Result {
    try await withTaskExecutorPreference(loop) { () async throws(RPCError) -> Result in
      try await self.run(body)
    }
  }

  @concurrent
  private func run<Result: Sendable>(
    _ body: @Sendable () async throws(RPCError) -> Result
  ) async throws(RPCError) -> Result {
    precondition(loop.isCurrent, "a task that prefers the loop runs on it")
    return try await body()
  }
}

/// The bounds of one call's messages, from the limits of its side and of the prefix.
struct MessageBounds: Sendable {
  let maxReceivedBytes: Int
  let maxSentBytes: Int

  init(maxReceivedBytes: Int, maxSentBytes: Int) {
    self.maxReceivedBytes = min(maxReceivedBytes, Int(UInt32.max))
    self.maxSentBytes = min(maxSentBytes, Int(UInt32.max))
  }
}

extension CallCore {
  /// Encodes a message with its prefix.
  ///
  /// - Throws: RESOURCE_EXHAUSTED when it is over the limit.
  func frame(_ message: some Message) throws(RPCError) -> [UInt8] {
    try seal(message.encoded(prefix: Envelope.prefixLength))
  }

  /// Writes the prefix into the five bytes before a message.
  ///
  /// - Throws: RESOURCE_EXHAUSTED when it is over the limit.
  @usableFromInline
  func seal(_ frame: consuming [UInt8]) throws(RPCError) -> [UInt8] {
    var frame = frame
    let length = frame.count - Envelope.prefixLength
    guard length <= bounds.maxSentBytes else {
      throw Self.tooLarge(length, limit: bounds.maxSentBytes)
    }
    Envelope.seal(&frame)
    return frame
  }
}

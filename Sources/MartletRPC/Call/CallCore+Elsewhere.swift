internal import MartletNet
internal import Synchronization

// Readers and senders whose tasks run elsewhere than on the call's loop.
//
// To go to the loop and back with each message would cost many times what the message does. So one
// visit brings all messages that are here to the reader's `inbox`, and what senders put into the
// `outbox` leaves together. Who runs on the loop uses neither.

extension CallCore {
  /// A reader elsewhere that waits.
  struct RemoteReader {
    let ticket: UInt64
    let continuation: UnsafeContinuation<UInt8, Never>
    /// Whether it waits on another loop.
    let isOnLoop: Bool
    /// Whether the end of the turn brings it what has come.
    var isDue = false
  }

  /// What ends the wait of a reader elsewhere.
  enum Arrival: UInt8 {
    /// Messages are in the inbox.
    case messages
    /// What has come is for the loop to judge: the end, a failure, a message that is compressed or
    /// large.
    case other
    case cancelled
    /// Another task reads already.
    case refused
  }

  /// As many bytes of messages go to a reader elsewhere at a time.
  private static var maxBatchBytes: Int { 64 << 10 }

  // MARK: Reading

  /// Waits for messages in the inbox; false when something else has come, for `next` to judge.
  ///
  /// Not on the loop.
  func waitElsewhere() async throws(RPCError) -> Bool {
    let ticket = inbox.nextTicket()
    let arrival = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let isOnLoop = EventLoop.current != nil
        let reader = RemoteReader(ticket: ticket, continuation: continuation, isOnLoop: isOnLoop)
        if inbox.wait(reader) {
          callLoop()
        } else {
          continuation.resume(returning: Arrival.refused.rawValue)
        }
      }
    } onCancel: {
      loop.execute { self.cancelRemoteReader(ticket) }
    }
    switch Arrival(rawValue: arrival) {
    case .messages: return true
    case .other, nil: return false
    case .cancelled: throw Self.taskCancelled
    case .refused: throw Self.twoReaders
    }
  }

  private func readerWaits(_ reader: RemoteReader) {
    if reader.ticket == cancelledTicket {
      wake(reader, .cancelled)
      return waitingTaskWasCancelled()
    }
    guard !isReaderWaiting else { return wake(reader, .refused) }
    if bytesElsewhere > 0 {
      // It waits, so it has taken them all.
      bytesElsewhere = 0
      noteTaken()
    }
    remoteReader = reader
    if self.reader.isReady || ending != nil { deliver() } else { giveBackWhileWaiting() }
  }

  /// The task's cancellation may be known before the loop hears that it waits.
  private func cancelRemoteReader(_ ticket: UInt64) {
    guard let waiting = remoteReader, waiting.ticket == ticket else {
      cancelledTicket = ticket
      return
    }
    remoteReader = nil
    wake(waiting, .cancelled)
    waitingTaskWasCancelled()
  }

  private func wake(_ reader: RemoteReader, _ arrival: Arrival) {
    loop.wakeAtEndOfTurn(
      reader.continuation,
      returning: arrival.rawValue,
      onLoop: reader.isOnLoop
    )
  }

  /// Something has come for the reader elsewhere: at the end of the turn it gets all that has.
  func wakeRemoteReader() {
    guard remoteReader?.isDue == false else { return }
    remoteReader?.isDue = true
    callLoop()
  }

  private func deliver() {
    guard let waiting = remoteReader else { return }
    guard reader.isReady || ending != nil else {
      // Race: this was for one that was cancelled meanwhile.
      remoteReader?.isDue = false
      return
    }
    remoteReader = nil
    wake(waiting, fillInbox() ? .messages : .other)
  }

  private func fillInbox() -> Bool {
    let batch = reader.plainMessages(maxBytes: Self.maxBatchBytes)
    guard batch.count > 0, inbox.put(batch.bytes) else { return false }
    let length = batch.bytes.count
    received.count(messages: batch.count, bytes: length - batch.count * Envelope.prefixLength)
    reader.drop(bytes: length)
    bytesElsewhere = length
    return true
  }

  /// A reader on the loop follows one elsewhere, who has left messages in the inbox.
  func takeBackInbox() {
    bytesElsewhere = 0
    let bytes = inbox.takeBack()
    if !bytes.isEmpty {
      bytes.withUnsafeBytes { reader.prepend($0) }
      let messages = reader.plainMessages(maxBytes: bytes.count).count
      let length = bytes.count - messages * Envelope.prefixLength
      received.count(messages: -messages, bytes: -length)
    }
    noteTaken()
  }

  /// What the reader elsewhere has not taken is dropped.
  func dropInbox() {
    guard bytesElsewhere > 0 else { return }
    bytesElsewhere = 0
    inbox.clear()
  }

  static let twoReaders = RPCError(.internal, "two tasks read one stream at a time")

  // MARK: Sending

  /// Leaves a message to the loop.
  ///
  /// Not on the loop.
  func submitElsewhere(_ frame: UnsafeRawBufferPointer) {
    if outbox.put(frame, limit: outboxLimit) { callLoop() }
  }

  // MARK: Errands

  /// Has the loop look at the outbox, at who waits, and at what is due.
  private func callLoop() {
    guard !hasCalled.exchange(true, ordering: .acquiringAndReleasing) else { return }
    loop.call(self)
  }
}

extension CallCore: LoopCaller {
  func runErrands() {
    // Before it looks: what comes later calls again.
    _ = hasCalled.exchange(false, ordering: .acquiringAndReleasing)
    drainOutbox()
    if let reader = inbox.takeWaiting() { readerWaits(reader) }
    if remoteReader?.isDue == true { deliver() }
  }
}

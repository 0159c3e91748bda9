internal import MartletNet
public import MartletWire

// Where typed messages meet a call's bytes.
//
// The generic code here is compiled into the module that knows the messages, where the codec is in
// line; all that it calls is not generic. It is the way of most messages: those that are here, or
// can go, at once, uncompressed, with nothing between the call and its user. Whatever else there is
// takes the way of `CallCore.next` and `CallCore.send`.

extension CallCore {
  /// Decodes the next message, if it is here and not compressed.
  ///
  /// - Throws: INTERNAL, which the call then ends with, when it is malformed.
  @inlinable
  @inline(__always)
  final func takeArrived<Element: Message>(_ type: Element.Type) throws(RPCError) -> Element? {
    guard let bytes = arrived() else { return nil }
    do throws(WireError) {
      let limits = DecodingLimits(maximumBytes: bytes.count)
      let message = try Element(decoding: bytes, limits: limits)
      tookArrived(bytes.count)
      return message
    } catch {
      throw refuseArrived(error, Element.protoName, bytes.count)
    }
  }

  /// The next message's bytes, if they are here and not compressed; elsewhere than on the loop, if
  /// they are in the inbox.
  ///
  /// They stay until `tookArrived`.
  @usableFromInline
  final func arrived() -> UnsafeRawBufferPointer? {
    guard loop.isCurrent else { return inbox.front() }
    if bytesElsewhere > 0 { takeBackInbox() }
    return reader.plainFront
  }

  @usableFromInline
  final func tookArrived(_ count: Int) {
    guard loop.isCurrent else { return inbox.tookFront(length: count) }
    received.count(messageBytes: count)
    reader.dropFront(length: count)
    noteTaken()
  }

  @usableFromInline
  @inline(never)
  final func refuseArrived(_ error: WireError, _ name: String, _ count: Int) -> RPCError {
    let error = RPCError(.internal, "malformed \(name): \(error)")
    guard loop.isCurrent else {
      inbox.tookFront(length: count)
      inbox.clear()
      loop.execute { self.refuse(error) }
      return error
    }
    refuse(error)
    return error
  }

  private func refuse(_ error: RPCError) {
    abortReading(error)
    readingFailed(error)
  }

  /// Whether nothing is here yet, and the caller may suspend with `readerWaits`; else it is for
  /// `waitForArrival` to wait.
  ///
  /// The suspension itself is in line in the reader: each change of executors, which a function in
  /// between would bring, costs as much as decoding a message.
  @usableFromInline
  final func mayWaitInLine() -> Bool {
    guard canWaitInLine, wakesCurrentTaskWhenCancelled else { return false }
    giveBackWhileWaiting()
    return true
  }

  /// Waits until something has come; false when that is for `next` to judge.
  @usableFromInline
  final func waitForArrival() async throws(RPCError) -> Bool {
    guard loop.isCurrent else { return try await waitElsewhere() }
    guard ending == nil, !reader.isReady else { return false }
    try await waitForBytes()
    return loop.isCurrent
  }

  /// Encodes and sends a message, if it can go now.
  ///
  /// - Returns: false when it was not sent: that is for `send` to do.
  /// - Throws: the call's status when it is over, RESOURCE_EXHAUSTED for a message over the limit.
  @inlinable
  @inline(__always)
  final func sendNow<Element: Message>(_ message: Element) throws(RPCError) -> Bool {
    guard sendsPlain(bound: message.encodedSizeBound) else { return false }
    try message.withEncoded(prefix: 5) { (frame) throws(RPCError) in try sendPlain(frame) }
    return true
  }

  /// Whether messages go uncompressed, or the caller is not on the loop and may leave them in the
  /// outbox, and one of that size is copied rather than handed over.
  @usableFromInline
  final func sendsPlain(bound: Int) -> Bool {
    bound <= Self.maxCopiedBytes && (loop.isCurrent ? sendsUncompressed : outbox.isOpen)
  }

  /// `frame` is a message behind five bytes for its prefix.
  @usableFromInline
  final func sendPlain(_ frame: UnsafeMutableRawBufferPointer) throws(RPCError) {
    let length = frame.count - Envelope.prefixLength
    guard length <= bounds.maxSentBytes else {
      throw Self.tooLarge(length, limit: bounds.maxSentBytes)
    }
    Envelope.seal(frame)
    guard loop.isCurrent else { return submitElsewhere(UnsafeRawBufferPointer(frame)) }
    try submit(copying: UnsafeRawBufferPointer(frame))
  }

  /// Whether the sender of a message shall wait before the next.
  @usableFromInline
  final var mustWaitAfterSending: Bool { loop.isCurrent && isBehind }

  private static var maxCopiedBytes: Int { 4096 }
}

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
      throw refuseArrived(error, Element.protoName)
    }
  }

  /// The next message's bytes, if they are here, not compressed, and the caller is on the loop.
  ///
  /// They stay until `tookArrived`.
  @usableFromInline
  final func arrived() -> UnsafeRawBufferPointer? {
    loop.isCurrent ? reader.plainFront : nil
  }

  @usableFromInline
  final func tookArrived(_ count: Int) {
    received.count(messageBytes: count)
    reader.dropFront(length: count)
    noteTaken()
  }

  @usableFromInline
  @inline(never)
  final func refuseArrived(_ error: WireError, _ name: String) -> RPCError {
    let error = RPCError(.internal, "malformed \(name): \(error)")
    abortReading(error)
    readingFailed(error)
    return error
  }

  /// Waits until something has come; false when that is for `next` to judge.
  @usableFromInline
  final func waitForArrival() async throws(RPCError) -> Bool {
    guard loop.isCurrent, ending == nil, !reader.isReady else { return false }
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

  /// Whether messages go uncompressed, the caller is on the loop, and one of that size is copied
  /// rather than handed over.
  @usableFromInline
  final func sendsPlain(bound: Int) -> Bool {
    bound <= Self.maxCopiedBytes && loop.isCurrent && sendsUncompressed
  }

  /// `frame` is a message behind five bytes for its prefix.
  @usableFromInline
  final func sendPlain(_ frame: UnsafeMutableRawBufferPointer) throws(RPCError) {
    let length = frame.count - Envelope.prefixLength
    guard length <= bounds.maxSentBytes else {
      throw Self.tooLarge(length, limit: bounds.maxSentBytes)
    }
    Envelope.seal(frame)
    try submit(copying: UnsafeRawBufferPointer(frame))
  }

  /// Whether the sender of a message shall wait before the next.
  @usableFromInline
  final var mustWaitAfterSending: Bool { isBehind }

  private static var maxCopiedBytes: Int { 4096 }
}

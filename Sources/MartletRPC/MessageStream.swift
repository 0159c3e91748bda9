public import MartletWire

/// The messages that the peer sends in one call, in order.
///
/// It is read by one task at a time; which task that is may change. The peer may send only a
/// bounded number of bytes ahead of the reader: not reading is what slows the peer down.
public struct MessageStream<Element: Message>: AsyncSequence, Sendable {
  /// What iteration throws: the status of a call that did not end well.
  public typealias Failure = RPCError

  let core: CallCore
  /// Keeps a client's call alive.
  let lease: CallLease?

  init(_ core: CallCore, lease: CallLease? = nil) {
    self.core = core
    self.lease = lease
  }

  /// Takes messages out of the stream.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let stream: MessageStream

    /// Waits for the next message.
    ///
    /// - Parameter actor: where the caller runs; leave it to the default.
    /// - Returns: the message; nil after the peer's last.
    /// - Throws: `RPCError`: CANCELLED when the call or this task is cancelled, otherwise the
    ///   call's status.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(RPCError) -> Element? {
      try await stream.core.next(Element.self)
    }
  }

  /// Starts reading where the last reader stopped: a stream does not start again.
  ///
  /// - Returns: an iterator.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
}

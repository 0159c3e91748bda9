public import MartletWire

/// The messages that the peer sends in one call, in order.
///
/// It is read by one task at a time; which task that is may change. The peer may send only a
/// bounded number of bytes ahead of the reader: not reading is what slows the peer down.
public struct MessageStream<Element: Message>: AsyncSequence, Sendable {
  /// What iteration throws: the status of a call that did not end well.
  public typealias Failure = RPCError

  @usableFromInline let core: CallCore
  /// Keeps a client's call alive.
  @usableFromInline let lease: CallLease?
  /// What gives the messages instead of the call itself, where an interceptor stands between; nil
  /// for nothing.
  @usableFromInline let source: (@Sendable () async throws(RPCError) -> Element?)?

  @inlinable
  init(
    _ core: CallCore,
    lease: CallLease? = nil,
    source: (@Sendable () async throws(RPCError) -> Element?)? = nil
  ) {
    self.core = core
    self.lease = lease
    self.source = source
  }

  /// Takes messages out of the stream.
  public struct AsyncIterator: AsyncIteratorProtocol {
    @usableFromInline let stream: MessageStream

    @inlinable
    init(stream: MessageStream) {
      self.stream = stream
    }

    /// Waits for the next message.
    ///
    /// It runs where its caller runs, so that a message which is here costs no change of executors,
    /// and waiting for one costs a single look at where to go on.
    ///
    /// - Parameter actor: what the protocol asks for; leave it to the default.
    /// - Returns: the message; nil after the peer's last.
    /// - Throws: `RPCError`: CANCELLED when the call or this task is cancelled, otherwise the
    ///   call's status.
    @inlinable
    nonisolated(nonsending) public mutating func next(
      isolation actor: (any Actor)? = #isolation
    ) async throws(RPCError) -> Element? {
      guard stream.source == nil else { return try await stream.nextMessage() }
      let core = stream.core
      repeat {
        if let message = try core.takeArrived(Element.self) { return message }
        if core.mayWaitInLine() {
          // `withUnsafeContinuation(isolation:)` would change to the caller's executor first, where
          // this runs already.
          _ = await _unsafeInheritExecutor_withUnsafeContinuation { core.readerWaits($0) }
        } else if try await !core.waitForArrival() {
          return try await stream.nextMessage()
        }
      } while true
    }
  }

  /// Starts reading where the last reader stopped: a stream does not start again.
  ///
  /// - Returns: an iterator.
  @inlinable
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }
}

extension MessageStream {
  /// The same stream with each message looked at, changed or left out on its way; for interceptors.
  ///
  /// - Parameter change: gets each message when it is taken, and gives the message to use instead;
  ///   nil leaves it out. What it throws, the reader gets, as the `RPCError` that the client would
  ///   see.
  /// - Returns: the stream to read instead of this one.
  public func transformed(
    by change: @escaping @Sendable (Element) async throws -> Element?
  ) -> MessageStream {
    MessageStream(core, lease: lease) { () async throws(RPCError) -> Element? in
      while let message = try await nextMessage() {
        do {
          if let changed = try await change(message) { return changed }
        } catch {
          throw core.status(of: error)
        }
      }
      return nil
    }
  }

  /// A stream of `message` and nothing more.
  func replaced(by message: Element) -> MessageStream {
    let held = Held(message)
    return MessageStream(core, lease: lease) { () throws(RPCError) in held.take() }
  }

  @usableFromInline
  func nextMessage() async throws(RPCError) -> Element? {
    if let source { return try await source() }
    return try await core.next(Element.self)
  }

  /// The request of a call that has exactly one.
  @usableFromInline
  func onlyMessage() async throws(RPCError) -> Element {
    guard let message = try await nextMessage() else {
      throw RPCError(.unimplemented, "the client sent no request")
    }
    return message
  }
}

public import MartletWire

/// Where messages for the peer go in one call.
public struct MessageWriter<Element: Message>: Sendable {
  @usableFromInline let core: CallCore
  /// Keeps a client's call alive.
  @usableFromInline let lease: CallLease?
  /// What takes the messages instead of the call itself, where an interceptor stands between; nil
  /// for nothing.
  @usableFromInline let sink: (@Sendable (Element) async throws(RPCError) -> Void)?

  @inlinable
  init(
    _ core: CallCore,
    lease: CallLease? = nil,
    sink: (@Sendable (Element) async throws(RPCError) -> Void)? = nil
  ) {
    self.core = core
    self.lease = lease
    self.sink = sink
  }

  /// Sends a message; suspends while the peer, or the network, is behind by more than a bound.
  ///
  /// When it returns, the message is on its way, not yet at the peer. Messages sent by one task
  /// arrive in order.
  ///
  /// - Parameter message: the message.
  /// - Throws: `RPCError`: the call's status when the call is over, RESOURCE_EXHAUSTED for a
  ///   message over the limit, CANCELLED when this task is cancelled while it waits.
  @inlinable
  nonisolated(nonsending) public func send(_ message: Element) async throws(RPCError) {
    guard sink == nil, try core.sendNow(message) else { return try await sendSlowly(message) }
    if core.mustWaitAfterSending { try await core.waitUntilWritable() }
  }

  @usableFromInline
  func sendSlowly(_ message: Element) async throws(RPCError) {
    if let sink { return try await sink(message) }
    try await core.send(core.frame(message))
  }

  /// Tells the peer that no further message comes.
  ///
  /// On the server it does nothing: there the handler's return ends the call.
  public func finish() async {
    guard let core = core as? ClientCallCore else { return }
    core.finishRequests()
  }
}

extension MessageWriter {
  /// The same writer with each message looked at, changed or left out on its way; for interceptors.
  ///
  /// - Parameter change: gets each message that is sent, and gives the message to send instead; nil
  ///   leaves it out. What it throws, the sender gets, as the `RPCError` that the client would see.
  /// - Returns: the writer to use instead of this one.
  public func transformed(
    by change: @escaping @Sendable (Element) async throws -> Element?
  ) -> MessageWriter {
    MessageWriter(core, lease: lease) { (message: Element) async throws(RPCError) in
      let changed: Element?
      do { changed = try await change(message) } catch { throw core.status(of: error) }
      if let changed { try await send(changed) }
    }
  }
}

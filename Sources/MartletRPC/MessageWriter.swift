public import MartletWire

/// Where messages for the peer go in one call.
public struct MessageWriter<Element: Message>: Sendable {
  let core: CallCore
  /// Keeps a client's call alive.
  let lease: CallLease?

  init(_ core: CallCore, lease: CallLease? = nil) {
    self.core = core
    self.lease = lease
  }

  /// Sends a message; suspends while the peer, or the network, is behind by more than a bound.
  ///
  /// When it returns, the message is on its way, not yet at the peer. Messages sent by one task
  /// arrive in order.
  ///
  /// - Parameter message: the message.
  /// - Throws: `RPCError`: the call's status when the call is over, RESOURCE_EXHAUSTED for a
  ///   message over the limit, CANCELLED when this task is cancelled while it waits.
  public func send(_ message: Element) async throws(RPCError) {
    try await core.send(core.frame(message))
  }

  /// Tells the peer that no further message comes.
  ///
  /// On the server it does nothing: there the handler's return ends the call.
  public func finish() async {
    guard let core = core as? ClientCallCore else { return }
    try? await core.finishRequests()
  }
}

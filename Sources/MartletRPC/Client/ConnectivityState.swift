/// Whether a channel can reach its server, after
/// <https://github.com/grpc/grpc/blob/master/doc/connectivity-semantics-and-api.md>.
public enum ConnectivityState: Sendable, Hashable {
  /// No connection, and none wanted: the next call, or `connect()`, makes one.
  case idle
  /// A connection is being made; calls wait for it.
  case connecting
  /// Calls start at once.
  case ready
  /// No server can be reached, for this cause; calls that do not wait for ready fail with it.
  ///
  /// The channel tries again by itself as long as somebody wants a connection.
  case transientFailure(RPCError)
  /// The channel was closed; no other state follows.
  case shutdown
}

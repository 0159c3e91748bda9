internal import MartletRPC
package import WorkoutCore
package import WorkoutStore

/// Who makes a call, as the access token says.
package struct Caller: Sendable, Hashable {
  package var user: UserID
  package var session: SessionID
  package var device: DeviceID
}

/// Where `Authenticator` leaves the caller for handlers.
enum CallerKey: ServerCallKey {
  typealias Value = Caller
}

extension ServerCall {
  /// Who makes this call.
  ///
  /// - Throws: UNAUTHENTICATED when nobody was authenticated, which the interceptor prevents.
  func caller() throws(RPCError) -> Caller {
    guard let caller = self[CallerKey.self] else {
      throw RPCError(.unauthenticated, "log in first")
    }
    return caller
  }

  /// The peer's address without its port.
  var peerHost: String {
    guard let colon = peerAddress.lastIndex(of: ":") else { return peerAddress }
    return String(peerAddress[..<colon])
  }
}

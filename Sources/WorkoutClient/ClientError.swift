public import MartletRPC

/// Why the client did not do what it was asked to: the one error type of its calls.
public enum ClientError: Error, Sendable, CustomStringConvertible {
  /// Nobody is signed in, or the session has ended: log in.
  case notSignedIn

  /// The server refused the call or was not reached.
  case rpc(RPCError)

  /// The profile's files cannot be used.
  case profile(ProfileError)

  /// The journal cannot be used.
  case journal(JournalError)

  /// The server's answer to this method lacks what it must have.
  case malformedAnswer(String)

  /// What to tell the person.
  public var description: String {
    switch self {
    case .notSignedIn: "not signed in"
    case .rpc(let error): "\(error)"
    case .profile(let error): "\(error)"
    case .journal(let error): "\(error)"
    case .malformedAnswer(let method): "the server's answer to \(method) is malformed"
    }
  }

  /// Any error as this layer's.
  init(_ error: any Error) {
    switch error {
    case let error as ClientError: self = error
    case let error as RPCError where error.code == .unauthenticated: self = .notSignedIn
    case let error as RPCError: self = .rpc(error)
    case let error as ProfileError: self = .profile(error)
    case let error as JournalError: self = .journal(error)
    case is CancellationError: self = .rpc(RPCError(.cancelled, "cancelled"))
    default: self = .rpc(RPCError(.unknown, "\(error)"))
    }
  }
}

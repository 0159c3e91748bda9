package import MartletRPC
internal import WorkoutCore
package import WorkoutStore

/// The one place where a refusal of the store becomes a status.
///
/// The texts say what the client can do and never name files, queries or people: those are for the
/// log, which `ServiceLog` writes.
extension RPCError {
  init(_ error: StoreError) {
    switch error {
    case .diskFull, .readOnly, .io, .closed, .inUse, .incompatible, .bucketDamaged,
      .directoryDamaged,
      .overloaded:
      self = Self.storage(error)
    case .invalid(let field):
      self.init(.invalidArgument, "\(field): not accepted by the store")
    case .usernameTaken: self.init(.alreadyExists, "username: taken")
    case .emailTaken: self.init(.alreadyExists, "email: taken")
    case .userNotFound: self.init(.notFound, "no such person")
    case .friendRequestNotFound: self.init(.notFound, "no request from that person waits")
    case .ownFriendship: self.init(.invalidArgument, "username: it is your own")
    case .activityNotFound: self.init(.notFound, "no such activity")
    case .notOwner: self.init(.permissionDenied, "the activity belongs to somebody else")
    case .activityClosed(let state):
      self.init(
        .failedPrecondition,
        "the activity is \(state == .discarded ? "discarded" : "completed") and takes nothing new"
      )
    case .sequenceGap(let expected, let received):
      self.init(
        .outOfRange,
        "batch.first_sequence: \(received) leaves a gap, \(expected) is wanted next"
      )
    case .eventSequenceGap(let expected, let received):
      self.init(
        .outOfRange,
        "batch.first_event_sequence: \(received) leaves a gap, \(expected) is wanted next"
      )
    }
  }

  /// What went wrong below the data: the server's trouble, not the client's.
  private static func storage(_ error: StoreError) -> RPCError {
    switch error {
    case .diskFull:
      RPCError(.unavailable, "the server's disk is full: keep your data and try again later")
    case .readOnly, .io, .inUse, .incompatible:
      RPCError(.unavailable, "the server's disk refuses: keep your data and try again later")
    case .bucketDamaged, .directoryDamaged:
      RPCError(.dataLoss, "stored data of this account is damaged: the operator has to repair it")
    case .overloaded:
      RPCError(.resourceExhausted, "the server is busy: try again shortly")
    case .closed:
      RPCError(.unavailable, "the server is shutting down: reconnect and resume")
    default:
      RPCError(.internal, "the store refused")
    }
  }
}

extension StoreError: RPCErrorConvertible {
  package var rpcError: RPCError { RPCError(self) }

  /// Whether the operator has to know: the disk or the files, not what somebody asked for.
  var isTrouble: Bool {
    switch self {
    case .diskFull, .readOnly, .io, .bucketDamaged, .directoryDamaged, .incompatible, .overloaded:
      true
    default: false
    }
  }
}

extension CryptoError: RPCErrorConvertible {
  package var rpcError: RPCError { RPCError(.internal, "the server could not compute that") }
}

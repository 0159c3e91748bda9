import MartletRPC
import WorkoutClient

/// Exit codes, after sysexits.h; `martlet --help` lists them.
enum ExitStatus {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let unavailable: Int32 = 69
  static let internalError: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let busy: Int32 = 75
  static let notPermitted: Int32 = 77
  static let interrupted: Int32 = 130
}

/// How a command failed: the one error type that commands let out.
struct CommandFailure: Error {
  var status: Int32
  /// What to tell the person; nil when it was said already.
  var message: String?

  init(_ status: Int32, _ message: String?) {
    self.status = status
    self.message = message
  }

  init(_ error: ClientError) {
    switch error {
    case .notSignedIn:
      self.init(ExitStatus.notPermitted, "not signed in: martlet login, or martlet register")
    case .rpc(let error): self.init(error)
    case .profile(let error): self.init(ExitStatus.notPermitted, "\(error)")
    case .journal(let error): self.init(error)
    case .malformedAnswer: self.init(ExitStatus.internalError, "\(error)")
    }
  }

  init(_ error: RPCError) {
    let status: Int32 =
      switch error.code {
      case .unavailable, .deadlineExceeded, .resourceExhausted: ExitStatus.unavailable
      case .unauthenticated, .permissionDenied: ExitStatus.notPermitted
      case .invalidArgument, .notFound, .alreadyExists, .failedPrecondition, .outOfRange:
        ExitStatus.badData
      case .cancelled: ExitStatus.interrupted
      default: ExitStatus.internalError
      }
    let words = printable(error.message)
    self.init(status, words.isEmpty ? error.code.name : words)
  }

  init(_ error: JournalError) {
    let status: Int32 =
      switch error.kind {
      case .full: ExitStatus.cannotCreate
      case .inaccessible: ExitStatus.notPermitted
      default: ExitStatus.badData
      }
    self.init(status, "\(error)")
  }

  init(_ error: GPXError) { self.init(ExitStatus.badData, "\(error)") }

  init(_ failure: TrackingFailure) {
    let status: Int32 =
      switch failure {
      case .transient, .ended: ExitStatus.unavailable
      case .unauthenticated, .denied: ExitStatus.notPermitted
      case .gap, .permanent: ExitStatus.internalError
      }
    self.init(status, printable("\(failure)"))
  }

  /// Any error that a command met; the parser's own go through as they are.
  static func wrapping(_ error: any Error) -> any Error {
    switch error {
    case let error as ClientError: CommandFailure(error)
    case let error as RPCError: CommandFailure(error)
    case let error as JournalError: CommandFailure(error)
    case let error as ProfileError: CommandFailure(ExitStatus.notPermitted, "\(error)")
    case let error as GPXError: CommandFailure(error)
    default: error
    }
  }
}

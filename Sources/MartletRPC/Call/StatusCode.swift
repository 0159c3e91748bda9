/// The seventeen outcomes that a gRPC call can have.
///
/// See <https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>.
public enum StatusCode: Int, Sendable, Hashable, CaseIterable {
  /// The call succeeded.
  case ok = 0
  /// The caller gave the call up.
  case cancelled = 1
  /// An error that carries no better code: a handler threw something other than an `RPCError`.
  case unknown = 2
  /// The request is wrong whatever the state of the system.
  case invalidArgument = 3
  /// The deadline passed before the call was complete.
  case deadlineExceeded = 4
  /// What was asked for does not exist.
  case notFound = 5
  /// What was to be created exists already.
  case alreadyExists = 6
  /// The caller is known and may not do this.
  case permissionDenied = 7
  /// A quota or a limit was met; also a message over the size limit.
  case resourceExhausted = 8
  /// The system's state does not allow it; retrying without changing that state is useless.
  case failedPrecondition = 9
  /// A concurrency conflict; retry at a higher level.
  case aborted = 10
  /// Past the valid range, such as reading beyond the end.
  case outOfRange = 11
  /// No such method here, or a feature of the protocol that this side lacks.
  case unimplemented = 12
  /// An invariant is broken: a malformed message, a protocol violation.
  case `internal` = 13
  /// The service cannot be reached at this moment; retry with backoff.
  case unavailable = 14
  /// Data is lost or corrupt beyond recovery.
  case dataLoss = 15
  /// The caller is not known.
  case unauthenticated = 16

  /// The name that gRPC's documents use, such as `DEADLINE_EXCEEDED`.
  public var name: String {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internal: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}

extension StatusCode: CustomStringConvertible {
  /// The same as `name`.
  public var description: String { name }
}

extension StatusCode {
  /// Reads `grpc-status`; a number that is none of the seventeen is UNKNOWN, as statuscodes.md
  /// asks.
  package init(header: String) {
    self = Int(header).flatMap(StatusCode.init(rawValue:)) ?? .unknown
  }

  /// The code for an answer that is not gRPC's, such as a proxy's error page.
  ///
  /// See <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>.
  package init(httpStatus: Int) {
    switch httpStatus {
    case 400: self = .internal
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }

  /// The client's code for a stream that the server reset (PROTOCOL-HTTP2.md, "Errors").
  package init(resetCode: UInt32) {
    switch resetCode {
    case 0x7: self = .unavailable  // REFUSED_STREAM
    case 0x8: self = .cancelled  // CANCEL
    case 0xb: self = .resourceExhausted  // ENHANCE_YOUR_CALM
    case 0xc: self = .permissionDenied  // INADEQUATE_SECURITY
    default: self = .internal
    }
  }
}

/// How a call failed: the one error type of this module.
///
/// A handler throws it to choose the status that its caller sees. A client call throws it with the
/// status that the server sent, or with the one that gRPC prescribes for what went wrong on the
/// way.
public struct RPCError: Error, Sendable, Hashable {
  /// The status.
  ///
  /// Never `.ok` in an error that was thrown by this module.
  public var code: StatusCode

  /// What went wrong, for a person.
  ///
  /// It travels to the peer, so keep secrets out of it.
  public var message: String

  /// The trailing metadata that came, or shall go, with the status.
  public var metadata: Metadata

  /// A serialized `google.rpc.Status` with what a program can use of the error; nil when there is
  /// none.
  ///
  /// It travels as `grpc-status-details-bin` and counts as metadata: over the server's limit it is
  /// left out, and the rest of the error is sent. Bytes from a peer are not checked, only decoded
  /// from base64.
  public var statusDetails: [UInt8]?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - code: the status.
  ///   - message: what went wrong, for a person; it travels to the peer.
  ///   - metadata: trailing metadata that goes with the status.
  ///   - statusDetails: a serialized `google.rpc.Status`.
  public init(
    _ code: StatusCode,
    _ message: String,
    metadata: Metadata = Metadata(),
    statusDetails: [UInt8]? = nil
  ) {
    self.code = code
    self.message = message
    self.metadata = metadata
    self.statusDetails = statusDetails
  }
}

extension RPCError: CustomStringConvertible {
  /// The code and the message: `NOT_FOUND: no such activity`.
  public var description: String { message.isEmpty ? code.name : "\(code.name): \(message)" }
}

/// An error of a lower layer that knows which status it is.
///
/// A handler may throw it as it is; the server asks it for its status at the edge.
public protocol RPCErrorConvertible: Error {
  /// The status that the caller shall see.
  var rpcError: RPCError { get }
}

extension RPCError {
  /// Leaves the details out that take more than `maxBytes` of a header list (RFC 9113, section
  /// 6.5.2).
  mutating func dropDetails(over maxBytes: Int) {
    guard let statusDetails else { return }
    let listBytes = Self.detailsName.utf8.count + Base64.encodedCount(statusDetails.count) + 32
    if listBytes > maxBytes { self.statusDetails = nil }
  }

  static let detailsName = "grpc-status-details-bin"

  /// The status for whatever a handler threw.
  ///
  /// An error that is no `RPCError` may name files, queries or people, so the caller learns only
  /// that it happened.
  ///
  /// - Parameter error: what the handler threw.
  package init(handlerError error: any Error) {
    switch error {
    case let error as RPCError where error.code == .ok:
      self.init(.unknown, "the handler threw an error with status OK")
    case let error as RPCError:
      self = error
    case let error as any RPCErrorConvertible:
      self = error.rpcError
    case is CancellationError:
      self.init(.cancelled, "the call was cancelled")
    default:
      self.init(.unknown, "the service failed in a way it did not describe")
    }
  }
}

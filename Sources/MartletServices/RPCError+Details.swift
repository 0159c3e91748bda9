public import MartletRPC
public import MartletWellKnown
public import MartletWire

// The details of an error as messages: what a program can use of it, beside the text for people.

extension RPCError {
  /// Creates an error with details, such as `GoogleRPCBadRequest` or messages of one's own.
  ///
  /// They travel in `grpc-status-details-bin`, which counts as metadata.
  ///
  /// - Parameters:
  ///   - code: the status.
  ///   - message: what went wrong, for a person; it travels to the peer.
  ///   - details: what a program can use of it, in order.
  ///   - metadata: trailing metadata that goes with the status.
  public init(
    _ code: StatusCode,
    _ message: String,
    details: [any Message],
    metadata: Metadata = Metadata()
  ) {
    let status = GoogleRPCStatus.with {
      $0.code = Int32(code.rawValue)
      $0.message = message
      $0.details = details.map { Self.packed($0) }
    }
    self.init(code, message, metadata: metadata, statusDetails: status.encoded())
  }

  /// All of the error as `google.rpc.Status`.
  ///
  /// Code and message are the call's own, whatever the peer's details say; without details, or
  /// with bytes that are no such message, there are none.
  public var status: GoogleRPCStatus {
    var status = GoogleRPCStatus()
    if let statusDetails, let sent = try? GoogleRPCStatus(decoding: statusDetails) { status = sent }
    status.code = Int32(code.rawValue)
    status.message = message
    return status
  }

  /// The details, in order, each with the name of its type.
  public var details: [ProtoAny] { status.details }

  /// The first detail of a type; nil when there is none, or none that is well formed.
  ///
  /// - Parameter type: the detail's type.
  /// - Returns: the detail.
  public func detail<Detail: Message>(_ type: Detail.Type) -> Detail? {
    for detail in details where detail.is(type) {
      if let message = try? detail.unpack(as: type) { return message }
    }
    return nil
  }

  private static func packed(_ detail: some Message) -> ProtoAny { ProtoAny(packing: detail) }
}

/// A header block of a call, sorted into what the protocol uses and what the application does.
package struct ReceivedHeaders: Sendable {
  package var httpStatus: Int?
  package var contentType: String?
  package var encoding: String?
  package var acceptEncoding: String?
  package var grpcStatus: String?
  package var grpcMessage: String?
  package var statusDetails: [UInt8]?
  package var retryPushback: String?
  package var metadata = Metadata()

  package init() {}

  /// Takes one header as it came.
  ///
  /// What most answers consist of makes no text.
  mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    switch name.count {
    case 7 where name.equals(":status") && value.equals("200"): httpStatus = 200
    case 12 where name.equals("content-type") && value.equals("application/grpc"):
      contentType = ContentType.grpc
    case 11 where name.equals("grpc-status") && value.equals("0"): grpcStatus = Self.okStatus
    default:
      add(
        name: String(decoding: name, as: UTF8.self),
        value: String(decoding: value, as: UTF8.self)
      )
    }
  }

  private static let okStatus = "0"

  /// Whether the block begins a response like most: HTTP's status 200, messages of protobuf, and
  /// nothing about compression.
  var isPlainResponse: Bool {
    httpStatus == 200 && contentType == ContentType.grpc && encoding == nil
  }

  /// Takes one header; HTTP/2 has made sure that its name is lower case and its value well formed.
  package mutating func add(name: String, value: String) {
    switch name {
    case ":status": httpStatus = Int(value)
    case "content-type": contentType = value
    case "grpc-encoding": encoding = value
    case "grpc-accept-encoding": acceptEncoding = value
    case "grpc-status": grpcStatus = value
    case "grpc-message": grpcMessage = value
    case "grpc-retry-pushback-ms": retryPushback = value
    case RPCError.detailsName: statusDetails = Base64.decode(value.utf8)
    default: metadata.receive(name: name, value: value)
    }
  }

  /// How the call ended, if this block is its trailers: the trailing metadata, or the error.
  package func callStatus() -> Result<Metadata, RPCError> {
    guard let grpcStatus else {
      return .failure(RPCError(.unknown, "the server sent no grpc-status", metadata: metadata))
    }
    if grpcStatus == Self.okStatus { return .success(metadata) }
    let code = StatusCode(header: grpcStatus)
    guard code != .ok else { return .success(metadata) }
    let message = PercentEncoding.decode((grpcMessage ?? "").utf8)
    return .failure(
      RPCError(code, message, metadata: metadata, statusDetails: statusDetails)
    )
  }
}

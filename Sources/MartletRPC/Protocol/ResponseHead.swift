/// What the headers of a response say before any of its messages is read.
package enum ResponseHead: Hashable {
  /// A gRPC response: messages follow.
  case messages
  /// The call is over: trailers-only, or an answer that is not gRPC's.
  case failed(RPCError)
  /// The call is over with OK and without a message.
  case ended(Metadata)

  /// Reads the header block that starts a response.
  package init(_ head: ReceivedHeaders, endsStream: Bool) {
    let status = head.httpStatus ?? 0
    guard status == 200 else {
      self = .failed(Self.notGRPC(head, reason: "HTTP status \(status)"))
      return
    }
    guard ContentType.isGRPC(head.contentType) else {
      let type = head.contentType ?? "no content-type"
      self = .failed(Self.notGRPC(head, reason: "HTTP status 200 with \(type)"))
      return
    }
    if let type = head.contentType, !ContentType.isProto(type), !endsStream {
      self = .failed(RPCError(.internal, "the server's messages are not protobuf: \(type)"))
      return
    }
    if endsStream {
      self =
        switch head.callStatus() {
        case .success(let metadata): .ended(metadata)
        case .failure(let error): .failed(error)
        }
    } else {
      self = .messages
    }
  }

  /// The HTTP status decides, unless the answer carries a `grpc-status` despite it.
  private static func notGRPC(_ head: ReceivedHeaders, reason: String) -> RPCError {
    if head.grpcStatus != nil, case .failure(let error) = head.callStatus() { return error }
    let code = head.httpStatus.map(StatusCode.init(httpStatus:)) ?? .unknown
    return RPCError(code, "the server's answer is not gRPC: \(reason)", metadata: head.metadata)
  }
}

/// `content-type` as gRPC reads it: a media type, whose case does not matter (RFC 9110, section
/// 8.3.1), and perhaps parameters, which mean nothing.
package enum ContentType {
  package static let grpc = "application/grpc"

  /// Whether the value is `application/grpc`, alone or followed by `+format` or `;parameters`.
  package static func isGRPC(_ value: String?) -> Bool {
    if value == grpc { return true }
    guard let type = value.map(mediaType), type.hasPrefix(grpc) else { return false }
    switch type.utf8.dropFirst(grpc.utf8.count).first {
    case nil, UInt8(ascii: "+"): return true
    default: return false
    }
  }

  /// Whether the messages are protobuf's: no format, or `+proto`.
  package static func isProto(_ value: String) -> Bool {
    if value == grpc { return true }
    let format = mediaType(value).dropFirst(grpc.count)
    return format.isEmpty || format == "+proto"
  }

  private static func mediaType(_ value: String) -> String {
    if value == grpc { return value }
    var type = value.prefix { $0 != ";" }
    while type.last == " " { type.removeLast() }
    return type.lowercased()
  }
}

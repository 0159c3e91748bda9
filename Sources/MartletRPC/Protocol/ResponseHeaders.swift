internal import MartletHTTP2

/// The header blocks that a server sends.
enum ResponseHeaders {
  static let plain: HTTP2HeaderList = {
    var headers = HTTP2HeaderList()
    headers.append(":status", "200")
    headers.append("content-type", "application/grpc")
    return headers
  }()

  static let succeeded: HTTP2HeaderList = {
    var headers = HTTP2HeaderList()
    headers.append("grpc-status", "0")
    return headers
  }()

  /// What goes before the first message.
  static func leading(_ metadata: Metadata) -> HTTP2HeaderList {
    guard !metadata.isEmpty else { return plain }
    var headers = plain
    headers.append(metadata)
    return headers
  }

  /// What goes after the last.
  static func trailers(
    _ failure: RPCError?,
    _ metadata: Metadata,
    maxMessageBytes: Int = .max
  ) -> HTTP2HeaderList {
    if failure == nil, metadata.isEmpty { return succeeded }
    var headers = HTTP2HeaderList()
    headers.append(status: failure, metadata, maxMessageBytes)
    return headers
  }

  /// Both in one block, for a call without a message.
  static func trailersOnly(
    _ failure: RPCError?,
    _ trailing: Metadata,
    maxMessageBytes: Int
  ) -> HTTP2HeaderList {
    var headers = plain
    headers.append(status: failure, trailing, maxMessageBytes)
    return headers
  }

  /// An answer for who does not speak gRPC.
  static func plainText(status: String) -> HTTP2HeaderList {
    var headers = HTTP2HeaderList()
    headers.append(":status", status)
    headers.append("content-type", "text/plain; charset=utf-8")
    return headers
  }
}

extension HTTP2HeaderList {
  mutating func append(_ metadata: Metadata) {
    for entry in metadata.entries { append(entry.name, entry.wireValue) }
  }

  fileprivate mutating func append(
    status failure: RPCError?,
    _ metadata: Metadata,
    _ maxMessageBytes: Int
  ) {
    if let failure {
      append("grpc-status", String(failure.code.rawValue))
      if !failure.message.isEmpty {
        let text = PercentEncoding.encode(failure.message, maxBytes: maxMessageBytes)
        append("grpc-message", bytes: text)
      }
      if let details = failure.statusDetails {
        append(RPCError.detailsName, bytes: Base64.encode(details))
      }
    } else {
      append("grpc-status", "0")
    }
    append(metadata)
    if let failure { append(failure.metadata) }
  }
}

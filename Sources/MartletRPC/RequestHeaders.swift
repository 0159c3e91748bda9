internal import MartletHTTP2

/// The header block that a client sends.
enum RequestHeaders {
  /// What all calls of a channel have in common, in the order that the spec asks for; `:path`
  /// follows.
  static func base(isSecure: Bool, authority: String, userAgent: String?) -> HTTP2HeaderList {
    var headers = HTTP2HeaderList()
    headers.append(":method", "POST")
    if isSecure { headers.append(":scheme", "https") } else { headers.append(":scheme", "http") }
    headers.append(":authority", authority)
    headers.append("te", "trailers")
    headers.append("content-type", "application/grpc")
    headers.append("user-agent", (userAgent.map { $0 + " " } ?? "") + "grpc-swift-martlet/0.1")
    return headers
  }

  static func headers(
    _ base: HTTP2HeaderList,
    path: String,
    timeLeft: Duration?,
    metadata: Metadata
  ) -> HTTP2HeaderList {
    var headers = base
    headers.append(":path", path)
    if let timeLeft { headers.append("grpc-timeout", GRPCTimeout.encode(timeLeft)) }
    headers.append(metadata)
    return headers
  }
}

internal import MartletHTTP2

/// The header block that a client sends: what its channel adds to each call's own.
struct RequestHeaders {
  /// `:method`, `:scheme`, `:authority`.
  ///
  /// HTTP/2 wants all names with a colon first.
  private var pseudo = HTTP2HeaderList()
  private let userAgent: String

  private static let library = "grpc-swift-martlet/0.1"

  init(isSecure: Bool, authority: String, userAgent: String?) {
    pseudo.append(":method", "POST")
    if isSecure { pseudo.append(":scheme", "https") } else { pseudo.append(":scheme", "http") }
    pseudo.append(":authority", authority)
    self.userAgent = userAgent.map { "\($0) \(Self.library)" } ?? Self.library
  }

  func headers(path: String, timeLeft: Duration?, metadata: Metadata) -> HTTP2HeaderList {
    var headers = pseudo
    headers.append(":path", path)
    // Right after the pseudo-headers, as the spec asks.
    if let timeLeft { headers.append("grpc-timeout", GRPCTimeout.encode(timeLeft)) }
    headers.append("te", "trailers")
    headers.append("content-type", "application/grpc")
    headers.append("user-agent", userAgent)
    headers.append(metadata)
    return headers
  }
}

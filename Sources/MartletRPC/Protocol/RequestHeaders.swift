internal import MartletHTTP2

/// The header block that a client sends: what its channel adds to each call's own.
struct RequestHeaders {
  /// `:method`, `:scheme`, `:authority`.
  ///
  /// HTTP/2 wants all names with a colon first.
  private var pseudo = HTTP2HeaderList()
  private let userAgent: String
  /// `grpc-accept-encoding`; nil when nothing is taken compressed.
  private let accepted: StaticString?

  private static let library = "grpc-swift-martlet/0.1"

  init(isSecure: Bool, authority: String, userAgent: String?, accepted: AcceptedEncodings) {
    self.accepted = accepted.isEmpty ? nil : accepted.headerValue
    pseudo.append(":method", "POST")
    if isSecure { pseudo.append(":scheme", "https") } else { pseudo.append(":scheme", "http") }
    pseudo.append(":authority", authority)
    self.userAgent = userAgent.map { "\($0) \(Self.library)" } ?? Self.library
  }

  /// Whether the text can stand in `:authority`.
  static func isAuthority(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  func headers(
    path: String,
    timeLeft: Duration?,
    encoding: CompressionAlgorithm,
    metadata: Metadata
  ) -> HTTP2HeaderList {
    var headers = pseudo
    headers.append(":path", path)
    // Right after the pseudo-headers, as the spec asks.
    if let timeLeft { headers.append("grpc-timeout", GRPCTimeout.encode(timeLeft)) }
    headers.append("te", "trailers")
    headers.append("content-type", "application/grpc")
    if encoding != .identity { headers.append("grpc-encoding", encoding.name) }
    if let accepted { headers.append("grpc-accept-encoding", accepted) }
    headers.append("user-agent", userAgent)
    headers.append(metadata)
    return headers
  }
}

/// What a connection's first bytes say about the protocol.
enum ProtocolGuess {
  case needsMore
  case http2
  case other

  /// The client's half of the connection preface (RFC 9113, section 3.4).
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  init(firstBytes: [UInt8]) {
    let known = Self.preface.prefix(firstBytes.count)
    if !firstBytes.starts(with: known) {
      self = .other
    } else {
      self = firstBytes.count >= Self.preface.count ? .http2 : .needsMore
    }
  }
}

/// Answers one HTTP/1.1 request with a short text, whatever it asks, and then closes.
///
/// For people with a browser or curl, and for load balancers' probes; there is no HTTP/1.1 service
/// behind it. A value that takes bytes and returns the answer (RFC 9112).
struct HTTP1Answer {
  private let text: String
  private let maxHeadBytes: Int
  private var head: [UInt8] = []

  init(text: String, maxHeadBytes: Int) {
    self.text = text
    self.maxHeadBytes = maxHeadBytes
  }

  /// The answer once the request's head is complete, or hopeless; nil to wait for more.
  mutating func receive(_ bytes: some Collection<UInt8>) -> [UInt8]? {
    let scanned = max(0, head.count - 3)
    head.append(contentsOf: bytes.prefix(maxHeadBytes + 1 - head.count))
    guard head.first.map(Self.isTokenByte) ?? true else { return response("400 Bad Request") }
    if endsHead(from: scanned) { return answer() }
    if head.count > maxHeadBytes { return response("431 Request Header Fields Too Large") }
    return nil
  }

  private func endsHead(from start: Int) -> Bool {
    // Nothing new may have come: then there is nowhere to look.
    guard start + 4 <= head.count else { return false }
    return (start...head.count - 4).contains { head[$0..<$0 + 4].elementsEqual("\r\n\r\n".utf8) }
  }

  private func answer() -> [UInt8] {
    let line = head.prefix { $0 != UInt8(ascii: "\r") }
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(Self.isTokenByte),
      !parts[1].isEmpty, parts[2].starts(with: "HTTP/".utf8)
    else { return response("400 Bad Request") }
    guard parts[2].elementsEqual("HTTP/1.1".utf8) || parts[2].elementsEqual("HTTP/1.0".utf8) else {
      return response("505 HTTP Version Not Supported")
    }
    let isHead = parts[0].elementsEqual("HEAD".utf8)
    guard isHead || parts[0].elementsEqual("GET".utf8) else {
      return response("501 Not Implemented")
    }
    let status = parts[1].elementsEqual("/".utf8) ? "200 OK" : "404 Not Found"
    return response(status, withBody: !isHead)
  }

  private func response(_ status: String, withBody: Bool = true) -> [UInt8] {
    let fields = """
      HTTP/1.1 \(status)\r
      content-type: text/plain; charset=utf-8\r
      content-length: \(text.utf8.count)\r
      connection: close\r
      \r

      """
    return Array(fields.utf8) + (withBody ? Array(text.utf8) : [])
  }

  /// `tchar` of RFC 9110, section 5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default:
      "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

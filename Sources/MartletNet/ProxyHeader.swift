/// What a load balancer says of a connection before the client's own bytes come.
///
/// <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>
package struct ProxyHeader: Equatable, Sendable {
  /// The client's address; nil where the proxy speaks for itself (a health check), or does not say.
  package var source: SocketAddress?
  /// The address that the client connected to; nil as `source` is.
  package var destination: SocketAddress?
}

/// What is wrong with a header.
package enum ProxyHeaderError: Error, Equatable, Sendable {
  /// The first bytes are those of neither version.
  case notAHeader
  /// A line of version 1 that cannot be read, or is too long.
  case malformedLine
  /// A version 2 that is none: another version, an unknown command, family or transport, addresses
  /// cut short.
  case malformedBinary
  /// Longer than `ProxyHeaderParser.maxBytes`.
  case tooLong
}

/// Reads a PROXY header of version 1 or 2, however its bytes come.
///
/// It says how many bytes it is sure to need, so that whoever feeds it takes none of the client's.
package struct ProxyHeaderParser: Sendable {
  /// Bytes of a header of version 2, additional fields (TLVs) included, which are skipped.
  ///
  /// The addresses need 232 at most; fields beside them are a few hundred (TLS details of Amazon's
  /// and Google's balancers).
  package static let maxBytes = 4 << 10
  /// "PROXY" and the longest addresses of version 1, with CR LF.
  private static let maxLineBytes = 107
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]
  private static let linePrefix = Array("PROXY ".utf8)

  private var bytes: [UInt8] = []

  package init() {}

  /// How many more bytes belong to the header for certain; at least 1 until it is complete.
  package var bytesWanted: Int {
    if bytes.count < Self.linePrefix.count { return Self.linePrefix.count - bytes.count }
    if bytes[0] == Self.signature[0] {
      return bytes.count < 16 ? 16 - bytes.count : 16 + payloadCount - bytes.count
    }
    // "PROXY UNKNOWN" CR LF is the shortest line. The longer ones come a byte at a time.
    return max(1, 15 - bytes.count)
  }

  /// Takes at most `bytesWanted` bytes; the header once it is complete.
  ///
  /// - Throws: at the first byte that no header has there.
  package mutating func feed(
    _ more: some Collection<UInt8>
  ) throws(ProxyHeaderError) -> ProxyHeader? {
    precondition(more.count <= bytesWanted, "more bytes than the header has")
    bytes.append(contentsOf: more)
    guard let first = bytes.first else { return nil }
    return first == Self.signature[0] ? try binary() : try line()
  }

  // MARK: Version 2

  private var payloadCount: Int { Int(bytes[14]) << 8 | Int(bytes[15]) }

  private func binary() throws(ProxyHeaderError) -> ProxyHeader? {
    guard Self.signature.starts(with: bytes.prefix(12)) else { throw .notAHeader }
    if bytes.count > 12 { guard [0x20, 0x21].contains(bytes[12]) else { throw .malformedBinary } }
    // What is unassigned is refused (section 2.2), except of LOCAL, where it does not count.
    if bytes.count > 13, bytes[12] == 0x21 {
      guard bytes[13] >> 4 <= 3, bytes[13] & 0xF <= 2 else { throw .malformedBinary }
    }
    guard bytes.count >= 16 else { return nil }
    guard 16 + payloadCount <= Self.maxBytes else { throw .tooLong }
    guard bytes.count == 16 + payloadCount else { return nil }
    // LOCAL: the proxy itself connects, and what it says of addresses is to be ignored.
    if bytes[12] == 0x20 { return ProxyHeader() }
    return try addresses(family: bytes[13], bytes[16...])
  }

  private func addresses(
    family: UInt8,
    _ payload: ArraySlice<UInt8>
  ) throws(ProxyHeaderError) -> ProxyHeader {
    switch family {
    case 0x11: return try internet(payload, addressBytes: 4)
    case 0x21: return try internet(payload, addressBytes: 16)
    case 0x31:
      guard payload.count >= 216 else { throw .malformedBinary }
      return ProxyHeader(
        source: .unix(Self.path(payload.prefix(108))),
        destination: .unix(Self.path(payload.dropFirst(108).prefix(108)))
      )
    // UNSPEC and datagrams: the proxy does not say who it is.
    default: return ProxyHeader()
    }
  }

  private func internet(
    _ payload: ArraySlice<UInt8>,
    addressBytes count: Int
  ) throws(ProxyHeaderError) -> ProxyHeader {
    guard payload.count >= 2 * count + 4 else { throw .malformedBinary }
    let ports = Array(payload.dropFirst(2 * count).prefix(4))
    return ProxyHeader(
      source: SocketAddress(
        bytes: Array(payload.prefix(count)),
        port: UInt16(ports[0]) << 8 | UInt16(ports[1])
      )?.unmapped,
      destination: SocketAddress(
        bytes: Array(payload.dropFirst(count).prefix(count)),
        port: UInt16(ports[2]) << 8 | UInt16(ports[3])
      )?.unmapped
    )
  }

  private static func path(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  // MARK: Version 1

  private func line() throws(ProxyHeaderError) -> ProxyHeader? {
    guard Self.linePrefix.starts(with: bytes.prefix(6)) else { throw .notAHeader }
    guard bytes.count <= Self.maxLineBytes else { throw .malformedLine }
    guard bytes.suffix(2) == [0x0D, 0x0A] else {
      // A line end can only be the end.
      guard !bytes.dropLast().contains(0x0D), !bytes.contains(0x0A) else { throw .malformedLine }
      guard bytes.count < Self.maxLineBytes else { throw .malformedLine }
      return nil
    }
    let text = String(decoding: bytes.dropLast(2), as: UTF8.self)
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    if words.count >= 2, words[1] == "UNKNOWN" { return ProxyHeader() }
    guard words.count == 6, let source = Self.address(words[1], words[2], words[4]),
      let destination = Self.address(words[1], words[3], words[5])
    else { throw .malformedLine }
    return ProxyHeader(source: source, destination: destination)
  }

  private static func address(
    _ family: Substring,
    _ host: Substring,
    _ port: Substring
  ) -> SocketAddress? {
    guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      port == "0" || !port.hasPrefix("0"), let port = UInt16(port), !host.contains("%"),
      let address = try? SocketAddress(host: String(host), port: port)
    else { return nil }
    switch (address, family) {
    case (.v4, "TCP4"), (.v6, "TCP6"): return address.unmapped
    default: return nil
    }
  }
}

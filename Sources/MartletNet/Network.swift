/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct Network: Hashable, Sendable {
  private let bytes: [UInt8]
  private let prefixBits: Int

  /// Reads CIDR notation (RFC 4632, RFC 4291 2.3); bits behind the prefix must be 0.
  package init(_ text: String) throws(NetError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = try SocketAddress(host: String(parts[0]), port: 0).ipBytes else {
      throw .invalidAddress(text)
    }
    var bits = bytes.count * 8
    if parts.count == 2 {
      guard let number = Int(parts[1]), (0...bits).contains(number), parts[1].first != "+" else {
        throw .invalidAddress(text)
      }
      bits = number
    }
    guard bytes == Self.masked(bytes, bits) else { throw .invalidAddress("\(text): bits behind /") }
    self.bytes = bytes
    prefixBits = bits
  }

  /// Whether the address, of the same family, lies in the range.
  package func contains(_ address: SocketAddress) -> Bool {
    guard let other = address.ipBytes, other.count == bytes.count else { return false }
    return Self.masked(other, prefixBits) == bytes
  }

  private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
    bytes.enumerated().map { index, byte in
      let kept = min(8, max(0, bits - index * 8))
      return byte & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
    }
  }
}

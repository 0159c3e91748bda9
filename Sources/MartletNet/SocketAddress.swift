internal import CLinux
internal import Glibc

/// Where a socket listens or connects to.
package enum SocketAddress: Hashable, Sendable {
  /// `bytes` in network order (4), `port` in host order.
  case v4([UInt8], port: UInt16)
  /// `bytes` in network order (16), `port` in host order; `scope` for link-local addresses.
  case v6([UInt8], port: UInt16, scope: UInt32)
  /// A Unix socket's path; empty for an unnamed client.
  case unix(String)
  /// The other end of an in-memory pipe.
  case pipe

  /// A numeric host: `127.0.0.1`, `::1`, `0.0.0.0`, `::`, `fe80::1%eth0`.
  package init(host: String, port: UInt16) throws(NetError) {
    // C would see an address that ends there.
    guard !host.utf8.contains(0) else { throw .invalidAddress(host) }
    var v4 = in_addr()
    var v6 = in6_addr()
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, inet_pton(AF_INET6, String(parts[0]), &v6) == 1 {
      let scope = UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
      guard scope != 0 else { throw .invalidAddress(host) }
      self = .v6(withUnsafeBytes(of: v6) { Array($0) }, port: port, scope: scope)
    } else if inet_pton(AF_INET, host, &v4) == 1 {
      self = .v4(withUnsafeBytes(of: v4) { Array($0) }, port: port)
    } else if inet_pton(AF_INET6, host, &v6) == 1 {
      self = .v6(withUnsafeBytes(of: v6) { Array($0) }, port: port, scope: 0)
    } else {
      throw .invalidAddress(host)
    }
  }

  /// Whether the system knows IPv6.
  package static var hasIPv6: Bool {
    let probe = martlet_stream_socket(AF_INET6)
    guard probe >= 0 else { return false }
    close(probe)
    return true
  }

  /// An IP address of 4 or 16 bytes in network order; nil for any other length.
  init?(bytes: [UInt8], port: UInt16) {
    switch bytes.count {
    case 4: self = .v4(bytes, port: port)
    case 16: self = .v6(bytes, port: port, scope: 0)
    default: return nil
    }
  }

  package static func loopback(port: UInt16) -> SocketAddress { .v4([127, 0, 0, 1], port: port) }

  /// The port; nil where there is none.
  package var port: UInt16? {
    switch self {
    case .v4(_, let port), .v6(_, let port, _): port
    case .unix, .pipe: nil
    }
  }

  /// The numeric IP address without port or brackets; the path of a Unix socket.
  package var host: String {
    switch self {
    case .v4(let bytes, _): Self.text(AF_INET, bytes)
    case .v6(let bytes, _, _): Self.text(AF_INET6, bytes)
    case .unix(let path): path
    case .pipe: "pipe"
    }
  }

  /// The IP address in network order; nil where there is none.
  var ipBytes: [UInt8]? {
    switch self {
    case .v4(let bytes, _), .v6(let bytes, _, _): bytes
    case .unix, .pipe: nil
    }
  }

  var family: Int32 {
    switch self {
    case .v4: AF_INET
    case .v6: AF_INET6
    case .unix, .pipe: AF_UNIX
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:50051`, `[::1]:50051`, `unix:/run/martlet.sock`, `pipe`.
  package var description: String {
    switch self {
    case .v4(let bytes, let port): "\(Self.text(AF_INET, bytes)):\(port)"
    case .v6(let bytes, let port, _): "[\(Self.text(AF_INET6, bytes))]:\(port)"
    case .unix(let path): "unix:\(path)"
    case .pipe: "pipe"
    }
  }

  private static func text(_ family: Int32, _ bytes: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

// MARK: The kernel's form

extension SocketAddress {
  private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

  /// The IPv4 address that an IPv4-mapped one (RFC 4291, 2.5.5.2) stands for; any other itself.
  ///
  /// An IPv4 peer of a dual-stack socket is one IPv4 peer, not a new kind, and not in one /64 with
  /// all the others.
  var unmapped: SocketAddress {
    guard case .v6(let bytes, let port, _) = self, bytes.starts(with: Self.mappedPrefix) else {
      return self
    }
    return .v4(Array(bytes[12...]), port: port)
  }

  /// Reads what the kernel filled in; nil for a family that we do not speak.
  init?(_ storage: inout sockaddr_storage) {
    let address: SocketAddress? = withUnsafeBytes(of: &storage) { raw in
      switch Int32(raw.loadUnaligned(as: sa_family_t.self)) {
      case AF_INET:
        let v4 = raw.loadUnaligned(as: sockaddr_in.self)
        return .v4(
          withUnsafeBytes(of: v4.sin_addr) { Array($0) },
          port: UInt16(bigEndian: v4.sin_port)
        )
      case AF_INET6:
        let v6 = raw.loadUnaligned(as: sockaddr_in6.self)
        let bytes = withUnsafeBytes(of: v6.sin6_addr) { Array($0) }
        let port = UInt16(bigEndian: v6.sin6_port)
        return SocketAddress.v6(bytes, port: port, scope: v6.sin6_scope_id).unmapped
      case AF_UNIX:
        let path = raw.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
        return .unix(String(decoding: path, as: UTF8.self))
      default:
        return nil
      }
    }
    guard let address else { return nil }
    self = address
  }

  /// Hands `body` the address as bind() and connect() take it.
  func withKernelForm<R>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) throws(NetError) -> R {
    var storage = sockaddr_storage()
    let length = try fill(&storage)
    return withUnsafePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  private func fill(_ storage: inout sockaddr_storage) throws(NetError) -> socklen_t {
    switch self {
    case .v4(let bytes, let port):
      guard bytes.count == 4 else { throw .invalidAddress(description) }
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &v4.sin_addr) { $0.copyBytes(from: bytes) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v4, as: sockaddr_in.self) }
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    case .v6(let bytes, let port, let scope):
      guard bytes.count == 16 else { throw .invalidAddress(description) }
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      v6.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &v6.sin6_addr) { $0.copyBytes(from: bytes) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v6, as: sockaddr_in6.self) }
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .unix(let path):
      // sockaddr_un: the family, then 108 bytes of path with its final zero.
      let bytes = Array(path.utf8)
      guard !bytes.isEmpty, bytes.count < 108, !bytes.contains(0) else {
        throw .invalidAddress(description)
      }
      storage.ss_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &storage) { raw in
        UnsafeMutableRawBufferPointer(rebasing: raw[MemoryLayout<sa_family_t>.size...])
          .copyBytes(from: bytes)
      }
      return socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + 1)
    case .pipe:
      throw .invalidAddress(description)
    }
  }
}

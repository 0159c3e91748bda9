package import MartletNet

/// Where one server listens: an IP address with a port, or a Unix socket.
///
/// Unlike a host name it needs no look-up.
public struct Endpoint: Sendable, Hashable {
  let address: MartletNet.SocketAddress

  package init(_ address: MartletNet.SocketAddress) {
    self.address = address
  }

  /// An IP address and a TCP port.
  ///
  /// - Parameters:
  ///   - host: a numeric IPv4 or IPv6 address, without brackets.
  ///   - port: the TCP port.
  /// - Throws: `RPCError` INVALID_ARGUMENT when either is none.
  public init(ip host: String, port: Int) throws(RPCError) {
    guard let port = UInt16(exactly: port), let address = try? SocketAddress(host: host, port: port)
    else { throw RPCError(.invalidArgument, "no IP address and port: '\(host)', \(port)") }
    self.init(address)
  }

  /// A Unix socket.
  ///
  /// - Parameter path: the socket's path, at most 107 bytes.
  /// - Throws: `RPCError` INVALID_ARGUMENT when no socket can have that path.
  public init(unixPath path: String) throws(RPCError) {
    guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else {
      throw RPCError(.invalidArgument, "no path of a Unix socket: '\(path)'")
    }
    self.init(.unix(path))
  }

  private typealias SocketAddress = MartletNet.SocketAddress
}

extension Endpoint: CustomStringConvertible {
  /// `127.0.0.1:50051`, `[::1]:50051`, `unix:/run/martlet.sock`.
  public var description: String { address.description }
}

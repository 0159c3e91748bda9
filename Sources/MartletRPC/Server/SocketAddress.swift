internal import MartletNet

/// An address that a server is bound to.
public struct SocketAddress: Sendable, Hashable {
  /// The numeric IP address, without brackets; the path of a Unix socket.
  public let host: String
  /// The TCP port; 0 for a Unix socket.
  public let port: Int
  /// The path of a Unix socket; nil for TCP.
  public let unixPath: String?

  /// Names a TCP address.
  ///
  /// - Parameters:
  ///   - host: a numeric IP address, without brackets.
  ///   - port: the TCP port.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
    unixPath = nil
  }

  /// Names a Unix socket.
  ///
  /// - Parameter unixPath: the path of its file.
  public init(unixPath: String) {
    host = unixPath
    port = 0
    self.unixPath = unixPath
  }

  init(_ address: MartletNet.SocketAddress) {
    if case .unix(let path) = address {
      self.init(unixPath: path)
    } else {
      self.init(host: address.host, port: Int(address.port ?? 0))
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:8443`, `[::1]:8443`, `unix:/run/martlet.sock`.
  public var description: String {
    if let unixPath { return "unix:\(unixPath)" }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

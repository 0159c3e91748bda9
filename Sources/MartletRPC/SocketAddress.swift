/// An IP address and a port that a server is bound to.
public struct SocketAddress: Sendable, Hashable {
  /// The numeric IP address, without brackets.
  public let host: String
  /// The TCP port.
  public let port: Int

  /// Names an address.
  ///
  /// - Parameters:
  ///   - host: a numeric IP address, without brackets.
  ///   - port: the TCP port.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:8443`, or `[::1]:8443`.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

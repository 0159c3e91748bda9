internal import Glibc

/// What goes wrong between this process and a peer, below HTTP/2.
package enum NetError: Error, Equatable, Sendable {
  /// A system call failed with this `errno`.
  case systemCall(name: String, code: Int32)
  /// TLS: a bad file, a failed handshake, a certificate that does not verify.
  case tls(String)
  /// An address or a host name that means nothing.
  case invalidAddress(String)
  /// The resolver knows no such host.
  case unknownHost(String)
  /// The named step took longer than its limit.
  case timeout(String)
  /// The named limit was met.
  case limit(String)
  /// The peer closed, or cut, the connection.
  case closedByPeer
  /// The loop was stopped, or the pool was shut down.
  case stopped
}

extension NetError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .systemCall(let name, let code):
      "\(name): \(String(cString: strerror(code))) (errno \(code))"
    case .tls(let reason): "TLS: \(reason)"
    case .invalidAddress(let text): "invalid address: \(text)"
    case .unknownHost(let reason): "cannot resolve host: \(reason)"
    case .timeout(let step): "timed out: \(step)"
    case .limit(let name): "limit reached: \(name)"
    case .closedByPeer: "connection closed by peer"
    case .stopped: "stopped"
    }
  }
}

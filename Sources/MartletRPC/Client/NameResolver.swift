internal import MartletNet

/// Finds the addresses of a channel's server.
///
/// The library has resolvers for DNS, lists and Unix sockets; an app brings its own for a registry
/// of services.
///
/// A channel asks when it first connects, and again, not more often than
/// `ChannelConfiguration.minResolutionInterval`, when a connection fails or is sent away.
public protocol NameResolver: Sendable {
  /// Finds the addresses.
  ///
  /// It is cancelled when the channel is closed or has waited for longer than `connectTimeout`.
  ///
  /// - Returns: the addresses, those to try first in front.
  /// - Throws: whatever explains the failure; the channel goes on with the addresses that it has.
  func resolve() async throws -> NameResolution
}

/// What a resolver has found.
public struct NameResolution: Sendable, Hashable {
  /// The addresses, those to try first in front; those over `ClientLimits.maxEndpoints` are left
  /// out.
  public var endpoints: [Endpoint]
  /// When to ask again though no connection failed; nil for never.
  public var refreshAfter: Duration?

  /// Creates a result.
  ///
  /// - Parameters:
  ///   - endpoints: the addresses, those to try first in front.
  ///   - refreshAfter: when to ask again though no connection failed; nil for never.
  public init(_ endpoints: [Endpoint], refreshAfter: Duration? = nil) {
    self.endpoints = endpoints
    self.refreshAfter = refreshAfter
  }
}

/// Addresses that never change.
struct FixedResolver: NameResolver {
  let endpoints: [Endpoint]

  func resolve() async throws -> NameResolution { NameResolution(endpoints) }
}

/// The system's resolver: `/etc/hosts`, DNS, and what else it is set up to ask.
struct DNSResolver: NameResolver {
  let host: String
  let port: Int

  func resolve() async throws -> NameResolution {
    guard let port = UInt16(exactly: port) else { throw NetError.invalidAddress("port \(port)") }
    let addresses = try await Resolver.resolve(host: host, port: port)
    return NameResolution(Self.interleaved(addresses.map(Endpoint.init)))
  }

  /// Takes IPv6 and IPv4 in turns, beginning with the system's first choice, so that a family
  /// without a route costs one delay and not one for each of its addresses (RFC 8305, section 4).
  static func interleaved(_ endpoints: [Endpoint]) -> [Endpoint] {
    guard let first = endpoints.first else { return [] }
    let leading = endpoints.filter { $0.isIPv6 == first.isIPv6 }
    let other = endpoints.filter { $0.isIPv6 != first.isIPv6 }
    var result: [Endpoint] = []
    for index in 0..<max(leading.count, other.count) {
      if index < leading.count { result.append(leading[index]) }
      if index < other.count { result.append(other[index]) }
    }
    return result
  }
}

extension Endpoint {
  fileprivate var isIPv6: Bool {
    if case .v6 = address { return true }
    return false
  }
}

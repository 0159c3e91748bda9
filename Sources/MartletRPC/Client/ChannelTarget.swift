/// Where a channel connects to: a name, addresses, a Unix socket, or what an app's resolver finds.
public struct ChannelTarget: Sendable {
  /// What stands in HTTP/2's `:authority` unless a call overrides it: `api.example.com:443`.
  public var authority: String
  /// The name that the server's certificate must bear, unless the configuration names one.
  var serverName: String
  let resolver: any NameResolver

  /// A host name or IP address, and a TCP port.
  ///
  /// - Parameters:
  ///   - host: a name that the system can resolve, or a numeric address without brackets.
  ///   - port: the TCP port.
  /// - Returns: the target.
  public static func host(_ host: String, port: Int) -> ChannelTarget {
    ChannelTarget(
      authority: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)",
      serverName: host,
      resolver: DNSResolver(host: host, port: port)
    )
  }

  /// Servers at fixed addresses.
  ///
  /// - Parameters:
  ///   - endpoints: the addresses, in the order in which to try them.
  ///   - authority: what the servers are called, as `host` or `host:port`; it is also, without the
  ///     port, the name that their certificates must bear.
  /// - Returns: the target.
  public static func endpoints(
    _ endpoints: [Endpoint],
    authority: String = "localhost"
  ) -> ChannelTarget {
    .resolver(FixedResolver(endpoints: endpoints), authority: authority)
  }

  /// A server at a Unix socket of this machine.
  ///
  /// - Parameters:
  ///   - path: the socket's path, at most 107 bytes.
  ///   - authority: what the server is called.
  /// - Returns: the target.
  /// - Throws: `RPCError` INVALID_ARGUMENT when no socket can have that path.
  public static func unix(
    _ path: String,
    authority: String = "localhost"
  ) throws(RPCError) -> ChannelTarget {
    .endpoints([try Endpoint(unixPath: path)], authority: authority)
  }

  /// Servers that a resolver of the app finds.
  ///
  /// - Parameters:
  ///   - resolver: the resolver.
  ///   - authority: what the servers are called, as `host` or `host:port`; it is also, without the
  ///     port, the name that their certificates must bear.
  /// - Returns: the target.
  public static func resolver(_ resolver: any NameResolver, authority: String) -> ChannelTarget {
    ChannelTarget(
      authority: authority,
      serverName: hostAndPort(authority)?.host ?? authority,
      resolver: resolver
    )
  }

  /// Reads a target as gRPC writes it.
  ///
  /// `host:port`, `dns:///host:port`, `dns:host:port`, `unix:path`, `unix:///path`,
  /// `ipv4:10.0.0.1:50051,10.0.0.2:50051`, `ipv6:[2001:db8::1]:50051,…`; a port that is left out is
  /// 443. See <https://github.com/grpc/grpc/blob/master/doc/naming.md>.
  ///
  /// - Parameter text: the target.
  /// - Throws: `RPCError` INVALID_ARGUMENT when it is none of these.
  public init(_ text: String) throws(RPCError) {
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    let rest = String(text[colon...].dropFirst())
    switch text[..<colon] {
    case "dns": self = try .named(rest)
    case "unix": self = try .unix(rest.hasPrefix("//") ? String(rest.dropFirst(2)) : rest)
    case "ipv4", "ipv6": self = try .listed(rest)
    default: self = try .named(text)
    }
  }
}

extension ChannelTarget {
  private init(authority: String, serverName: String, resolver: any NameResolver) {
    self.authority = authority
    self.serverName = serverName
    self.resolver = resolver
  }

  private static let defaultPort = 443

  private static func named(_ text: String) throws(RPCError) -> ChannelTarget {
    let name = text.hasPrefix("//") ? text.dropFirst(2).drop { $0 != "/" }.dropFirst() : text[...]
    guard let (host, port) = hostAndPort(String(name)) else {
      throw RPCError(.invalidArgument, "no target: '\(text)'")
    }
    return .host(host, port: port)
  }

  private static func listed(_ text: String) throws(RPCError) -> ChannelTarget {
    var endpoints: [Endpoint] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let (host, port) = hostAndPort(String(part)) else {
        throw RPCError(.invalidArgument, "no address: '\(part)'")
      }
      endpoints.append(try Endpoint(ip: host, port: port))
    }
    return .endpoints(endpoints, authority: String(text.prefix { $0 != "," }))
  }

  /// Splits `host:port`, `[v6]:port`, `host` or a bare IPv6 address.
  private static func hostAndPort(_ text: String) -> (host: String, port: Int)? {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[end...].dropFirst()
      if rest.isEmpty { return (host, defaultPort) }
      guard rest.first == ":", let port = port(rest.dropFirst()), !host.isEmpty else { return nil }
      return (host, port)
    }
    guard !text.isEmpty, !text.contains("/") else { return nil }
    guard let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") else {
      return (text, defaultPort)
    }
    guard let port = port(text[colon...].dropFirst()), colon > text.startIndex else { return nil }
    return (String(text[..<colon]), port)
  }

  private static func port(_ text: Substring) -> Int? {
    UInt16(text).map(Int.init)
  }
}

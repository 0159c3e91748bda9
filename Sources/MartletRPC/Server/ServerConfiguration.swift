/// Where a server listens and how.
public struct ServerConfiguration: Sendable {
  /// The addresses to listen on, each with its own protection; `Server.start()` binds them all.
  ///
  /// Without any, only `Channel(inProcess:)` reaches the server.
  public var listeners: [Listener]
  /// How many event loops, each a thread with its own listening sockets.
  ///
  /// One a core is right; one suits tests.
  public var loops: Int
  /// What is bounded, and where.
  public var limits = ServerLimits()
  /// What is compressed, and what is taken compressed.
  public var compression = ServerCompression()
  /// Called with whatever a handler threw that is neither `RPCError` nor `RPCErrorConvertible`,
  /// and the method's path: the caller learns only UNKNOWN, so this is where such errors are
  /// logged.
  ///
  /// It runs on the loop and must not block.
  public var onUnexpectedError: (@Sendable (_ error: any Error, _ method: String) -> Void)?

  /// Called while `Server.shutdown` waits for handlers that do not return although their calls have
  /// been cut: a second after that, two seconds later, four, and so on; nil to have a line written
  /// to standard error.
  ///
  /// It runs on a loop and must not block.
  public var onLateHandlers: (@Sendable (LateHandlers) -> Void)?

  /// Creates a configuration for one TCP address.
  ///
  /// - Parameters:
  ///   - host: the IP address to listen on; `*` for all, IPv4 and IPv6.
  ///   - port: the TCP port; 0 for one that the system chooses.
  ///   - tls: TLS; nil serves plaintext.
  ///   - loops: how many event loops.
  public init(host: String = "127.0.0.1", port: Int = 0, tls: TLS? = nil, loops: Int = 1) {
    self.init(listeners: [Listener(.tcp(host: host, port: port), tls: tls)], loops: loops)
  }

  /// Creates a configuration for any addresses.
  ///
  /// - Parameters:
  ///   - listeners: the addresses to listen on.
  ///   - loops: how many event loops.
  public init(listeners: [Listener], loops: Int = 1) {
    self.listeners = listeners
    self.loops = loops
  }
}

extension ServerConfiguration {
  /// One address that a server listens on.
  public struct Listener: Sendable {
    /// Where.
    public var address: Address
    /// TLS; nil serves plaintext HTTP/2.
    public var tls: TLS?
    /// Behind a load balancer that sends it: every connection must begin with a PROXY header, which
    /// says who the client is.
    ///
    /// Nil expects none. Never set it where clients connect directly: they could claim any address.
    public var proxyProtocol: ProxyProtocol?

    /// Creates a listener.
    ///
    /// - Parameters:
    ///   - address: where.
    ///   - tls: TLS; nil serves plaintext.
    ///   - proxyProtocol: whether a load balancer's header comes first.
    public init(_ address: Address, tls: TLS? = nil, proxyProtocol: ProxyProtocol? = nil) {
      self.address = address
      self.tls = tls
      self.proxyProtocol = proxyProtocol
    }
  }

  /// An address to listen on.
  public enum Address: Sendable, Hashable {
    /// A numeric IP address, or `*` for all of the machine, IPv4 and IPv6; the port 0 stands for one
    /// that the system chooses.
    case tcp(host: String, port: Int)
    /// A Unix-domain socket.
    ///
    /// Its file gets `permissions`; who may write to it may connect. One that a dead server left
    /// behind is replaced, and ours is removed when the server stops.
    case unix(path: String, permissions: UInt32 = 0o600)
  }

  /// The PROXY protocol, version 2 or 1, in front of TLS
  /// (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>).
  public struct ProxyProtocol: Sendable, Hashable {
    /// Where the load balancers are, such as `10.0.0.0/8`; a connection from elsewhere is closed.
    ///
    /// Nil trusts whoever can connect.
    public var trustedNetworks: [String]?

    /// Expects a header.
    ///
    /// - Parameter trustedNetworks: where the load balancers are, in CIDR notation.
    public init(trustedNetworks: [String]? = nil) {
      self.trustedNetworks = trustedNetworks
    }
  }
}

/// The first listener, as most servers have one.
extension ServerConfiguration {
  /// The IP address of the first listener, such as `127.0.0.1`, `::` or `*`; a Unix socket's path.
  public var host: String {
    get {
      switch first.address {
      case .tcp(let host, _): host
      case .unix(let path, _): path
      }
    }
    set { first.address = .tcp(host: newValue, port: port) }
  }

  /// The first listener's TCP port; 0 for one that the system chooses.
  public var port: Int {
    get { if case .tcp(_, let port) = first.address { port } else { 0 } }
    set { first.address = .tcp(host: host, port: newValue) }
  }

  /// The first listener's TLS; nil serves plaintext HTTP/2.
  public var tls: TLS? {
    get { first.tls }
    set { first.tls = newValue }
  }

  private var first: Listener {
    get { listeners.first ?? Listener(.tcp(host: "127.0.0.1", port: 0)) }
    set { if listeners.isEmpty { listeners = [newValue] } else { listeners[0] = newValue } }
  }
}

/// Handlers of one method that ignore that their calls were cancelled, and hold up a shutdown.
public struct LateHandlers: Sendable, Hashable, CustomStringConvertible {
  /// The method's path: `/martlet.v1.LiveService/Watch`.
  public let method: String
  /// How many of its handlers, on one event loop, have not returned.
  public let count: Int
  /// How long ago their calls were cut.
  public let waited: Duration

  /// What to tell an operator.
  public var description: String {
    """
    shutting down waits for \(count) \(count == 1 ? "handler" : "handlers") of \(method), \
    cancelled \(waited) ago
    """
  }
}

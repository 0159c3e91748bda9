/// How a channel connects.
public struct ChannelConfiguration: Sendable {
  /// Whom a client believes.
  public enum Trust: Sendable, Hashable {
    /// The roots that the system trusts.
    case system
    /// The certificates in a PEM file, and no others.
    case pemFile(String)
    /// The same, as the bytes of such a file.
    case pem([UInt8])
    /// Nobody but a server with one of `ClientTLS.pinnedKeys`, whatever its certificate says.
    case pinnedKeysOnly
  }

  /// What protects the connection.
  public enum Security: Sendable, Hashable {
    /// Nothing: plaintext HTTP/2.
    case plaintext
    /// TLS.
    case tls(ClientTLS)

    /// TLS.
    ///
    /// The certificate must be signed by one that is trusted, for `serverName`, or for the
    /// target's host when that is nil.
    ///
    /// - Parameters:
    ///   - trust: whom the client believes.
    ///   - serverName: the name that the certificate must bear; nil for the target's host.
    /// - Returns: TLS without a certificate of the client's own.
    public static func tls(trust: Trust, serverName: String? = nil) -> Security {
      .tls(ClientTLS(trust: trust, serverName: serverName))
    }
  }

  /// How long to wait before connecting again, after the spec at
  /// <https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md>.
  public struct Backoff: Sendable, Hashable {
    /// The wait after the first failure.
    public var initial: Duration = .seconds(1)
    /// How much longer each next wait is.
    public var multiplier = 1.6
    /// The longest wait, before jitter.
    public var maximum: Duration = .seconds(120)
    /// How far a wait may lie from its value, as a fraction of it, so that clients do not return
    /// all at once.
    public var jitter = 0.2

    /// Creates the backoff that gRPC prescribes.
    public init() {}
  }

  /// How calls spread over a server's addresses.
  public enum LoadBalancing: Sendable, Hashable {
    /// All calls to the first address that answers.
    case pickFirst
    /// A connection to each address, and calls to those that are ready in turns.
    case roundRobin
  }

  /// What protects the connection.
  public var security: Security
  /// How calls spread over the server's addresses.
  public var loadBalancing = LoadBalancing.pickFirst
  /// The waits between attempts to connect.
  public var backoff = Backoff()
  /// How long one attempt to connect to one address may take, TLS and HTTP/2's first frames
  /// included, and how long a look-up of the name.
  public var connectTimeout: Duration = .seconds(20)
  /// With `pickFirst`, how long an address may take to answer before the next one is tried beside
  /// it (RFC 8305, section 8).
  public var connectionAttemptDelay: Duration = .milliseconds(250)
  /// How long to wait between two look-ups of the name, at least.
  public var minResolutionInterval: Duration = .seconds(30)
  /// How long the channel may be without a call before it closes its connections, until the next
  /// call; nil for ever.
  public var idleTimeout: Duration? = .seconds(1_800)
  /// How long the connection may be silent before the server is asked for a sign of life (PING);
  /// nil for never.
  ///
  /// With it a dead connection is noticed within this interval and `keepaliveTimeout` of the last
  /// byte that came. It is off unless asked for, because stock gRPC servers send a client away that
  /// asks more often than every five minutes; a channel that is sent away for it
  /// (`too_many_pings`) doubles its interval.
  public var keepaliveInterval: Duration?
  /// Whether the server is asked also while no call is open.
  public var keepaliveWithoutCalls = false
  /// With a call open, how long the server may say nothing while it owes an answer before it is asked
  /// for a sign of life (PING); nil for never.
  ///
  /// With it a connection that dies while an answer is awaited is noticed within this time and
  /// `keepaliveTimeout`, also without `keepaliveInterval`. It asks so seldom that stock servers
  /// bear it: again only when five and a half minutes have passed, or something has come for a call.
  /// So often it asks with a call open that nobody owes an answer, too.
  public var stallTimeout: Duration? = .seconds(20)
  /// How long the answer may take before the connection counts as dead and its calls fail with
  /// UNAVAILABLE.
  public var keepaliveTimeout: Duration = .seconds(10)
  /// Which calls are made again when they fail, and how.
  public var retries = RetryConfiguration()
  /// What proves who makes the calls, unless a call brings its own; over TLS only.
  public var credentials: (any CallCredentials)?
  /// What goes before `martlet/…` in `user-agent`, such as an app's name and version; printable
  /// ASCII.
  public var userAgent: String?
  /// What runs around every call, the first outermost.
  public var interceptors: [any ClientInterceptor] = []
  /// What is compressed, and what is taken compressed.
  public var compression = ChannelCompression()
  /// What is bounded, and where.
  public var limits = ClientLimits()

  /// Creates a configuration.
  ///
  /// - Parameter security: what protects the connection.
  public init(security: Security = .tls(trust: .system)) {
    self.security = security
  }
}

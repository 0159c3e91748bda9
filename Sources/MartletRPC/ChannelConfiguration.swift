/// Where a channel connects to.
public enum ChannelTarget: Sendable, Hashable {
  /// A host name or IP address, and a TCP port.
  case host(String, port: Int)
}

/// How a channel connects.
public struct ChannelConfiguration: Sendable {
  /// Whom a client believes.
  public enum Trust: Sendable, Hashable {
    /// The roots that the system trusts.
    case system
    /// The certificates in a PEM file, and no others.
    case pemFile(String)
  }

  /// What protects the connection.
  public enum Security: Sendable, Hashable {
    /// Nothing: plaintext HTTP/2.
    case plaintext
    /// TLS.
    ///
    /// The certificate must be signed by one that is trusted, for `serverName`, or for the
    /// target's host when that is nil.
    case tls(trust: Trust, serverName: String? = nil)
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

  /// What protects the connection.
  public var security: Security
  /// The waits between attempts to connect.
  public var backoff = Backoff()
  /// How long one attempt to connect may take, TLS and HTTP/2's first frames included.
  public var connectTimeout: Duration = .seconds(20)
  /// How long the connection may be silent before the server is asked for a sign of life (PING);
  /// nil for never.
  ///
  /// With it a dead connection is noticed within this interval and `keepaliveTimeout`. It is off
  /// unless asked for, because stock gRPC servers send a client away that asks more often than
  /// every five minutes.
  public var keepaliveInterval: Duration?
  /// How long the answer may take before the connection counts as dead and its calls fail with
  /// UNAVAILABLE.
  public var keepaliveTimeout: Duration = .seconds(10)
  /// What goes before `martlet/…` in `user-agent`, such as an app's name and version; printable
  /// ASCII.
  public var userAgent: String?
  /// What is bounded, and where.
  public var limits = ClientLimits()

  /// Creates a configuration.
  ///
  /// - Parameter security: what protects the connection.
  public init(security: Security = .tls(trust: .system)) {
    self.security = security
  }
}

/// What a caller chooses for one call.
public struct CallOptions: Sendable {
  /// The metadata to send.
  public var metadata: Metadata
  /// How long the call may take in all; it fails with DEADLINE_EXCEEDED then, and the server is
  /// told to stop.
  ///
  /// Nil for no limit.
  public var timeout: Duration?
  /// Whether to wait for a connection, as long as the timeout allows, where the call would
  /// otherwise fail at once with UNAVAILABLE.
  public var waitForReady: Bool

  /// Creates options.
  ///
  /// - Parameters:
  ///   - metadata: the metadata to send.
  ///   - timeout: how long the call may take in all; nil for no limit.
  ///   - waitForReady: whether to wait for a connection rather than fail at once.
  public init(metadata: Metadata = Metadata(), timeout: Duration? = nil, waitForReady: Bool = false)
  {
    self.metadata = metadata
    self.timeout = timeout
    self.waitForReady = waitForReady
  }
}

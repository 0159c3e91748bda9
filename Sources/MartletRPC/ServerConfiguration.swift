/// Where a server listens and how.
public struct ServerConfiguration: Sendable {
  /// The certificate that a server shows.
  public struct TLS: Sendable {
    /// A PEM file with the server's certificate, then those that lead to the root.
    public var certificateChainFile: String
    /// A PEM file with its private key.
    public var privateKeyFile: String

    /// Creates a TLS configuration; `Server.start()` reads the files.
    ///
    /// - Parameters:
    ///   - certificateChainFile: a PEM file with the server's certificate, then those that lead to
    ///     the root.
    ///   - privateKeyFile: a PEM file with its private key.
    public init(certificateChainFile: String, privateKeyFile: String) {
      self.certificateChainFile = certificateChainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// The IP address to listen on, such as `127.0.0.1` or `::`.
  public var host: String
  /// The TCP port; 0 for one that the system chooses.
  public var port: Int
  /// TLS; nil serves plaintext HTTP/2.
  public var tls: TLS?
  /// How many event loops, each a thread with its own listening socket.
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

  /// Creates a configuration.
  ///
  /// - Parameters:
  ///   - host: the IP address to listen on.
  ///   - port: the TCP port; 0 for one that the system chooses.
  ///   - tls: TLS; nil serves plaintext.
  ///   - loops: how many event loops.
  public init(host: String = "127.0.0.1", port: Int = 0, tls: TLS? = nil, loops: Int = 1) {
    self.host = host
    self.port = port
    self.tls = tls
    self.loops = loops
  }
}

internal import MartletNet

/// How a channel uses TLS: whom it believes, and who it is.
public struct ClientTLS: Sendable, Hashable {
  /// A certificate of the client's own, for servers that ask (mutual TLS).
  public struct Certificate: Sendable, Hashable {
    /// PEM: the client's certificate, then the intermediate ones.
    public var chainFile: String
    /// PEM: the private key, not encrypted.
    public var privateKeyFile: String

    /// Names the files.
    ///
    /// - Parameters:
    ///   - chainFile: PEM: the client's certificate, then the intermediate ones.
    ///   - privateKeyFile: PEM: the private key, not encrypted.
    public init(chainFile: String, privateKeyFile: String) {
      self.chainFile = chainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// Whom the client believes.
  public var trust: ChannelConfiguration.Trust
  /// The name that the server's certificate must bear; nil for the target's host.
  public var serverName: String?
  /// SHA-256 digests (32 bytes) of public keys in DER form, SubjectPublicKeyInfo
  /// (RFC 7469, section 2.4).
  ///
  /// Unless empty, a certificate of the server's verified chain must have one of these keys. Pin a
  /// key that is not in use yet besides, or the app cannot connect after the next change of keys.
  public var pinnedKeys: Set<[UInt8]> = []
  /// The client's own certificate; nil for none.
  public var certificate: Certificate?
  /// Whether TLS 1.2 is refused.
  public var requiresTLS13 = false

  /// Creates a configuration.
  ///
  /// - Parameters:
  ///   - trust: whom the client believes.
  ///   - serverName: the name that the server's certificate must bear; nil for the target's host.
  public init(trust: ChannelConfiguration.Trust = .system, serverName: String? = nil) {
    self.trust = trust
    self.serverName = serverName
  }
}

extension TLSClientConfiguration {
  init(_ tls: ClientTLS) {
    switch tls.trust {
    case .system: self.init(trustRoots: .system)
    case .pemFile(let path): self.init(trustRoots: .file(path))
    case .pem(let bytes): self.init(trustRoots: .pem(bytes))
    case .pinnedKeysOnly: self.init(trustRoots: .pinnedKeysOnly)
    }
    pinnedKeys = tls.pinnedKeys
    certificateChainFile = tls.certificate?.chainFile
    privateKeyFile = tls.certificate?.privateKeyFile
    if tls.requiresTLS13 { minimumVersion = .v1_3 }
  }
}

internal import MartletNet

extension ServerConfiguration {
  /// Who a server is, and whom it lets in: TLS 1.2 and 1.3 with the ciphers that are still good.
  public struct TLS: Sendable {
    /// A certificate and its key.
    public struct Certificate: Sendable, Hashable {
      /// A PEM file with the server's certificate, then those that lead to the root.
      public var chainFile: String
      /// A PEM file with its private key, not encrypted.
      public var privateKeyFile: String

      /// Names the files; `Server.start()` reads them.
      ///
      /// - Parameters:
      ///   - chainFile: a PEM file with the certificate, then those that lead to the root.
      ///   - privateKeyFile: a PEM file with its private key.
      public init(chainFile: String, privateKeyFile: String) {
        self.chainFile = chainFile
        self.privateKeyFile = privateKeyFile
      }
    }

    /// Whether clients show certificates (mutual TLS).
    ///
    /// `ServerCall.peerIdentity` has what a client's certificate says.
    public enum ClientCertificates: Sendable, Hashable {
      /// They are not asked.
      case off
      /// They are asked; one that shows none is let in, one whose certificate no authority in the PEM
      /// file vouches for is not.
      case request(rootsFile: String)
      /// One that shows none is refused as well.
      case require(rootsFile: String)
    }

    /// The oldest version of TLS that is spoken.
    public enum Version: Sendable, Hashable {
      /// TLS 1.2 (RFC 5246), with forward secrecy and authenticated ciphers only.
      case v1_2
      /// TLS 1.3 (RFC 8446).
      case v1_3
    }

    /// The certificates, at least one.
    ///
    /// A client gets those that bear the name it asks for (`*.` names included), and one of several
    /// for a name by the algorithms it knows, so ECDSA and RSA may stand side by side. One that asks
    /// for no name, or an unknown one, gets the first.
    public var certificates: [Certificate]
    /// Whether clients show certificates.
    public var clientCertificates = ClientCertificates.off
    /// A PEM file with the lists (CRLs) of what the clients' authorities have revoked.
    ///
    /// With it, a client's certificate whose issuer has no list in the file is refused. The authorities
    /// between it and the root are looked up as well, where the file has a list for them.
    public var revocationListsFile: String?
    /// How many intermediate certificates may stand between a client's and a root.
    public var maxVerificationDepth = 4
    /// The oldest version that is spoken.
    public var minimumVersion = Version.v1_2
    /// How long after a full handshake a client may come back without one, unless its certificate
    /// expires before.
    public var sessionTicketLifetime: Duration = .seconds(4 * 3_600)
    /// How often the files are looked at; when one has changed all are read again, and new
    /// connections get the new certificates.
    ///
    /// Nil for never: then `Server.reloadCertificates()` does it.
    public var reloadInterval: Duration? = .seconds(60)
    /// Called after the files have changed, with what came of it; when they cannot be used, the
    /// certificates from before stay in use.
    ///
    /// It runs on no event loop, and should not block for long.
    public var onReload: (@Sendable (Result<Void, RPCError>) -> Void)?

    /// Creates a TLS configuration; `Server.start()` reads the files.
    ///
    /// - Parameter certificates: the certificates, the default first.
    public init(certificates: [Certificate]) {
      self.certificates = certificates
    }

    /// Creates a TLS configuration with one certificate.
    ///
    /// - Parameters:
    ///   - certificateChainFile: a PEM file with the server's certificate, then those that lead to
    ///     the root.
    ///   - privateKeyFile: a PEM file with its private key.
    public init(certificateChainFile: String, privateKeyFile: String) {
      self.init(
        certificates: [
          Certificate(chainFile: certificateChainFile, privateKeyFile: privateKeyFile)
        ]
      )
    }
  }
}

extension ServerConfiguration.TLS {
  /// The PEM file of the first certificate and those that lead to its root.
  public var certificateChainFile: String {
    get { certificates.first?.chainFile ?? "" }
    set { first.chainFile = newValue }
  }

  /// The PEM file of the first certificate's private key.
  public var privateKeyFile: String {
    get { certificates.first?.privateKeyFile ?? "" }
    set { first.privateKeyFile = newValue }
  }

  private var first: Certificate {
    get { certificates.first ?? Certificate(chainFile: "", privateKeyFile: "") }
    set {
      if certificates.isEmpty { certificates = [newValue] } else { certificates[0] = newValue }
    }
  }
}

extension TLSServerConfiguration {
  init(_ tls: ServerConfiguration.TLS) {
    self.init(
      certificates: tls.certificates.map {
        Certificate(chainFile: $0.chainFile, privateKeyFile: $0.privateKeyFile)
      }
    )
    clientCertificates =
      switch tls.clientCertificates {
      case .off: .off
      case .request(let file): .request(rootsFile: file)
      case .require(let file): .require(rootsFile: file)
      }
    revocationListsFile = tls.revocationListsFile
    maxVerificationDepth = tls.maxVerificationDepth
    minimumVersion = tls.minimumVersion == .v1_3 ? .v1_3 : .v1_2
    ticketLifetime = tls.sessionTicketLifetime
  }
}

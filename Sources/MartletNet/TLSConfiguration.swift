/// The two application protocols that we negotiate (RFC 7301 names).
package enum ApplicationProtocol: String, Sendable {
  case http2 = "h2"
  case http1 = "http/1.1"
}

/// The versions of TLS that are still fit for use.
package enum TLSVersion: Sendable, Hashable {
  case v1_2
  case v1_3
}

/// A TLS server: who it is and whom it lets in.
package struct TLSServerConfiguration: Sendable, Hashable {
  /// One certificate and its key.
  package struct Certificate: Sendable, Hashable {
    /// PEM: the server's certificate, then the intermediate ones.
    package var chainFile: String
    /// PEM: the private key of the first certificate, not encrypted.
    package var privateKeyFile: String

    package init(chainFile: String, privateKeyFile: String) {
      self.chainFile = chainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// Whether clients show certificates.
  package enum ClientCertificates: Sendable, Hashable {
    /// They are not asked.
    case off
    /// They are asked; who shows none is let in, who shows one that does not verify is not.
    case request(rootsFile: String)
    /// Who shows none is refused too.
    case require(rootsFile: String)
  }

  /// The first is shown to clients that name no server, or one that we do not know.
  ///
  /// Each is for the DNS names that it bears, `*.` names included. Of several for one name a client
  /// gets one whose key's algorithm it knows, so ECDSA and RSA may stand side by side.
  package var certificates: [Certificate]
  package var clientCertificates = ClientCertificates.off
  /// PEM: what the authorities of client certificates have revoked.
  ///
  /// With it, a client certificate whose issuer has no list in the file is refused. The authorities
  /// between it and the root are looked up as well, where the file has a list for them.
  package var revocationListsFile: String?
  /// How many intermediate certificates may stand between a client's and a root.
  package var maxVerificationDepth = 4
  /// Bytes of certificates that a client may show.
  package var maxClientCertificateBytes = 32 << 10
  package var minimumVersion = TLSVersion.v1_2
  /// In order of our preference.
  ///
  /// A client that offers none of them is refused; one that sends no ALPN at all is let in, and its
  /// first bytes tell what it speaks.
  package var applicationProtocols: [ApplicationProtocol] = [.http2, .http1]
  /// How long after its full handshake a session may be resumed, unless the client's certificate
  /// expires before; the keys of its tickets live twice as long.
  package var ticketLifetime: Duration = .seconds(4 * 3_600)

  package init(certificates: [Certificate]) {
    self.certificates = certificates
  }

  package init(
    certificateChainFile: String,
    privateKeyFile: String,
    clientTrustRootsFile: String? = nil
  ) {
    let certificate = Certificate(chainFile: certificateChainFile, privateKeyFile: privateKeyFile)
    self.init(certificates: [certificate])
    if let clientTrustRootsFile { clientCertificates = .require(rootsFile: clientTrustRootsFile) }
  }

  /// The PEM file of the authorities that a client's certificate must come from.
  var clientRootsFile: String? {
    switch clientCertificates {
    case .off: nil
    case .request(let file), .require(let file): file
    }
  }

  /// Every file that makes up the configuration.
  package var files: [String] {
    certificates.flatMap { [$0.chainFile, $0.privateKeyFile] }
      + [clientRootsFile, revocationListsFile].compactMap { $0 }
  }
}

/// A TLS client: whom it trusts and, for mutual TLS, who it is.
///
/// It insists on HTTP/2.
package struct TLSClientConfiguration: Sendable, Hashable {
  package enum TrustRoots: Hashable, Sendable {
    /// The authorities that the system trusts.
    case system
    /// A PEM file of certificates; nothing else is trusted.
    case file(String)
    /// The same, as the bytes of such a file.
    case pem([UInt8])
    /// No authority: the server's key is one of `pinnedKeys`, whatever its certificate says.
    case pinnedKeysOnly
  }

  package var trustRoots: TrustRoots
  /// SHA-256 digests (32 bytes) of public keys in DER form, SubjectPublicKeyInfo (RFC 7469, 2.4).
  ///
  /// Unless empty, a certificate of the server's verified chain must have one of these keys.
  package var pinnedKeys: Set<[UInt8]> = []
  /// PEM files of this client's own certificate and key, for servers that ask.
  package var certificateChainFile: String?
  package var privateKeyFile: String?
  /// The name that the certificate must bear, and the one that we ask for (SNI), in place of the
  /// host's.
  package var serverName: String?
  package var minimumVersion = TLSVersion.v1_2
  package var applicationProtocols: [ApplicationProtocol] = [.http2]
  /// How many servers' sessions are remembered to be resumed; 0 for none.
  package var maxResumableSessions = 32

  package init(trustRoots: TrustRoots = .system) {
    self.trustRoots = trustRoots
  }
}

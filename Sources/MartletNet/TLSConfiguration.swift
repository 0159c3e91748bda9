/// The two application protocols that we negotiate (RFC 7301 names).
package enum ApplicationProtocol: String, Sendable {
  case http2 = "h2"
  case http1 = "http/1.1"
}

/// A TLS server: who it is and whom it lets in.
///
/// TLS 1.2 at least, 1.3 where the peer can.
package struct TLSServerConfiguration: Sendable {
  /// PEM: the server's certificate, then the intermediate ones.
  package var certificateChainFile: String
  /// PEM: the private key of the first certificate.
  package var privateKeyFile: String
  /// PEM: authorities that a client's certificate must come from; nil asks clients for none.
  package var clientTrustRootsFile: String?
  /// In order of our preference.
  ///
  /// A client that offers none of them is refused; one that sends no ALPN at all is let in, and its
  /// first bytes tell what it speaks.
  package var applicationProtocols: [ApplicationProtocol] = [.http2, .http1]

  package init(
    certificateChainFile: String,
    privateKeyFile: String,
    clientTrustRootsFile: String? = nil
  ) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
    self.clientTrustRootsFile = clientTrustRootsFile
  }
}

/// A TLS client: whom it trusts and, for mutual TLS, who it is.
///
/// It insists on HTTP/2.
package struct TLSClientConfiguration: Sendable {
  package enum TrustRoots: Hashable, Sendable {
    /// The authorities that the system trusts.
    case system
    /// A PEM file of certificates; nothing else is trusted.
    case file(String)
  }

  package var trustRoots: TrustRoots
  /// PEM files of this client's own certificate and key, for servers that ask.
  package var certificateChainFile: String?
  package var privateKeyFile: String?
  package var applicationProtocols: [ApplicationProtocol] = [.http2]

  package init(trustRoots: TrustRoots = .system) {
    self.trustRoots = trustRoots
  }
}

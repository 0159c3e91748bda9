internal import MartletNet

/// A server's connection as its calls see it: who is at the other end, and what protects it.
///
/// All calls of a connection share one.
public final class ConnectionInfo: Sendable {
  /// Where the client is: `192.0.2.7:50123`, `[2001:db8::1]:50123`, `unix:`.
  ///
  /// Behind a load balancer that sends the PROXY protocol, what its header says.
  public let peerAddress: String
  /// The address of ours that the client connected to; empty where there is none.
  public let localAddress: String
  /// Whom the client's certificate names, under mutual TLS; nil when it showed none.
  public let peerIdentity: PeerIdentity?
  /// `TLSv1.3` or `TLSv1.2`; nil for plaintext.
  public let tlsVersion: String?
  /// The server's name that the client asked for (SNI), in lower case; nil when it named none.
  public let serverName: String?

  /// Describes a connection; servers do it, and tests of interceptors may.
  ///
  /// - Parameters:
  ///   - peerAddress: where the client is.
  ///   - localAddress: the address of ours that it connected to.
  ///   - peerIdentity: whom its certificate names.
  ///   - tlsVersion: what TLS agreed on.
  ///   - serverName: the name that it asked for.
  public init(
    peerAddress: String,
    localAddress: String = "",
    peerIdentity: PeerIdentity? = nil,
    tlsVersion: String? = nil,
    serverName: String? = nil
  ) {
    self.peerAddress = peerAddress
    self.localAddress = localAddress
    self.peerIdentity = peerIdentity
    self.tlsVersion = tlsVersion
    self.serverName = serverName
  }

  /// Reads an open transport.
  convenience init(_ transport: Transport) {
    self.init(
      peerAddress: transport.peerAddress.description,
      localAddress: transport.localAddress?.description ?? "",
      peerIdentity: transport.peerCertificate.map { PeerIdentity($0) },
      tlsVersion: transport.tlsVersion,
      serverName: transport.serverName
    )
  }
}

/// Whom a client's verified certificate names (mutual TLS).
public struct PeerIdentity: Sendable, Hashable {
  /// The certificate's subject in RFC 2253 form, such as `CN=tracker,O=Example`.
  public var subject: String
  /// The DNS names among its subject alternative names.
  public var dnsNames: [String]
  /// The URIs among them; a SPIFFE identity is one.
  public var uris: [String]
  /// The e-mail addresses among them.
  public var emailAddresses: [String]
  /// The IP addresses among them, in numeric form.
  public var ipAddresses: [String]
  /// The certificate, DER.
  public var certificate: [UInt8]

  /// Names somebody; servers do it, and tests of interceptors may.
  ///
  /// - Parameters:
  ///   - subject: the subject in RFC 2253 form.
  ///   - dnsNames: the DNS names.
  ///   - uris: the URIs.
  ///   - emailAddresses: the e-mail addresses.
  ///   - ipAddresses: the IP addresses.
  ///   - certificate: the certificate, DER.
  public init(
    subject: String,
    dnsNames: [String] = [],
    uris: [String] = [],
    emailAddresses: [String] = [],
    ipAddresses: [String] = [],
    certificate: [UInt8] = []
  ) {
    self.subject = subject
    self.dnsNames = dnsNames
    self.uris = uris
    self.emailAddresses = emailAddresses
    self.ipAddresses = ipAddresses
    self.certificate = certificate
  }

  init(_ certificate: PeerCertificate) {
    self.init(
      subject: certificate.subject,
      dnsNames: certificate.dnsNames,
      uris: certificate.uris,
      emailAddresses: certificate.emailAddresses,
      ipAddresses: certificate.ipAddresses,
      certificate: certificate.der
    )
  }
}

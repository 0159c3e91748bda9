import TestCertificates
import TestFiles
import Testing

@testable import MartletNet

@Suite struct PeerCertificateTests {
  @Test("all kinds of names that a client's certificate bears are read")
  func names() async throws {
    let directory = try TemporaryDirectory()
    let authority = try CertificateAuthority(in: directory)
    let server = try authority.issue("server")
    let client = try authority.issue(
      "client",
      subject: "/O=Example, Inc./CN=träcker",
      names: [
        "DNS:a.example", "URI:spiffe://example/tracker", "email:a@b.example", "IP:2001:db8::1",
        "DNS:*.b.example", "IP:192.0.2.7", "RID:1.2.3.4",
      ]
    )
    let port = try await Port(
      tls: .server(
        TLSServerConfiguration(
          certificateChainFile: server.certificate,
          privateKeyFile: server.key,
          clientTrustRootsFile: authority.root
        )
      )
    )
    var configuration = TLSClientConfiguration(trustRoots: .file(authority.root))
    configuration.certificateChainFile = client.certificate
    configuration.privateKeyFile = client.key
    let log = try await port.connect(tls: try .client(configuration), name: "LocalHost")
    try await eventually(port.loop, "connected") {
      log.opened == 1 && port.accepted.first?.opened == 1
    }
    try await on(port.loop) {
      let transport = try #require(port.accepted.first?.transport)
      let found = try #require(transport.peerCertificate)
      #expect(found.subject == #"CN=tr\C3\A4cker,O=Example\, Inc."#)
      #expect(found.dnsNames == ["a.example", "*.b.example"])
      #expect(found.uris == ["spiffe://example/tracker"])
      #expect(found.emailAddresses == ["a@b.example"])
      #expect(found.ipAddresses == ["2001:db8::1", "192.0.2.7"])
      #expect(found.der.starts(with: [0x30, 0x82]))
      #expect(transport.tlsVersion == "TLSv1.3")
      #expect(transport.serverName == "localhost")
      #expect(transport.localAddress == port.listener?.address)
      // A client sees its server in the same way.
      #expect(log.transport?.peerCertificate?.subject == "CN=localhost")
    }
    await port.stop()
  }
}

import Glibc
import TestFiles
import Testing

@testable import MartletNet

/// A certificate for localhost and contexts that use it.
private struct Fixture {
  let directory: TemporaryDirectory
  let files: DevelopmentCertificate.Files
  let server: TLSContext
  let client: TLSContext

  init(asksClients: Bool = false, protocols: [ApplicationProtocol] = [.http2, .http1]) throws {
    directory = try TemporaryDirectory()
    files = try DevelopmentCertificate.write(directory: directory.path)
    var configuration = TLSServerConfiguration(
      certificateChainFile: files.certificate,
      privateKeyFile: files.privateKey,
      clientTrustRootsFile: asksClients ? files.certificate : nil
    )
    configuration.applicationProtocols = protocols
    server = try .server(configuration)
    client = try .client(TLSClientConfiguration(trustRoots: .file(files.certificate)))
  }
}

@Suite struct TLSTests {
  @Test("client and server agree on h2 and exchange bytes", arguments: ["localhost", "127.0.0.1"])
  func handshake(name: String) async throws {
    let fixture = try Fixture()
    let port = try await Port(tls: fixture.server)
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let client = try await port.connect(tls: fixture.client, name: name, send: body)
    try await eventually(port.loop, "the echo comes") { client.bytes.count == body.count }
    try await on(port.loop) {
      #expect(client.bytes == body)
      #expect(client.transport?.applicationProtocol == .http2)
      #expect(port.accepted.first?.transport?.applicationProtocol == .http2)
      client.transport?.closeInOrder()
    }
    try await eventually(port.loop, "both ends close in order") {
      client.closed == [nil] && port.accepted.first?.closed == [nil]
    }
    await port.stop()
  }

  @Test("a handshake works when bytes come one at a time")
  func fragments() async throws {
    let fixture = try Fixture()
    let loop = try EventLoop()
    try loop.start()
    let server = TransportLog()
    let client = TransportLog()
    server.echoes = true
    client.toSend = Array("hello".utf8)
    try await on(loop) {
      let ends = try Transport.pipe(
        loop,
        loop,
        fragment: 1,
        serverTLS: fixture.server,
        clientTLS: fixture.client,
        serverName: "localhost"
      )
      ends.server.open(delegate: server)
      ends.client.open(delegate: client)
    }
    try await eventually(loop, "the echo comes") { client.bytes == Array("hello".utf8) }
    await loop.stopAndWait()
  }

  @Test("a client refuses a certificate for another name, or from an unknown authority")
  func refusals() async throws {
    let fixture = try Fixture()
    let stranger = try Fixture()
    let port = try await Port(tls: fixture.server)
    for (context, name) in [(fixture.client, "example.org"), (stranger.client, "localhost")] {
      let client = try await port.connect(tls: context, name: name)
      try await eventually(port.loop, "the client closes") { client.closed.count == 1 }
      try await on(port.loop) {
        #expect(client.opened == 0)
        guard case .tls(let reason)? = client.closed.first ?? nil else {
          Issue.record("no TLS error: \(client.closed)")
          return
        }
        #expect(reason.hasPrefix("certificate:"))
      }
    }
    try await eventually(port.loop, "the server closes") {
      port.accepted.allSatisfy { $0.closed.count == 1 && $0.opened == 0 }
    }
    await port.stop()
  }

  @Test("a server without a protocol in common refuses the handshake")
  func wrongProtocol() async throws {
    let fixture = try Fixture(protocols: [.http1])
    let port = try await Port(tls: fixture.server)
    let client = try await port.connect(tls: fixture.client, name: "localhost")
    try await eventually(port.loop, "both close") {
      client.closed.count == 1 && port.accepted.first?.closed.count == 1
    }
    try await on(port.loop) { #expect(client.opened == 0 && port.accepted.first?.opened == 0) }
    await port.stop()
  }

  @Test("plaintext to a TLS port fails the handshake and harms nobody")
  func garbage() async throws {
    let fixture = try Fixture()
    let port = try await Port(tls: fixture.server)
    let client = try await port.connect(send: Array("GET / HTTP/1.1\r\n\r\n".utf8))
    try await eventually(port.loop, "both close") {
      client.closed.count == 1 && port.accepted.first?.closed.count == 1
    }
    try await on(port.loop) {
      #expect(port.accepted.first?.opened == 0)
      guard case .tls? = port.accepted.first?.closed.first ?? nil else {
        Issue.record("no TLS error")
        return
      }
    }
    await port.stop()
  }

  @Test("a client that never speaks is cut when the handshake's time is over")
  func timeout() async throws {
    let fixture = try Fixture()
    var limits = NetLimits()
    limits.handshakeTimeout = .milliseconds(50)
    let port = try await Port(limits: limits, tls: fixture.server)
    let client = try await port.connect()
    try await eventually(port.loop, "the server cuts") { client.closed.count == 1 }
    try await on(port.loop) {
      #expect(port.accepted.first?.closed == [.timeout("TLS handshake")])
    }
    await port.stop()
  }

  @Test("mutual TLS lets in who shows a certificate, and no one else")
  func mutual() async throws {
    let fixture = try Fixture(asksClients: true)
    let port = try await Port(tls: fixture.server)
    var configuration = TLSClientConfiguration(trustRoots: .file(fixture.files.certificate))
    let nobody = try await port.connect(tls: try .client(configuration), name: "localhost")
    try await eventually(port.loop, "the nameless client is refused") {
      nobody.closed.count == 1 && port.accepted.first?.closed.count == 1
    }
    configuration.certificateChainFile = fixture.files.certificate
    configuration.privateKeyFile = fixture.files.privateKey
    _ = try await port.connect(tls: try .client(configuration), name: "localhost")
    try await eventually(port.loop, "the known client is let in") {
      port.accepted.last?.opened == 1
    }
    try await on(port.loop) {
      #expect(port.accepted.last?.transport?.peerCertificate?.subject == "CN=localhost")
      #expect(port.accepted.first?.opened == 0)
    }
    await port.stop()
  }

  @Test("keys are private, and a second certificate does not replace the first")
  func files() throws {
    let fixture = try Fixture()
    var status = stat()
    #expect(stat(fixture.files.privateKey, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(throws: NetError.self) {
      try DevelopmentCertificate.write(directory: fixture.directory.path)
    }
  }

  @Test("missing or mismatched files are refused with a reason")
  func badFiles() throws {
    let fixture = try Fixture()
    let other = try Fixture()
    #expect(throws: NetError.self) {
      try TLSContext.server(
        TLSServerConfiguration(certificateChainFile: "/nowhere", privateKeyFile: "/nowhere")
      )
    }
    #expect(throws: NetError.self) {
      try TLSContext.server(
        TLSServerConfiguration(
          certificateChainFile: fixture.files.certificate,
          privateKeyFile: other.files.privateKey
        )
      )
    }
  }
}

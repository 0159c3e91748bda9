import EchoSchema
import Glibc
import TestCertificates
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ClientTLSTests {
  @Test("roots may be bytes; a pin that does not match, and a wrong name, are refused")
  func trust() async throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    var configuration = ServerConfiguration()
    let files = try EchoFixture().certificate(in: directory)
    configuration.tls = files
    let server = EchoFixture().makeServer(configuration)
    let port = try #require(try server.start().first).port
    let pem = try bytes(of: files.certificateChainFile)
    var pinned = ClientTLS(trust: .pem(pem))
    pinned.pinnedKeys = [[UInt8](repeating: 7, count: 32)]
    let cases: [(ClientTLS, Bool)] = [
      (ClientTLS(trust: .pem(pem)), true),
      (ClientTLS(trust: .pem(pem), serverName: "localhost"), true),
      (ClientTLS(trust: .pem(pem), serverName: "elsewhere.test"), false),
      (pinned, false),
      (ClientTLS(trust: .pinnedKeysOnly), false),
      (ClientTLS(trust: .pem(Array("no certificate".utf8))), false),
    ]
    for (tls, works) in cases {
      let channel = Channel(
        to: .host("localhost", port: port),
        configuration: ChannelConfiguration(security: .tls(tls))
      )
      let answer = try? await EchoServiceClient(channel).get(request("in")).text
      #expect((answer == "in") == works, "\(tls.serverName ?? "") \(tls.pinnedKeys.count)")
      await channel.close()
    }
    await server.shutdown(grace: .zero)
  }

  private func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &buffer, buffer.count)
    return Array(buffer.prefix(max(count, 0)))
  }

  @Test("a pinned key that matches lets the channel connect, with authorities and without")
  func pins() async throws {
    let realm = try Realm()
    let (server, port) = try realm.serve(realm.server, .off)
    let right = try realm.server.keyDigest(in: realm.directory)
    let other = try realm.client.keyDigest(in: realm.directory)
    let root = ChannelConfiguration.Trust.pemFile(realm.authority.root)
    let cases: [(ChannelConfiguration.Trust, Set<[UInt8]>, Bool)] = [
      (root, [right], true), (root, [other, right], true), (root, [other], false),
      (.pinnedKeysOnly, [right], true), (.pinnedKeysOnly, [other], false),
    ]
    for (trust, pins, works) in cases {
      var tls = ClientTLS(trust: trust)
      tls.pinnedKeys = pins
      #expect(await realm.answer(tls, port) == (works ? "" : nil), "\(trust) \(pins.count)")
    }
    await server.shutdown(grace: .zero)
  }

  @Test("a channel shows its certificate, the handler sees whose it is, and no other gets in")
  func mutual() async throws {
    let realm = try Realm()
    let foreign = try CertificateAuthority("foreign", in: realm.directory)
    let stranger = try foreign.issue("stranger", subject: "/CN=stranger")
    for version13 in [false, true] {
      let (server, port) = try realm.serve(
        realm.server,
        .require(rootsFile: realm.authority.root)
      )
      var tls = ClientTLS(trust: .pemFile(realm.authority.root))
      tls.requiresTLS13 = version13
      #expect(await realm.answer(tls, port) == nil)
      for (files, subject) in [(realm.client, "CN=tracker"), (stranger, nil)] {
        tls.certificate = .init(chainFile: files.certificate, privateKeyFile: files.key)
        // Twice: the second connection resumes the first one's session.
        for _ in 0..<2 { #expect(await realm.answer(tls, port) == subject) }
      }
      await server.shutdown(grace: .zero)
    }
  }
}

/// An authority, a server's certificate and a client's.
private struct Realm {
  let directory: TemporaryDirectory
  let authority: CertificateAuthority
  let server: CertificateAuthority.Files
  let client: CertificateAuthority.Files

  init() throws {
    directory = try TemporaryDirectory()
    authority = try CertificateAuthority(in: directory)
    server = try authority.issue("server")
    client = try authority.issue("client", subject: "/CN=tracker")
  }

  /// A server that answers with the subject of the client's certificate.
  func serve(
    _ files: CertificateAuthority.Files,
    _ clients: ServerConfiguration.TLS.ClientCertificates
  ) throws -> (Server, Int) {
    var fixture = EchoFixture()
    fixture.handler = CustomHandler(onGet: { _, call in
      var response = EchoResponse()
      response.text = call.peerIdentity?.subject ?? ""
      return response
    })
    var configuration = ServerConfiguration()
    var tls = ServerConfiguration.TLS(
      certificateChainFile: files.certificate,
      privateKeyFile: files.key
    )
    tls.clientCertificates = clients
    configuration.tls = tls
    let server = fixture.makeServer(configuration)
    return (server, try #require(try server.start().first).port)
  }

  /// What the server answers; nil when there is no way to it.
  func answer(_ tls: ClientTLS, _ port: Int) async -> String? {
    let channel = Channel(
      to: .host("localhost", port: port),
      configuration: ChannelConfiguration(security: .tls(tls))
    )
    let answer = try? await EchoServiceClient(channel).get(request()).text
    await channel.close()
    return answer
  }
}

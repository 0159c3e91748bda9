import EchoSchema
@testable import MartletNet
import Synchronization
import TestCertificates
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct CertificateReloadTests {
  @Test("new connections get the new certificate, and open ones go on")
  func onDemand() async throws {
    let realm = try Realm()
    let server = try realm.server { $0.reloadInterval = nil }
    let address = try #require(try server.start().first)
    let open = realm.channel(address)
    #expect(try await realm.subject(address) == "CN=old")
    let before = try await EchoServiceClient(open).get(request("before")).text
    #expect(before == "before")

    try realm.install("new")
    #expect(try await realm.subject(address) == "CN=old")
    try await server.reloadCertificates()
    for _ in 0..<6 { #expect(try await realm.subject(address) == "CN=new") }
    let after = try await EchoServiceClient(open).get(request("after")).text
    #expect(after == "after")

    // A key that belongs to another certificate: all stays as it was.
    try writeFile(realm.directory.file("live.key"), try readFile(realm.authority.root))
    let error = await failure { try await server.reloadCertificates() }
    #expect(error.code == .failedPrecondition && error.message.contains("live.key"))
    #expect(try await realm.subject(address) == "CN=new")
    await open.close()
    await server.shutdown(grace: .zero)
    #expect(await failure { try await server.reloadCertificates() }.code == .failedPrecondition)
  }

  @Test("changed files are noticed, and broken ones are told of once and not used")
  func bySelf() async throws {
    let realm = try Realm()
    let results = Mutex<[Result<Void, RPCError>]>([])
    let server = try realm.server {
      $0.reloadInterval = .milliseconds(20)
      $0.onReload = { result in results.withLock { $0.append(result) } }
    }
    let address = try #require(try server.start().first)
    try await Task.sleep(for: .milliseconds(100))
    #expect(results.withLock { $0.count } == 0)

    try writeFile(realm.directory.file("live.pem"), Array("no certificate".utf8))
    #expect(await waitUntil { results.withLock { $0.count } == 1 })
    try await Task.sleep(for: .milliseconds(100))
    #expect(try await realm.subject(address) == "CN=old")
    let failures = results.withLock { $0 }
    #expect(failures.count == 1)
    #expect(throws: RPCError.self) { try failures.first?.get() }

    // Between the two files the pair may not fit; that it fits in the end is what counts.
    try realm.install("new")
    #expect(await waitUntil { results.withLock { (try? $0.last?.get()) != nil } })
    #expect(try await realm.subject(address) == "CN=new")
    await server.shutdown(grace: .zero)
    let count = results.withLock { $0.count }
    try realm.install("old")
    try await Task.sleep(for: .milliseconds(100))
    #expect(results.withLock { $0.count } == count)
  }

  @Test("calls know who makes them, under the rules of the day")
  func mutual() async throws {
    let realm = try Realm()
    let identities = Mutex<[PeerIdentity?]>([])
    let handler = CustomHandler(onGet: { _, call in
      identities.withLock { $0.append(call.peerIdentity) }
      return EchoResponse()
    })
    let server = try realm.server(handler) {
      $0.clientCertificates = .request(rootsFile: realm.authority.root)
    }
    let address = try #require(try server.start().first)
    let client = try realm.authority.issue(
      "client",
      subject: "/CN=tracker",
      names: ["URI:spiffe://example/tracker", "DNS:tracker.example"]
    )
    let loop = try EventLoop()
    try loop.start()
    for own in [nil, client] {
      var tls = TLSClientConfiguration(trustRoots: .file(realm.authority.root))
      tls.certificateChainFile = own?.certificate
      tls.privateKeyFile = own?.key
      let context = try TLSContext.client(tls)
      let channel = Channel(configuration: .init(security: .plaintext), loop: loop) {
        (loop) throws(NetError) in
        try connected(to: .loopback(port: UInt16(address.port)), tls: context, on: loop)
      }
      _ = try await EchoServiceClient(channel).get(request())
      await channel.close()
    }
    let seen = identities.withLock { $0 }
    try #require(seen.count == 2)
    #expect(seen[0] == nil)
    #expect(seen[1]?.subject == "CN=tracker")
    #expect(seen[1]?.uris == ["spiffe://example/tracker"])
    #expect(seen[1]?.dnsNames == ["tracker.example"])
    #expect(seen[1]?.certificate.isEmpty == false)
    await loop.stopAndWait()
    await server.shutdown(grace: .zero)
  }

  /// An authority, and a certificate file that is replaced.
  private struct Realm {
    let directory: TemporaryDirectory
    let authority: CertificateAuthority

    init() throws {
      directory = try TemporaryDirectory()
      authority = try CertificateAuthority(in: directory)
      try install("old")
    }

    /// Puts a certificate of that subject where the server reads its own.
    func install(_ subject: String) throws {
      let files = try authority.issue(subject, subject: "/CN=\(subject)")
      try writeFile(directory.file("live.pem"), try readFile(files.certificate))
      try writeFile(directory.file("live.key"), try readFile(files.key))
    }

    func server(
      _ handler: any ServiceHandler = EchoHandler(),
      _ change: (inout ServerConfiguration.TLS) -> Void
    ) throws -> Server {
      var tls = ServerConfiguration.TLS(
        certificateChainFile: directory.file("live.pem"),
        privateKeyFile: directory.file("live.key")
      )
      change(&tls)
      return EchoFixture(handler: handler).makeServer(ServerConfiguration(tls: tls, loops: 2))
    }

    func channel(_ address: MartletRPC.SocketAddress) -> Channel {
      Channel(
        to: .host("localhost", port: address.port),
        configuration: .init(security: .tls(trust: .pemFile(authority.root)))
      )
    }

    /// Whom the server's certificate names, on a new connection.
    func subject(_ address: MartletRPC.SocketAddress) async throws -> String? {
      let context = try TLSContext.client(TLSClientConfiguration(trustRoots: .file(authority.root)))
      return try await ServerProbe.subject(port: address.port, context)
    }
  }
}

import Glibc
import TestCertificates
import TestFiles
import Testing

@testable import MartletNet

/// An authority and what a test needs to connect.
private struct Realm {
  let directory: TemporaryDirectory
  let authority: CertificateAuthority

  init() throws {
    directory = try TemporaryDirectory()
    authority = try CertificateAuthority(in: directory)
  }

  func server(
    _ certificates: [CertificateAuthority.Files],
    _ change: (inout TLSServerConfiguration) -> Void = { _ in }
  ) -> TLSServerConfiguration {
    var configuration = TLSServerConfiguration(
      certificates: certificates.map { .init(chainFile: $0.certificate, privateKeyFile: $0.key) }
    )
    change(&configuration)
    return configuration
  }

  func client(
    _ own: CertificateAuthority.Files? = nil,
    _ change: (inout TLSClientConfiguration) -> Void = { _ in }
  ) throws -> TLSContext {
    var configuration = TLSClientConfiguration(trustRoots: .file(authority.root))
    configuration.certificateChainFile = own?.certificate
    configuration.privateKeyFile = own?.key
    change(&configuration)
    return try .client(configuration)
  }
}

extension Port {
  /// What came of one connection: both ends, once each is open or closed.
  fileprivate func outcome(
    _ context: TLSContext,
    name: String = "localhost"
  ) async throws -> (client: TransportLog, server: TransportLog) {
    let before = try await on(loop) { self.accepted.count }
    let client = try await connect(tls: context, name: name, send: [1])
    try await eventually(loop, "both ends are open or closed") {
      guard let server = self.accepted.dropFirst(before).first else { return false }
      return server.closed.count == 1 || (server.opened == 1 && client.bytes == [1])
    }
    return try await on(loop) { (client, self.accepted[before]) }
  }

  fileprivate func serverCertificate(for name: String, _ context: TLSContext) async throws
    -> String?
  {
    let ends = try await outcome(context, name: name)
    return try await on(loop) {
      defer { ends.client.transport?.close() }
      return ends.client.transport?.peerCertificate?.subject
    }
  }
}

@Suite struct TLSServerTests {
  @Test("a client gets the certificate for the name that it asks for, else the default")
  func serverNames() async throws {
    let realm = try Realm()
    let issue = { try realm.authority.issue($0, subject: "/CN=\($0)", names: $1) }
    let configuration = realm.server([
      try issue("default", ["DNS:localhost", "DNS:first.example"]),
      try issue("exact", ["DNS:a.wild.example"]),
      try issue("wild", ["DNS:*.Wild.example"]),
    ])
    let port = try await Port(tls: .server(configuration))
    let client = try realm.client()
    for (name, subject) in [
      ("localhost", "CN=default"), ("a.wild.example", "CN=exact"),
      ("b.wild.example", "CN=wild"), ("B.WILD.example", "CN=wild"),
    ] {
      #expect(try await port.serverCertificate(for: name, client) == subject)
    }
    let refused = try await port.outcome(client, name: "c.b.wild.example")
    try await on(port.loop) { #expect(refused.client.opened == 0) }
    await port.stop()
  }

  @Test("certificates asked for or required: who is let in, and as whom")
  func clientCertificates() async throws {
    let realm = try Realm()
    let server = try realm.authority.issue("server")
    let known = try realm.authority.issue("known", subject: "/CN=known")
    let stranger = try CertificateAuthority("stranger", in: realm.directory)
      .issue("unknown", subject: "/CN=unknown")
    let roots = realm.authority.root
    for (mode, letsNobodyIn) in [
      (TLSServerConfiguration.ClientCertificates.request(rootsFile: roots), true),
      (.require(rootsFile: roots), false),
    ] {
      let port = try await Port(
        tls: .server(realm.server([server]) { $0.clientCertificates = mode })
      )
      let nobody = try await port.outcome(try realm.client())
      let friend = try await port.outcome(try realm.client(known))
      let other = try await port.outcome(try realm.client(stranger))
      try await on(port.loop) {
        #expect((nobody.server.opened == 1) == letsNobodyIn)
        #expect(nobody.server.transport?.peerCertificate == nil)
        #expect(friend.server.transport?.peerCertificate?.subject == "CN=known")
        #expect(other.server.opened == 0)
        #expect(other.server.closed.count == 1)
      }
      await port.stop()
    }
  }

  @Test("the way to a root is bounded")
  func depth() async throws {
    let realm = try Realm()
    let server = try realm.authority.issue("server")
    let lower = try realm.authority.intermediate("lower").intermediate("lowest")
    let client = try lower.issue("client", subject: "/CN=deep")
    let chain = ["client.pem", "lowest.pem", "lower.pem"].flatMap { name in
      (try? readFile(realm.directory.file(name))) ?? []
    }
    try writeFile(realm.directory.file("chain.pem"), chain)
    var own = client
    own.certificate = realm.directory.file("chain.pem")
    for (depth, isLetIn) in [(1, false), (2, true)] {
      let port = try await Port(
        tls: .server(
          realm.server([server]) {
            $0.clientCertificates = .require(rootsFile: realm.authority.root)
            $0.maxVerificationDepth = depth
          }
        )
      )
      let ends = try await port.outcome(try realm.client(own))
      try await on(port.loop) { #expect((ends.server.opened == 1) == isLetIn) }
      await port.stop()
    }
  }

  @Test("a revoked certificate is refused, also when it comes back with a ticket")
  func revocation() async throws {
    let realm = try Realm()
    let server = try realm.authority.issue("server")
    let good = try realm.authority.issue("good", subject: "/CN=good")
    let bad = try realm.authority.issue("bad", subject: "/CN=bad")
    var configuration = realm.server([server]) {
      $0.clientCertificates = .require(rootsFile: realm.authority.root)
    }
    let keys = TicketKeys(lifetime: .seconds(3_600))
    let port = try await Port(tls: .server(configuration, ticketKeys: keys))
    let badContext = try realm.client(bad)
    let before = try await port.outcome(badContext)
    try await on(port.loop) {
      #expect(before.server.opened == 1)
      before.client.transport?.close()
    }
    let again = try await port.outcome(badContext)
    try await on(port.loop) {
      #expect(again.server.transport?.isResumed == true)
      #expect(again.server.transport?.peerCertificate?.subject == "CN=bad")
      again.client.transport?.close()
    }
    configuration.revocationListsFile = try realm.authority.revocationList(of: [bad])
    let strict = try TLSContext.server(configuration, ticketKeys: keys)
    try await on(port.loop) { port.listener?.tls = strict }
    let after = try await port.outcome(badContext)
    let other = try await port.outcome(try realm.client(good))
    try await on(port.loop) {
      #expect(after.server.opened == 0)
      #expect(other.server.opened == 1)
    }
    await port.stop()
  }

  @Test("a certificate of a revoked authority is refused; one without a list of its own is let be")
  func revokedAuthority() async throws {
    let realm = try Realm()
    let server = try realm.authority.issue("server")
    let branch = try realm.authority.intermediate("branch")
    let leaf = try branch.issue("leaf", subject: "/CN=leaf")
    var own = leaf
    own.certificate = realm.directory.file("own.pem")
    try writeFile(own.certificate, try readFile(leaf.certificate) + readFile(branch.root))
    let branchFiles = CertificateAuthority.Files(certificate: branch.root, key: "")
    let ofBranch = try readFile(try branch.revocationList(of: []))
    let good = try readFile(try realm.authority.revocationList(of: []))
    let bad = try readFile(try realm.authority.revocationList(of: [branchFiles]))
    let lists = realm.directory.file("lists.pem")
    for (bytes, isLetIn) in [
      (ofBranch, true), (ofBranch + good, true), (ofBranch + bad, false), (good, false),
    ] {
      try writeFile(lists, bytes)
      let configuration = realm.server([server]) {
        $0.clientCertificates = .require(rootsFile: realm.authority.root)
        $0.revocationListsFile = lists
      }
      let port = try await Port(tls: .server(configuration))
      let ends = try await port.outcome(try realm.client(own))
      try await on(port.loop) { #expect((ends.server.opened == 1) == isLetIn) }
      await port.stop()
    }
  }

  @Test("a ticket lets nobody in whose certificate has expired since")
  func expiry() async throws {
    let realm = try Realm()
    let server = try realm.authority.issue("server")
    let brief = try realm.authority.issue("brief", subject: "/CN=brief", expiringAfter: 4)
    let configuration = realm.server([server]) {
      $0.clientCertificates = .require(rootsFile: realm.authority.root)
    }
    let port = try await Port(tls: .server(configuration))
    let context = try realm.client(brief)
    for round in 0..<3 {
      if round == 2 { try await Task.sleep(for: .seconds(5)) }
      let ends = try await port.outcome(context)
      try await on(port.loop) {
        #expect(ends.server.opened == (round < 2 ? 1 : 0), "round \(round)")
        if round == 1 { #expect(ends.server.transport?.isResumed == true) }
        ends.client.transport?.close()
      }
    }
    await port.stop()
  }

  @Test("a client that is gone as soon as its handshake is done is never reported as open")
  func goneAtOnce() async throws {
    let realm = try Realm()
    let port = try await Port(tls: .server(realm.server([try realm.authority.issue("server")])))
    let address = try await on(port.loop) { try #require(port.listener).address }
    let own = try EventLoop()
    try own.start()
    let context = try realm.client()
    // Slow turns: the client's last message and its reset are both there when the server reads.
    try await on(port.loop) { drag(port.loop) }
    for _ in 0..<5 {
      try await on(own) {
        let client = Vanishing()
        _ = Transport.connect(
          to: address,
          on: own,
          tls: context,
          serverName: "localhost",
          delegate: client
        )
      }
    }
    try await eventually(port.loop, "all are closed") {
      port.accepted.count == 5 && port.accepted.allSatisfy { $0.closed.count == 1 }
    }
    try await on(port.loop) {
      for log in port.accepted {
        #expect(log.transport?.isClosed == true)
        #expect(log.openedAfterClosing == 0)
      }
    }
    await own.stopAndWait()
    await port.stop()
  }

  @Test("a session is not resumed for ever, however often it gets a new ticket")
  func age() async throws {
    let realm = try Realm()
    let configuration = realm.server([try realm.authority.issue("server")]) {
      $0.ticketLifetime = .seconds(3)
    }
    let port = try await Port(tls: .server(configuration))
    let context = try realm.client()
    for isResumed in [false, true, true, false, true] {
      let ends = try await port.outcome(context)
      try await on(port.loop) {
        #expect(ends.client.transport?.isResumed == isResumed)
        ends.client.transport?.close()
      }
      try await Task.sleep(for: .milliseconds(1_400))
    }
    await port.stop()
  }

  @Test("a session goes on after a reload, and with a name's own certificate")
  func resumption() async throws {
    let realm = try Realm()
    let configuration = realm.server([
      try realm.authority.issue("first"),
      try realm.authority.issue("second", names: ["DNS:second.example"]),
    ])
    let keys = TicketKeys(lifetime: .seconds(3_600))
    let port = try await Port(tls: .server(configuration, ticketKeys: keys))
    let client = try realm.client()
    for name in ["localhost", "second.example"] {
      for round in 0..<3 {
        let ends = try await port.outcome(client, name: name)
        try await on(port.loop) {
          #expect(ends.client.transport?.isResumed == (round > 0), "\(name), round \(round)")
          #expect(ends.server.transport?.serverName == name)
          ends.client.transport?.close()
        }
        if round == 1 {
          let reloaded = try TLSContext.server(configuration, ticketKeys: keys)
          try await on(port.loop) { port.listener?.tls = reloaded }
        }
      }
    }
    // Another server's keys know no ticket of ours: a full handshake follows, and all is well.
    let stranger = try TLSContext.server(configuration)
    try await on(port.loop) { port.listener?.tls = stranger }
    let ends = try await port.outcome(client)
    try await on(port.loop) {
      #expect(ends.client.opened == 1)
      #expect(ends.client.transport?.isResumed == false)
    }
    await port.stop()
  }

  @Test("a key with a passphrase, a list that is none and no certificate are errors")
  func badConfiguration() throws {
    let realm = try Realm()
    let files = try realm.authority.issue("server")
    let locked = realm.directory.file("locked.key")
    try run(
      "openssl",
      ["ec", "-in", files.key, "-out", locked, "-aes256", "-passout", "pass:abcd"]
    )
    var secret = files
    secret.key = locked
    for configuration in [
      realm.server([]), realm.server([secret]),
      realm.server([files]) {
        $0.clientCertificates = .require(rootsFile: realm.authority.root)
        $0.revocationListsFile = files.certificate
      },
      realm.server([files]) { $0.clientCertificates = .require(rootsFile: files.key) },
    ] {
      #expect(throws: NetError.self) { try TLSContext.server(configuration) }
    }
  }
}

@Suite struct TLSClientTests {
  @Test("roots in memory are as good as those in a file; none are an error")
  func pem() async throws {
    let realm = try Realm()
    let port = try await Port(tls: .server(realm.server([try realm.authority.issue("server")])))
    let bytes = try readFile(realm.authority.root)
    let ends = try await port.outcome(try realm.client(nil) { $0.trustRoots = .pem(bytes) })
    try await on(port.loop) { #expect(ends.client.opened == 1) }
    #expect(throws: NetError.self) { try realm.client(nil) { $0.trustRoots = .pem([1, 2, 3]) } }
    await port.stop()
  }

  @Test("a pinned key is insisted on, with authorities and without")
  func pins() async throws {
    let realm = try Realm()
    let files = try realm.authority.issue("server")
    let port = try await Port(tls: .server(realm.server([files])))
    let right = try files.keyDigest(in: realm.directory)
    let authority = CertificateAuthority.Files(
      certificate: realm.authority.root,
      key: realm.directory.file("authority.key")
    )
    let root = try authority.keyDigest(in: realm.directory)
    let wrong = [UInt8](repeating: 7, count: 32)
    let cases: [(TLSClientConfiguration.TrustRoots, Set<[UInt8]>, Bool)] = [
      (.file(realm.authority.root), [wrong, right], true),
      (.file(realm.authority.root), [root], true),
      (.file(realm.authority.root), [wrong], false),
      (.system, [right], false),
      (.pinnedKeysOnly, [right], true),
      (.pinnedKeysOnly, [root], false),
      (.pinnedKeysOnly, [wrong], false),
    ]
    for (roots, pins, isTrusted) in cases {
      let context = try realm.client {
        $0.trustRoots = roots
        $0.pinnedKeys = pins
        $0.maxResumableSessions = 0
      }
      let ends = try await port.outcome(context)
      try await on(port.loop) { #expect((ends.client.opened == 1) == isTrusted, "\(roots)") }
    }
    #expect(throws: NetError.self) { try realm.client(nil) { $0.pinnedKeys = [[1]] } }
    #expect(throws: NetError.self) { try realm.client(nil) { $0.trustRoots = .pinnedKeysOnly } }
    await port.stop()
  }

  @Test("a name in the subject alone, or with a wildcard within a label, is none")
  func oldNames() async throws {
    let realm = try Realm()
    for (names, name, isGood) in [
      ([], "localhost", false), (["DNS:f*.test.example"], "foo.test.example", false),
      (["DNS:*.test.example"], "foo.test.example", true), (["DNS:*.example"], "a.b.example", false),
    ] {
      let files = try realm.authority.issue("server", names: names)
      let port = try await Port(tls: .server(realm.server([files])))
      let ends = try await port.outcome(try realm.client(), name: name)
      try await on(port.loop) { #expect((ends.client.opened == 1) == isGood, "\(names)") }
      await port.stop()
    }
  }

  @Test("a session is not resumed with a server whose certificate has expired since")
  func expiry() async throws {
    let realm = try Realm()
    let brief = try realm.authority.issue("brief", subject: "/CN=brief", expiringAfter: 4)
    let port = try await Port(tls: .server(realm.server([brief])))
    let context = try realm.client()
    for round in 0..<3 {
      if round == 2 { try await Task.sleep(for: .seconds(5)) }
      let ends = try await port.outcome(context)
      try await on(port.loop) {
        #expect(ends.client.opened == (round < 2 ? 1 : 0), "round \(round)")
        if round == 1 { #expect(ends.client.transport?.isResumed == true) }
        ends.client.transport?.close()
      }
    }
    await port.stop()
  }

  @Test("a configured name is asked for and checked in place of the host's")
  func serverName() async throws {
    let realm = try Realm()
    let files = try realm.authority.issue("server", names: ["DNS:real.example"])
    let port = try await Port(tls: .server(realm.server([files])))
    let ends = try await port.outcome(try realm.client(nil) { $0.serverName = "real.example" })
    try await on(port.loop) {
      #expect(ends.client.opened == 1)
      #expect(ends.server.transport?.serverName == "real.example")
    }
    let other = try await port.outcome(try realm.client(), name: "localhost")
    try await on(port.loop) { #expect(other.client.opened == 0) }
    await port.stop()
  }

  @Test("only so many servers' sessions are kept, and none when switched off")
  func sessions() async throws {
    let realm = try Realm()
    let files = try realm.authority.issue("server", names: ["DNS:*.test.example"])
    let port = try await Port(tls: .server(realm.server([files])))
    let few = try realm.client(nil) { $0.maxResumableSessions = 1 }
    let none = try realm.client(nil) { $0.maxResumableSessions = 0 }
    for (context, name, isResumed) in [
      (few, "a.test.example", false), (few, "a.test.example", true), (few, "b.test.example", false),
      (few, "a.test.example", false), (none, "a.test.example", false),
      (none, "a.test.example", false),
    ] {
      let ends = try await port.outcome(context, name: name)
      try await on(port.loop) {
        #expect(ends.client.opened == 1)
        #expect(ends.client.transport?.isResumed == isResumed)
        ends.client.transport?.close()
      }
    }
    await port.stop()
  }

  /// As RFC 7469 has it, by the `openssl` command.
}

/// Cuts its connection with a reset when it opens.
private final class Vanishing: TransportDelegate {
  func transportDidOpen(_ transport: Transport) {
    var now = linger(l_onoff: 1, l_linger: 0)
    if let descriptor = transport.socketDescriptor {
      setsockopt(
        descriptor,
        SOL_SOCKET,
        SO_LINGER,
        &now,
        socklen_t(MemoryLayout.size(ofValue: now))
      )
    }
    transport.close()
  }
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {}
  func transportDidReachEnd(_ transport: Transport) {}
  func transportWillFlush(_ transport: Transport) {}
  func transportDidClose(_ transport: Transport, error: NetError?) {}
}

/// Makes every turn of `loop` take some time.
private func drag(_ loop: EventLoop) {
  loop.schedule(after: .milliseconds(1)) {
    usleep(30_000)
    drag(loop)
  }
}

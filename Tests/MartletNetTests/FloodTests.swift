import Glibc
import TestFiles
import Testing

@testable import MartletNet

@Suite struct PeerTableTests {
  private func time(_ milliseconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }
  private func address(_ host: String) throws -> SocketAddress {
    try SocketAddress(host: host, port: 1)
  }

  @Test("a peer has so many connections, an IPv6 one with all of its /64; others have their own")
  func connections() throws {
    let table = PeerTable(maxConnections: 2, perSecond: nil, maxTracked: 100)
    var leases = [
      table.admit(try address("10.0.0.1")), table.admit(try address("10.0.0.1")),
      table.admit(try address("2001:db8::1")), table.admit(try address("2001:db8::ffff:2")),
    ]
    #expect(leases.allSatisfy { $0 != nil })
    #expect(table.admit(try address("10.0.0.1")) == nil)
    #expect(table.admit(try address("2001:db8::3")) == nil)
    #expect(table.admit(try address("10.0.0.2")) != nil)
    #expect(table.admit(try address("2001:db8:0:1::1")) != nil)
    for _ in 0..<10 { #expect(table.admit(.unix("")) != nil) }
    leases.removeFirst()
    #expect(table.admit(try address("10.0.0.1")) != nil)
    leases = []
    #expect(table.count == 0)
  }

  @Test("a peer opens so many connections a second, and as many at once")
  func rate() throws {
    let table = PeerTable(maxConnections: .max, perSecond: 10, maxTracked: 100)
    let peer = try address("10.0.0.1")
    func admitted(at milliseconds: UInt64) -> Int {
      (0..<100).count { _ in table.admit(peer, at: time(milliseconds)) != nil }
    }
    #expect(admitted(at: 1_000) == 10)
    #expect(admitted(at: 1_099) == 0)
    #expect(admitted(at: 1_300) == 3)
    #expect(table.admit(try address("10.0.0.2"), at: time(1_300)) != nil)
    #expect(admitted(at: 100_000) == 10)
  }

  @Test("peers that have left are forgotten when there are too many, those that are here never")
  func bounded() throws {
    let table = PeerTable(maxConnections: 1, perSecond: 1, maxTracked: 50)
    let kept = table.admit(try address("10.1.0.0"), at: time(0))
    for index in 0..<200 {
      #expect(table.admit(try address("10.0.0.\(index)"), at: time(0)) != nil)
      #expect(table.count <= 50)
    }
    #expect(table.admit(try address("10.1.0.0"), at: time(10_000)) == nil)
    withExtendedLifetime(kept) {}
  }

  @Test("peers without end are seldom looked through, whether they stay or leave")
  func sweeps() throws {
    for stays in [true, false] {
      let table = PeerTable(maxConnections: 1, perSecond: 1, maxTracked: 64)
      var leases: [PeerLease?] = []
      for index in 0..<4_096 {
        let lease = table.admit(try address("10.0.\(index >> 8).\(index & 255)"), at: time(0))
        #expect(lease != nil)
        // As many as are remembered without a connection stay at first, then each, or none.
        if stays || index < 60 { leases.append(lease) }
      }
      #expect(table.sweeps < 4_096 / 16, "\(table.sweeps)")
      #expect(table.count <= (stays ? 4_096 : 130))
    }
  }

  @Test("a bucket says how long until its next token")
  func bucket() {
    var bucket = TokenBucket(perSecond: 4, at: time(0))
    #expect(bucket.wait(at: time(0)) == .zero && bucket.isFull(at: time(0)))
    let taken = (0..<5).map { _ in bucket.take(at: time(0)) }
    #expect(taken == [true, true, true, true, false])
    #expect(bucket.wait(at: time(100)) == .milliseconds(150))
    let refilled = bucket.take(at: time(250))
    #expect(refilled && !bucket.isFull(at: time(250)))
    // A clock that was read earlier changes nothing.
    let early = bucket.take(at: time(200))
    #expect(!early)
  }
}

@Suite(.timeLimit(.minutes(1))) struct FloodTests {
  private struct Secured {
    let directory: TemporaryDirectory
    let server: TLSContext
    let client: TLSContext

    init() throws {
      directory = try TemporaryDirectory()
      let files = try DevelopmentCertificate.write(directory: directory.path)
      server = try .server(
        TLSServerConfiguration(
          certificateChainFile: files.certificate,
          privateKeyFile: files.privateKey
        )
      )
      client = try .client(TLSClientConfiguration(trustRoots: .file(files.certificate)))
    }
  }

  @Test("a peer's further connections are closed, until one of its own ends")
  func perPeer() async throws {
    let configuration = ListenerConfiguration(address: .loopback(port: 0))
    let table = PeerTable(maxConnections: 2, perSecond: nil, maxTracked: 10)
    let port = try await Port(configuration: configuration, peers: table)
    let first = try await port.connect(send: [1])
    let second = try await port.connect(send: [2])
    try await eventually(port.loop, "two are served") { first.bytes == [1] && second.bytes == [2] }
    let third = try await port.connect(send: [3])
    try await eventually(port.loop, "the third is closed") { third.closed.count == 1 }
    try await on(port.loop) {
      #expect(port.listener?.refusedCount == 1)
      first.transport?.close()
    }
    try await eventually(port.loop, "the first has left") {
      port.accepted.first?.closed.count == 1
    }
    let fourth = try await port.connect(send: [4])
    try await eventually(port.loop, "there is room again") { fourth.bytes == [4] }
    await port.stop()
    #expect(table.count == 0)
  }

  @Test("per-peer limits count whom the PROXY header names")
  func perProxiedPeer() async throws {
    var configuration = ListenerConfiguration(address: .loopback(port: 0))
    configuration.proxyProtocol = .init()
    let table = PeerTable(maxConnections: 1, perSecond: nil, maxTracked: 10)
    let port = try await Port(configuration: configuration, peers: table)
    func connect(_ last: UInt8) async throws -> TransportLog {
      let header = proxyHeader(family: 0x11, [192, 0, 2, last, 10, 0, 0, 1, 0, 1, 0, 2])
      return try await port.connect(send: header + [last])
    }
    let first = try await connect(1)
    let second = try await connect(2)
    try await eventually(port.loop, "two peers are served") {
      first.bytes == [1] && second.bytes == [2]
    }
    let again = try await connect(1)
    try await eventually(port.loop, "the first peer's second is closed") { again.closed.count == 1 }
    await port.stop()
  }

  @Test("many who connect and say nothing keep nobody out")
  func silentHandshakes() async throws {
    let secured = try Secured()
    var limits = NetLimits()
    limits.maxConcurrentHandshakesPerLoop = 10
    let port = try await Port(limits: limits, tls: secured.server)
    var silent: [TransportLog] = []
    for _ in 0..<40 { silent.append(try await port.connect()) }
    let honest = try await port.connect(tls: secured.client, name: "localhost", send: [1])
    try await eventually(port.loop, "the honest one is served") { honest.bytes == [1] }
    let all = silent
    try await eventually(port.loop, "the oldest are closed") {
      all.count { $0.closed.count == 1 } >= 30
    }
    try await on(port.loop) {
      #expect(port.loop.handshakes.count <= 10)
      #expect(port.loop.handshakes.evictedCount >= 30)
      #expect(port.accepted.filter { $0.closed == [.limit("handshakes")] }.count >= 30)
      #expect(honest.closed.isEmpty)
    }
    await port.stop()
    #expect(port.loop.handshakes.count == 0)
  }

  @Test("a storm of handshakes does not hold up a connection that is open")
  func storm() async throws {
    let secured = try Secured()
    var limits = NetLimits()
    limits.maxHandshakeStepsPerTurn = 1
    let port = try await Port(limits: limits, tls: secured.server)
    let clients = try EventLoop()
    try clients.start()
    let address = try #require(port.listener).address
    let open = try await port.connect(tls: secured.client, name: "localhost", send: [1])
    try await eventually(port.loop, "it is open") { open.bytes == [1] }
    let others = try await on(clients) {
      (0..<100).map { _ in
        let log = TransportLog()
        log.transport = Transport.connect(
          to: address,
          on: clients,
          tls: secured.client,
          serverName: "localhost",
          delegate: log
        )
        return log
      }
    }
    try await on(port.loop) { open.write([2]) }
    try await eventually(port.loop, "it is answered") { open.bytes == [1, 2] }
    try await eventually(clients, "all get in") { others.allSatisfy { $0.opened == 1 } }
    try await on(port.loop) { #expect(port.loop.handshakes.evictedCount == 0) }
    await clients.stopAndWait()
    await port.stop()
  }

  @Test("handshakes beyond the rate wait in the kernel's queue, and are served")
  func rate() async throws {
    let secured = try Secured()
    var limits = NetLimits()
    limits.maxHandshakesPerSecondPerLoop = 10
    let port = try await Port(limits: limits, tls: secured.server)
    let start = MonotonicTime.read()
    var logs: [TransportLog] = []
    for _ in 0..<15 {
      logs.append(try await port.connect(tls: secured.client, name: "localhost", send: [1]))
    }
    let all = logs
    try await eventually(port.loop, "all are served") { all.allSatisfy { $0.bytes == [1] } }
    // Ten at once, then one every 100 ms.
    #expect(MonotonicTime.read() - start >= .milliseconds(400))
    await port.stop()
  }

  @Test("bytes that come slowly do not stretch the time for a handshake")
  func slowHandshake() async throws {
    let secured = try Secured()
    var limits = NetLimits()
    limits.handshakeTimeout = .milliseconds(150)
    let port = try await Port(limits: limits, tls: secured.server)
    let slow = try await port.connect()
    // The start of a ClientHello whose record is 512 bytes long.
    let start = MonotonicTime.read()
    for byte in [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 1, count: 60) {
      try await on(port.loop) { slow.write([byte]) }
      if try await on(port.loop, { slow.closed.count == 1 }) { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    try await eventually(port.loop, "it is cut") { slow.closed.count == 1 }
    #expect(MonotonicTime.read() - start < .seconds(3))
    try await on(port.loop) {
      #expect(port.accepted.first?.closed == [.timeout("TLS handshake")])
      #expect(port.loop.handshakes.count == 0)
    }
    await port.stop()
  }

  @Test("the kernel asks after silent peers, and gives up those that acknowledge nothing")
  func keepalive() async throws {
    var limits = NetLimits()
    limits.tcpKeepaliveIdle = .seconds(33)
    limits.tcpKeepaliveInterval = .seconds(7)
    limits.unacknowledgedTimeout = .seconds(21)
    let port = try await Port(limits: limits)
    _ = try await port.connect(send: [1])
    try await eventually(port.loop, "accepted") { port.accepted.count == 1 }
    try await on(port.loop) {
      let descriptor = try #require(port.accepted.first?.transport?.socketDescriptor)
      func option(_ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, level, name, &value, &size)
        return value
      }
      let tcp = Int32(IPPROTO_TCP)
      #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
      #expect(option(tcp, TCP_KEEPIDLE) == 33 && option(tcp, TCP_KEEPINTVL) == 7)
      #expect(option(tcp, TCP_KEEPCNT) == 4)
      #expect(option(tcp, TCP_USER_TIMEOUT) == 21_000)
      #expect(option(tcp, TCP_NODELAY) == 1)
    }
    await port.stop()
  }
}

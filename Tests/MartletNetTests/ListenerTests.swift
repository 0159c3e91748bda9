import Glibc
import TestFiles
import Testing

@testable import MartletNet

@Suite(.timeLimit(.minutes(1))) struct UnixListenerTests {
  @Test("a socket's file has its permissions, replaces a dead one's and goes with its listener")
  func life() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("socket")
    var configuration = ListenerConfiguration(address: .unix(path))
    configuration.permissions = 0o666
    do {
      // A listener whose process died: the file stays.
      let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      try SocketAddress.unix(path).withKernelForm { _ = bind(dead, $0, $1) }
      close(dead)
      #expect(directory.names == ["socket"])
    }
    let port = try await Port(configuration: configuration)
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o666)
    let client = try await port.connect(send: [1])
    try await eventually(port.loop, "the echo comes") { client.bytes == [1] }
    #expect(throws: NetError.systemCall(name: "bind unix:\(path)", code: EADDRINUSE)) {
      try Listener(loop: port.loop, configuration: configuration) { _ in }
    }
    await port.stop()
    #expect(directory.names == [])
  }

  @Test("a file that is no socket is left alone, and so is a successor's socket")
  func othersFiles() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("socket")
    try writeFile(path, [1])
    let configuration = ListenerConfiguration(address: .unix(path))
    let loop = try EventLoop()
    #expect(throws: NetError.systemCall(name: "bind unix:\(path)", code: EADDRINUSE)) {
      try Listener(loop: loop, configuration: configuration) { _ in }
    }
    #expect(try readFile(path) == [1])
    unlink(path)
    let first = try await Port(configuration: configuration)
    unlink(path)
    let second = try await Port(configuration: configuration)
    await first.stop()
    #expect(directory.names == ["socket"])
    await second.stop()
    #expect(directory.names == [])
  }

  @Test("a listener that was never started leaves no file behind")
  func neverStarted() throws {
    let directory = try TemporaryDirectory()
    let loop = try EventLoop()
    do {
      let address = SocketAddress.unix(directory.file("socket"))
      let listener = try Listener(loop: loop, address: address) { _ in }
      withExtendedLifetime(listener) {}
    }
    #expect(directory.names == [])
  }
}

@Suite(.timeLimit(.minutes(1))) struct DualStackTests {
  @Test("one socket takes both families, and an IPv4 client is one")
  func both() async throws {
    var configuration = ListenerConfiguration(address: try .init(host: "::", port: 0))
    configuration.isDualStack = true
    let port = try await Port(configuration: configuration)
    let number = try #require(port.listener?.address.port)
    for host in ["127.0.0.1", "::1"] {
      let client = try await port.connect(to: .init(host: host, port: number), send: [1])
      try await eventually(port.loop, "the echo comes") { client.bytes == [1] }
    }
    try await on(port.loop) {
      #expect(port.accepted.map { $0.transport?.peerAddress.host } == ["127.0.0.1", "::1"])
      #expect(port.accepted.map { $0.transport?.localAddress?.host } == ["127.0.0.1", "::1"])
    }
    await port.stop()
  }
}

@Suite(.timeLimit(.minutes(1))) struct ProxyListenerTests {
  private let header = proxyHeader(
    family: 0x11,
    [192, 0, 2, 7, 10, 0, 0, 1, 0xC0, 1, 1, 0xBB, 4, 0, 1, 9]
  )

  private func configuration(_ networks: [String]? = nil) throws -> ListenerConfiguration {
    var configuration = ListenerConfiguration(address: .loopback(port: 0))
    configuration.proxyProtocol = .init(trustedNetworks: try networks?.map { try Network($0) })
    return configuration
  }

  @Test("the client is whom the header names, and its bytes follow at once or later")
  func named() async throws {
    let port = try await Port(configuration: configuration(["127.0.0.0/8"]))
    let together = try await port.connect(send: header + [1, 2, 3])
    let apart = try await port.connect(send: Array(header.prefix(5)))
    try await eventually(port.loop, "the first echo comes") { together.bytes == [1, 2, 3] }
    for byte in header.dropFirst(5) + [4] {
      try await on(port.loop) { apart.write([byte]) }
    }
    try await eventually(port.loop, "the second echo comes") { apart.bytes == [4] }
    try await on(port.loop) {
      for log in port.accepted {
        #expect(log.transport?.peerAddress.description == "192.0.2.7:49153")
        #expect(log.transport?.localAddress?.description == "10.0.0.1:443")
      }
      #expect(port.loop.acceptedCount == 2)
    }
    await port.stop()
  }

  @Test("a health check of the proxy's own is the proxy's")
  func local() async throws {
    let port = try await Port(configuration: configuration())
    let client = try await port.connect(send: proxyHeader(command: 0x20, family: 0, []) + [1])
    try await eventually(port.loop, "the echo comes") { client.bytes == [1] }
    try await on(port.loop) {
      #expect(port.accepted.first?.transport?.peerAddress.host == "127.0.0.1")
    }
    await port.stop()
  }

  @Test("no header, a bad one, a stranger's and a slow one close the connection and nothing else")
  func refused() async throws {
    var limits = NetLimits()
    limits.proxyHeaderTimeout = .milliseconds(80)
    let port = try await Port(limits: limits, configuration: configuration())
    let stranger = try await Port(configuration: configuration(["10.0.0.0/8", "::1/128"]))
    for bytes in [Array("PRI * HTTP/2.0\r\n\r\n".utf8), Array(header.prefix(9)), []] {
      let client = try await port.connect(send: bytes)
      try await eventually(port.loop, "it is closed") { client.closed.count == 1 }
    }
    let other = try await stranger.connect(send: header + [1])
    try await eventually(stranger.loop, "it is closed") { other.closed.count == 1 }
    try await on(stranger.loop) { #expect(stranger.listener?.refusedCount == 1) }
    let fine = try await port.connect(send: header + [1])
    try await eventually(port.loop, "the echo comes") { fine.bytes == [1] }
    try await on(port.loop) {
      #expect(port.accepted.count == 1)
      #expect(port.loop.acceptedCount == 1)
    }
    await port.stop()
    await stranger.stop()
  }

  @Test("connections without a header count, and end with the loop")
  func counted() async throws {
    var limits = NetLimits()
    limits.maxConnectionsPerLoop = 2
    let port = try await Port(limits: limits, configuration: configuration())
    let first = try await port.connect()
    let second = try await port.connect()
    try await eventually(port.loop, "two wait") { port.loop.acceptedCount == 2 }
    let third = try await port.connect()
    try await eventually(port.loop, "the third is closed") { third.closed.count == 1 }
    try await on(port.loop) { #expect(first.closed.isEmpty && second.closed.isEmpty) }
    await port.stop()
    #expect(port.loop.acceptedCount == 0)
  }

  @Test("TLS follows the header")
  func tls() async throws {
    let directory = try TemporaryDirectory()
    let files = try DevelopmentCertificate.write(directory: directory.path)
    let server = try TLSContext.server(
      TLSServerConfiguration(
        certificateChainFile: files.certificate,
        privateKeyFile: files.privateKey
      )
    )
    let client = try TLSContext.client(TLSClientConfiguration(trustRoots: .file(files.certificate)))
    let port = try await Port(configuration: configuration(), tls: server)
    // A balancer between the two: its header, then what the client says.
    let balancer = try await Balancer(port.loop, to: port, header: header)
    let log = try await port.connect(
      to: balancer.address,
      tls: client,
      name: "localhost",
      send: [7, 8]
    )
    try await eventually(port.loop, "the echo comes") { log.bytes == [7, 8] }
    try await on(port.loop) {
      #expect(port.accepted.first?.transport?.peerAddress.host == "192.0.2.7")
      #expect(port.accepted.first?.transport?.tlsVersion == "TLSv1.3")
    }
    await port.stop()
  }
}

/// A load balancer for one connection at a time.
private final class Balancer: @unchecked Sendable {
  let address: SocketAddress
  private let listener: Listener

  init(_ loop: EventLoop, to port: Port, header: [UInt8]) async throws {
    let target = try #require(port.listener).address
    listener = try Listener(loop: loop, address: .loopback(port: 0)) { transport in
      let outside = Relay()
      let inside = Relay()
      outside.other = inside
      inside.other = outside
      inside.waiting = header
      transport.open(delegate: outside)
      outside.transport = transport
      inside.transport = Transport.connect(to: target, on: loop, delegate: inside)
    }
    address = listener.address
    let listener = listener
    try await on(loop) { try listener.start() }
  }

  private final class Relay: TransportDelegate {
    var transport: Transport?
    weak var other: Relay?
    var waiting: [UInt8] = []
    /// Holds the other one as long as it lives itself.
    private var partner: Relay?

    func send(_ bytes: UnsafeRawBufferPointer) {
      guard let transport, transport.isOpen else { return waiting.append(contentsOf: bytes) }
      transport.write(bytes)
    }
    func transportDidOpen(_ transport: Transport) {
      partner = other
      let bytes = waiting
      waiting = []
      bytes.withUnsafeBytes { transport.write($0) }
    }
    func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {
      other?.send(bytes)
    }
    func transportDidReachEnd(_ transport: Transport) { transport.closeInOrder() }
    func transportWillFlush(_ transport: Transport) {}
    func transportDidClose(_ transport: Transport, error: NetError?) {
      other?.transport?.closeInOrder()
      partner = nil
    }
  }
}

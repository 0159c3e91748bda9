import Glibc
import TestFiles
import Testing

@testable import MartletNet

@Suite struct SocketTests {
  @Test("addresses print and parse as people write them")
  func addresses() throws {
    #expect(try SocketAddress(host: "127.0.0.1", port: 80).description == "127.0.0.1:80")
    #expect(try SocketAddress(host: "::1", port: 80).description == "[::1]:80")
    #expect(SocketAddress.unix("/run/x").description == "unix:/run/x")
    #expect(throws: NetError.invalidAddress("localhost")) {
      try SocketAddress(host: "localhost", port: 80)
    }
  }

  @Test("bytes cross TCP, IPv6 and Unix sockets", arguments: ["127.0.0.1", "::1", "unix"])
  func echo(host: String) async throws {
    let directory = try TemporaryDirectory()
    let address: SocketAddress =
      host == "unix"
      ? .unix("\(directory.path)/socket") : try SocketAddress(host: host, port: 0)
    let port = try await Port(address: address)
    let client = try await port.connect(send: Array("hello".utf8))
    try await eventually(port.loop, "the echo comes") { client.bytes == Array("hello".utf8) }
    await port.stop()
  }

  @Test("a refused connection closes with the system's reason")
  func refused() async throws {
    let port = try await Port()
    try await on(port.loop) { port.listener?.close() }
    let client = try await port.connect()
    try await eventually(port.loop, "the client closes") { client.closed.count == 1 }
    try await on(port.loop) {
      #expect(client.closed == [.systemCall(name: "connect", code: ECONNREFUSED)])
      #expect(client.opened == 0)
    }
    await port.stop()
  }

  @Test("a peer that does not read makes bytes wait, and gets them all when it reads again")
  func slowReader() async throws {
    var limits = NetLimits()
    limits.maxPendingBytes = 64 << 20
    let port = try await Port(limits: limits, echoes: false)
    let body = [UInt8](repeating: 7, count: 15_000_000) + Array("end".utf8)
    let client = try await port.connect()
    try await eventually(port.loop, "connected") { port.accepted.first?.opened == 1 }
    try await on(port.loop) {
      port.accepted.first?.transport?.pauseReading()
      client.toSend = body
      client.transport?.setNeedsFlush()
    }
    try await Task.sleep(for: .milliseconds(50))
    try await on(port.loop) {
      let pending = try #require(client.transport).pendingByteCount
      #expect(pending > 1_000_000)
      #expect(port.accepted.first?.bytes.isEmpty == true)
      port.accepted.first?.transport?.resumeReading()
    }
    try await eventually(port.loop, "all arrives") {
      port.accepted.first?.bytes.count == body.count
    }
    try await on(port.loop) {
      #expect(port.accepted.first?.bytes == body)
      #expect(client.transport?.pendingByteCount == 0)
    }
    await port.stop()
  }

  @Test("what a peer does not take is bounded by a limit")
  func pendingLimit() async throws {
    var limits = NetLimits()
    limits.maxPendingBytes = 1 << 20
    let port = try await Port(limits: limits, echoes: false)
    let client = try await port.connect()
    try await eventually(port.loop, "connected") { port.accepted.first?.opened == 1 }
    try await on(port.loop) {
      port.accepted.first?.transport?.pauseReading()
      client.toSend = [UInt8](repeating: 0, count: 30_000_000)
      client.transport?.setNeedsFlush()
    }
    try await eventually(port.loop, "the sender gives up") {
      client.closed == [.limit("maxPendingBytes")]
    }
    await port.stop()
  }

  @Test("bytes never reach another connection, even when one writes within another's flush")
  func crossWrite() async throws {
    let port = try await Port(echoes: false)
    let first = try await port.connect()
    let second = try await port.connect()
    try await eventually(port.loop, "both are accepted") {
      port.accepted.count == 2 && port.accepted.allSatisfy { $0.opened == 1 }
    }
    try await on(port.loop) {
      first.toSend = [1, 1]
      first.duringFlush = {
        let bytes: [UInt8] = [2, 2]
        bytes.withUnsafeBytes { second.transport?.write($0) }
      }
      first.transport?.setNeedsFlush()
    }
    try await eventually(port.loop, "all arrive") {
      Set(port.accepted.map(\.bytes)) == [[1, 1], [2, 2]]
    }
    await port.stop()
  }

  @Test("a loop that is full closes further connections at once")
  func connectionLimit() async throws {
    var limits = NetLimits()
    limits.maxConnectionsPerLoop = 2
    let port = try await Port(limits: limits)
    let first = try await port.connect(send: [1])
    let second = try await port.connect(send: [2])
    try await eventually(port.loop, "two are served") { first.bytes == [1] && second.bytes == [2] }
    let third = try await port.connect(send: [3])
    try await eventually(port.loop, "the third is closed") { third.closed.count == 1 }
    try await on(port.loop) {
      #expect(port.listener?.refusedCount == 1)
      first.transport?.close()
    }
    try await eventually(port.loop, "one has left") { port.accepted.first?.closed.count == 1 }
    let fourth = try await port.connect(send: [4])
    try await eventually(port.loop, "there is room again") { fourth.bytes == [4] }
    await port.stop()
  }

  @Test("a connection that the kernel will not watch does not count as one for ever")
  func unwatchable() async throws {
    let loop = try EventLoop()
    try loop.start()
    let log = TransportLog()
    try await on(loop) {
      let transport = Transport(loop: loop, carrier: .none, peerAddress: .pipe, isAccepted: true)
      transport.open(delegate: log)
    }
    try await eventually(loop, "it closes") { log.closed.count == 1 }
    try await on(loop) { #expect(loop.acceptedCount == 0) }
    await loop.stopAndWait()
  }

  @Test("a listener without descriptors rests and then accepts again")
  func descriptorsExhausted() async throws {
    var limits = NetLimits()
    limits.acceptRetry = .milliseconds(60)
    let port = try await Port(limits: limits)
    try await on(port.loop) {
      port.listener?.acceptFailed(EMFILE)
      // The loop has let go of it, so that the waiting connection does not make epoll spin.
      #expect(port.listener?.place == -1)
    }
    let client = try await port.connect(send: [1])
    try await eventually(port.loop, "it accepts again") { client.bytes == [1] }
    await port.stop()
  }
}

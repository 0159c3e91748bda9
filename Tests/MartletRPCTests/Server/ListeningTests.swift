import EchoSchema
@testable import MartletNet
import Synchronization
import TestFiles
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
  @Test("a server listens on many addresses at once, each with its own protection")
  func many() async throws {
    let directory = try TemporaryDirectory()
    let tls = try EchoFixture().certificate(in: directory)
    let path = directory.file("socket")
    let server = EchoFixture().makeServer(
      ServerConfiguration(
        listeners: [
          .init(.tcp(host: "127.0.0.1", port: 0)), .init(.tcp(host: "::1", port: 0), tls: tls),
          .init(.unix(path: path)), .init(.tcp(host: "*", port: 0)),
        ],
        loops: 3
      )
    )
    let addresses = try server.start()
    try #require(addresses.count == 4)
    #expect(addresses[2].unixPath == path && addresses[2].description == "unix:\(path)")
    #expect(addresses[1].description == "[::1]:\(addresses[1].port)")
    #expect(addresses.filter { $0.unixPath == nil }.allSatisfy { $0.port > 0 })
    for (target, isSecure) in [
      (ChannelTarget.host("127.0.0.1", port: addresses[0].port), false),
      (.host("::1", port: addresses[1].port), true), (try .unix(path), false),
      (.host("::1", port: addresses[3].port), false),
      (.host("127.0.0.1", port: addresses[3].port), false),
    ] {
      var configuration = ChannelConfiguration(security: .plaintext)
      if isSecure {
        let roots = tls.certificateChainFile
        configuration.security = .tls(trust: .pemFile(roots), serverName: "localhost")
      }
      for _ in 0..<4 {
        let channel = Channel(to: target, configuration: configuration)
        let answer = try await EchoServiceClient(channel).get(request("here")).text
        #expect(answer == "here")
        await channel.close()
      }
    }
    await server.shutdown(grace: .zero)
    #expect(!directory.names.contains("socket"))
  }

  @Test("the first listener is what host, port and tls speak of")
  func first() {
    var configuration = ServerConfiguration(host: "::1", port: 7)
    #expect(configuration.host == "::1" && configuration.port == 7 && configuration.tls == nil)
    configuration.port = 8
    configuration.tls = .init(certificateChainFile: "a", privateKeyFile: "b")
    configuration.tls?.privateKeyFile = "c"
    #expect(configuration.listeners.count == 1)
    #expect(configuration.listeners[0].address == .tcp(host: "::1", port: 8))
    #expect(configuration.listeners[0].tls?.certificates.first?.privateKeyFile == "c")
    configuration.listeners = []
    configuration.port = 9
    #expect(configuration.listeners.first?.address == .tcp(host: "127.0.0.1", port: 9))
  }

  @Test("an address that cannot be bound is named, and leaves nothing open")
  func failures() async throws {
    let directory = try TemporaryDirectory()
    let cases: [(ServerConfiguration.Listener, String)] = [
      (.init(.tcp(host: "nowhere", port: 1)), "nowhere:1"),
      (.init(.tcp(host: "127.0.0.1", port: 65_536)), "127.0.0.1:65536"),
      (.init(.unix(path: directory.file("no/such/directory"))), "no/such/directory"),
      (
        .init(.tcp(host: "::1", port: 0), proxyProtocol: .init(trustedNetworks: ["10.0.0.0/99"])),
        "10.0.0.0/99"
      ),
    ]
    let path = directory.file("socket")
    for (listener, text) in cases {
      let server = EchoFixture().makeServer(
        ServerConfiguration(listeners: [.init(.unix(path: path)), listener], loops: 2)
      )
      let error = await failure { try server.start() }
      #expect(error.code == .unavailable && error.message.contains(text), "\(error.message)")
      #expect(directory.names == [])
    }
    // Without any it serves channels of its own process.
    let none = EchoFixture().makeServer(ServerConfiguration(listeners: []))
    let addresses = try none.start()
    #expect(addresses == [])
    await none.shutdown(grace: .zero)
  }

  @Test("behind a balancer a call's peer is the client that its header names")
  func proxied() async throws {
    let peer = Mutex("")
    let handler = CustomHandler(onGet: { _, call in
      peer.withLock { $0 = "\(call.peerAddress) at \(call.connection.localAddress)" }
      return EchoResponse()
    })
    let server = EchoFixture(handler: handler).makeServer(
      ServerConfiguration(
        listeners: [
          .init(
            .tcp(host: "127.0.0.1", port: 0),
            proxyProtocol: .init(trustedNetworks: ["127.0.0.0/8"])
          )
        ]
      )
    )
    let address = try #require(try server.start().first)
    let loop = try EventLoop()
    try loop.start()
    let header = Array("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n".utf8)
    for (bytes, isServed) in [(header, true), ([], false)] {
      let channel = Channel(configuration: .init(security: .plaintext), loop: loop) {
        (loop) throws(NetError) in
        try connected(to: .loopback(port: UInt16(address.port)), sending: bytes, on: loop)
      }
      let options = CallOptions(timeout: .seconds(10))
      do {
        _ = try await EchoServiceClient(channel).get(request(), options: options)
        #expect(isServed)
      } catch {
        #expect(!isServed && error.code == .unavailable)
      }
      await channel.close()
    }
    await loop.stopAndWait()
    await server.shutdown(grace: .zero)
    #expect(peer.withLock { $0 } == "[2001:db8::7]:4711 at [2001:db8::1]:443")
  }
}

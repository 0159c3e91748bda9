import EchoSchema
import Glibc
import MartletRPC

/// A server for tests of listening and TLS: what to listen on stands in its arguments.
///
/// `certificate=CHAIN,KEY` (any number), `clients=request,ROOTS` or `clients=require,ROOTS`, `proxy`,
/// `unix=PATH` beside TCP, `loops=N`, `peer=N` connections per peer, `fold=N` milliseconds or
/// -1 for never.
struct EchoListener {
  private var listener = ServerConfiguration.Listener(.tcp(host: "127.0.0.1", port: 0))
  private var unixPath: String?
  private var loops = 1
  private var limits = ServerLimits()

  init(_ arguments: [String]) {
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map { String($0) }
      let values = parts.count == 2 ? parts[1].split(separator: ",").map { String($0) } : []
      switch (parts[0], values.count) {
      case ("certificate", 2): add(.init(chainFile: values[0], privateKeyFile: values[1]))
      case ("clients", 2):
        listener.tls?.clientCertificates =
          values[0] == "require" ? .require(rootsFile: values[1]) : .request(rootsFile: values[1])
      case ("proxy", 0): listener.proxyProtocol = .init(trustedNetworks: ["127.0.0.0/8"])
      case ("unix", 1): unixPath = values[0]
      case ("loops", 1): loops = Int(values[0]) ?? 1
      case ("fold", 1):
        limits.foldDelay = Int(values[0]).flatMap { $0 < 0 ? nil : .milliseconds($0) }
      case ("peer", 1): limits.maxConnectionsPerPeer = Int(values[0])
      default: EchoPeer.fail("what is \(argument)?")
      }
    }
  }

  private mutating func add(_ certificate: ServerConfiguration.TLS.Certificate) {
    guard listener.tls != nil else {
      listener.tls = .init(certificates: [certificate])
      return
    }
    listener.tls?.certificates.append(certificate)
  }

  func run() async throws {
    var listeners = [listener]
    if let unixPath { listeners.append(.init(.unix(path: unixPath))) }
    var configuration = ServerConfiguration(listeners: listeners, loops: loops)
    configuration.limits = limits
    let server = Server(configuration: configuration, services: [EchoHandler().service])
    let addresses = try server.start()
    print("port \(addresses[0].port)")
    fflush(nil)
    try await offLoop { while getchar() != EOF {} }
    await server.shutdown(grace: .seconds(1))
    print("stopped")
  }
}

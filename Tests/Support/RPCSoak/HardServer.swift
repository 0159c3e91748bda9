import CLinux
import EchoSchema
import Glibc
import MartletRPC

/// A server of the echo service, in its own process so that its memory, descriptors and CPU can be
/// read from outside.
///
/// `serve [host=ADDRESS] [certificate=FILE key=FILE] [LIMIT=NUMBER ...] [DURATION=MILLISECONDS ...]`. On standard
/// input `census` asks what it holds; the input's end ends it, so that it outlives no test.
struct HardServer {
  private let server: Server

  init(_ arguments: [String]) {
    let settings = Settings(arguments)
    var configuration = ServerConfiguration(loops: settings.number("loops") ?? 1)
    if let host = settings["host"] { configuration.host = host }
    configuration.port = settings.number("port") ?? 0
    if let certificate = settings["certificate"], let key = settings["key"] {
      configuration.tls = .init(certificateChainFile: certificate, privateKeyFile: key)
    }
    settings.set(&configuration.limits, Self.numbers)
    Self.setDurations(&configuration.limits, settings)
    server = Server(configuration: configuration, services: [HardHandler().service])
  }

  private static var numbers: [(String, WritableKeyPath<ServerLimits, Int>)] {
    [
      ("maxRequestMessageBytes", \.maxRequestMessageBytes),
      ("maxPartialRequestBytes", \.maxPartialRequestBytes),
      ("maxUnsentResponseBytes", \.maxUnsentResponseBytes),
      ("maxConnectionsPerLoop", \.maxConnectionsPerLoop),
      ("maxConcurrentCallsPerConnection", \.maxConcurrentCallsPerConnection),
    ]
  }

  private static func setDurations(_ limits: inout ServerLimits, _ settings: Settings) {
    if let time = settings.milliseconds("handshakeTimeout") { limits.handshakeTimeout = time }
    if let time = settings.milliseconds("keepaliveInterval") { limits.keepaliveInterval = time }
    if let time = settings.milliseconds("keepaliveTimeout") { limits.keepaliveTimeout = time }
    if let time = settings.milliseconds("requestTimeout") { limits.requestTimeout = time }
    if let time = settings.milliseconds("connectionIdleTimeout") {
      limits.connectionIdleTimeout = time
    }
  }

  func run() async throws {
    let address = try server.start()
    RPCSoak.say("port \(address[0].port)")
    while let line = try await offLoop({ readLine() }) {
      guard line == "census" else { RPCSoak.fail("not a command: \(line)") }
      let census = await server.census()
      // What malloc keeps for later is no leak.
      martlet_malloc_trim()
      RPCSoak.say("connections \(census.connections) calls \(census.calls)")
    }
    await server.shutdown(grace: .milliseconds(500))
    RPCSoak.say("stopped")
  }
}

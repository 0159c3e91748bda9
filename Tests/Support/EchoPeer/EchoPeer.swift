import EchoSchema
import Glibc
import MartletRPC
import MartletServices

/// The peer that tests in other languages run: a server for their clients, a client for their
/// servers.
@main
enum EchoPeer {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    do {
      switch arguments.first {
      case "serve": try await serve(Array(arguments.dropFirst()))
      case "drive": try await ChannelDriver(Array(arguments.dropFirst())).run()
      case "listen": try await EchoListener(Array(arguments.dropFirst())).run()
      case "conform": try await ConformanceCaller(Array(arguments.dropFirst())).run()
      case "call": try await EchoCaller(Array(arguments.dropFirst())).run()
      default:
        fail(
          """
          usage: EchoPeer serve [CERTIFICATE KEY [MAX_REQUEST_BYTES]] [LIMIT=VALUE...]
               | call CHECK PORT [ROOTS]
               | conform KIND PORT [OPTION=VALUE...]
               | listen [OPTION=VALUE...]
          """
        )
      }
    } catch {
      fail("\(error)")
    }
  }

  /// Serves until standard input ends, so that it never outlives the test that started it.
  private static func serve(_ arguments: [String]) async throws {
    var configuration = ServerConfiguration()
    let arguments = PeerLimits.take(arguments, &configuration.limits)
    if arguments.count >= 2 {
      configuration.tls = .init(certificateChainFile: arguments[0], privateKeyFile: arguments[1])
    }
    configuration.limits.maxRequestMessageBytes =
      arguments.count == 3 ? Int(arguments[2]) ?? 1 << 20 : 1 << 20
    let echo = EchoHandler().service
    let health = HealthService([echo])
    let services = [echo, health.service]
    let server = Server(
      configuration: configuration,
      services: services + ReflectionService(services).services
    )
    let address = try server.start()
    print("port \(address[0].port)")
    fflush(nil)
    try await offLoop { while getchar() != EOF {} }
    health.shutdown()
    await server.shutdown(grace: .seconds(1))
    print("stopped")
  }

  static func fail(_ message: String) -> Never {
    print("failed: \(message)")
    exit(1)
  }
}

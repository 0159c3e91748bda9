import Glibc
import InteropSchema
import MartletRPC

/// gRPC's interoperability tests, as server and as client, for peers of other libraries.
///
/// See <https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md>.
@main
enum InteropPeer {
  private static let usage = """
    usage: InteropPeer serve [PORT [CERTIFICATE KEY]]
           InteropPeer call CASE HOST PORT [ROOTS]
           InteropPeer cases
           InteropPeer http2-cases
           InteropPeer measure FILE
    """

  static func main() async {
    var arguments = CommandLine.arguments.dropFirst()
    do {
      switch arguments.popFirst() {
      case "serve": try await serve(Array(arguments))
      case "call": try await call(Array(arguments))
      case "cases": for name in InteropCase.allCases { print(name.rawValue) }
      case "http2-cases": for name in HTTP2Case.allCases { print(name.rawValue) }
      case "measure": try CompressionCost.measure(file: arguments.first ?? "")
      default: fail(usage)
      }
    } catch {
      fail("\(error)")
    }
  }

  /// Serves until standard input ends, so that it never outlives the test that started it.
  private static func serve(_ arguments: [String]) async throws {
    var configuration = ServerConfiguration()
    if let port = arguments.first { configuration.port = Int(port) ?? 0 }
    if arguments.count == 3 {
      configuration.tls = .init(certificateChainFile: arguments[1], privateKeyFile: arguments[2])
    }
    let server = Server(configuration: configuration, services: [InteropHandler().service])
    let address = try server.start()
    print("port \(address[0].port)")
    fflush(nil)
    try await offLoop { while getchar() != EOF {} }
    await server.shutdown(grace: .seconds(1))
    print("stopped")
  }

  private static func call(_ arguments: [String]) async throws {
    guard (3...4).contains(arguments.count), let port = Int(arguments[2]) else { fail(usage) }
    var configuration = ChannelConfiguration(security: .plaintext)
    if arguments.count == 4 { configuration.security = .tls(trust: .pemFile(arguments[3])) }
    let settings = configuration
    let caller = InteropCaller {
      Channel(to: .host(arguments[1], port: port), configuration: settings)
    }
    if let test = InteropCase(rawValue: arguments[0]) {
      try await caller.run(test)
    } else if let test = HTTP2Case(rawValue: arguments[0]) {
      try await caller.run(test)
    } else {
      fail("no such case: \(arguments[0])")
    }
    await caller.channel.close()
    print("passed \(arguments[0])")
  }

  static func fail(_ message: String) -> Never {
    print("failed: \(message)")
    exit(1)
  }
}

import Glibc
import GreeterSchema
import MartletRPC

/// `bench-rpc-server CERTIFICATE KEY [LOOPS]`: prints the port and serves until standard input ends.
@main
enum BenchmarkServer {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      fatalError("usage: bench-rpc-server CERTIFICATE KEY [LOOPS]")
    }
    let configuration = ServerConfiguration(
      tls: .init(certificateChainFile: arguments[1], privateKeyFile: arguments[2]),
      loops: arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
    )
    let server = Server(configuration: configuration, services: [Greeter().service])
    print("port \(try server.start()[0].port)")
    fflush(nil)
    while getchar() != EOF {}
    // Streams that a client left open are no reason to wait.
    exit(0)
  }
}

struct Greeter: GreeterHandler {
  func sayHello(_ request: HelloRequest, _ call: ServerCall) async throws -> HelloReply {
    var reply = HelloReply()
    reply.message = "Hello, " + request.name
    return reply
  }

  func chat(
    _ requests: MessageStream<Note>,
    _ responses: MessageWriter<Note>,
    _ call: ServerCall
  ) async throws {
    for try await note in requests { try await responses.send(note) }
  }

  func echo(_ request: Blob, _ call: ServerCall) async throws -> Blob { request }
}

import Dispatch
import GRPCCore
import GRPCNIOTransportHTTP2
import Glibc
import NIOPosix
import PeerSchema

/// `grpc-swift-server CERTIFICATE KEY`: prints the port and serves until standard input ends.
@main
enum Server {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { fatalError("usage: grpc-swift-server CERTIFICATE KEY") }
    let server = GRPCServer(
      transport: .http2NIOPosix(
        address: .ipv4(host: "127.0.0.1", port: 0),
        transportSecurity: .tls(
          certificateChain: [.file(path: arguments[1], format: .pem)],
          privateKey: .file(path: arguments[2], format: .pem)
        ),
        // It is pinned to one core; a loop for each core of the machine would only get in its way.
        eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1)
      ),
      services: [GreeterService()]
    )
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await server.serve() }
      let port = try await server.listeningAddress?.ipv4?.port ?? 0
      print("port \(port)")
      fflush(nil)
      DispatchQueue.global().async {
        while getchar() != EOF {}
        exit(0)
      }
    }
  }
}

struct GreeterService: Bench_Rpc_V1_Greeter.SimpleServiceProtocol {
  func sayHello(
    request: Bench_Rpc_V1_HelloRequest,
    context: ServerContext
  ) async throws -> Bench_Rpc_V1_HelloReply {
    var reply = Bench_Rpc_V1_HelloReply()
    reply.message = "Hello, " + request.name
    return reply
  }

  func chat(
    request: RPCAsyncSequence<Bench_Rpc_V1_Note, any Error>,
    response: RPCWriter<Bench_Rpc_V1_Note>,
    context: ServerContext
  ) async throws {
    for try await note in request { try await response.write(note) }
  }

  func echo(request: Bench_Rpc_V1_Blob, context: ServerContext) async throws -> Bench_Rpc_V1_Blob {
    request
  }
}

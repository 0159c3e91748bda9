import GreeterSchema
import Languages
import MartletRPC

struct EveryonesGreeter: GreeterHandler {
  func greet(_ request: GreetRequest, _ call: ServerCall) async throws -> GreetResponse {
    .with { $0.text = "\(request.language.greeting), \(request.name)!" }
  }

  func greetInAll(
    _ request: GreetRequest,
    _ responses: MessageWriter<GreetResponse>,
    _ call: ServerCall
  ) async throws {
    for language in Language.allNamed where language != .unspecified {
      var request = request
      request.language = language
      try await responses.send(greet(request, call))
    }
  }
}

@main
struct GreeterServer {
  static func main() async throws {
    let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 50051
    let configuration = ServerConfiguration(port: port)
    let server = Server(configuration: configuration, services: [EveryonesGreeter().service])
    print("listening on \(try server.start()[0])")
    while true { try await Task.sleep(for: .seconds(3600)) }
  }
}

import GreeterSchema
import Languages
import MartletRPC

@main
struct Main {
  static func main() async throws {
    let arguments = CommandLine.arguments  // PORT NAME
    let channel = Channel(
      to: .host("127.0.0.1", port: Int(arguments[1]) ?? 50051),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    let request = GreetRequest.with { $0.name = arguments[2] }
    let greeter = GreeterClient(channel)
    print(try await greeter.greet(request).text)
    for try await response in try await greeter.greetInAll(request).responses {
      print(response.text)
    }
    await channel.close()
  }
}

import EchoSchema
import MartletObservability
import MartletRPC
import Testing

/// Real calls over loopback, through interceptors on both sides.
struct ObservabilityFixture {
  var server: [any ServerInterceptor] = []
  var client: [any ClientInterceptor] = []
  var handler: any ServiceHandler = EchoHandler()
  var retries: RetryPolicy?

  func run(_ body: (EchoServiceClient) async throws -> Void) async throws {
    let running = Server(
      configuration: ServerConfiguration(),
      services: [handler.service],
      interceptors: server
    )
    let port = try #require(try running.start().first).port
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.interceptors = client
    if let retries { configuration.retries.channel = .policy(retries) }
    let channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
    do { try await body(EchoServiceClient(channel)) } catch {
      Issue.record(error)
    }
    await channel.close()
    await running.shutdown(grace: .zero)
  }

  /// One call of each kind, then one that fails, one too late, and one given up.
  static func callAll(_ client: EchoServiceClient) async throws {
    _ = try await client.get(request("four"))
    for try await _ in try await client.expand(request("four", count: 3)).responses {}
    let collect = try await client.collect()
    for text in ["a", "b"] { try await collect.requests.send(request(text)) }
    await collect.requests.finish()
    _ = try await collect.response()
    let chat = try await client.chat()
    try await chat.requests.send(request("a"))
    await chat.requests.finish()
    for try await _ in chat.responses {}
    var failing = request("secret")
    failing.status = UInt32(StatusCode.permissionDenied.rawValue)
    failing.statusMessage = "the password is hunter2"
    _ = try? await client.get(failing)
    var slow = request("slow")
    slow.delayMs = 10_000
    _ = try? await client.get(slow, options: CallOptions(timeout: .milliseconds(100)))
  }

  static func request(_ text: String, count: UInt32 = 0) -> EchoRequest {
    var request = EchoRequest()
    request.text = text
    request.count = count
    return request
  }
}

/// Looks every few milliseconds, for ten seconds at most.
func waitUntil(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(10)
  while !condition() {
    if ContinuousClock.now > end { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}

import EchoSchema
import Glibc
import MartletRPC

/// A channel that a test drives from standard input, a command a line: `call`, `state`, `stall`.
struct ChannelDriver {
  private let channel: Channel
  private var client: EchoServiceClient { EchoServiceClient(channel) }

  init(_ arguments: [String]) throws {
    guard arguments.count >= 2 else {
      EchoPeer.fail("usage: EchoPeer drive TARGET pick-first|round-robin [retry]")
    }
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.loadBalancing = arguments[1] == "round-robin" ? .roundRobin : .pickFirst
    configuration.backoff.initial = .milliseconds(100)
    configuration.backoff.maximum = .milliseconds(500)
    configuration.stallTimeout = .seconds(1)
    configuration.keepaliveTimeout = .seconds(1)
    if arguments.dropFirst(2).contains("retry") {
      configuration.retries.channel = .policy(RetryPolicy(maxAttempts: 5))
    }
    channel = Channel(to: try ChannelTarget(arguments[0]), configuration: configuration)
  }

  func run() async throws {
    while let line = try await offLoop({ readLine() }) {
      switch line {
      case "call": await call()
      case "state": print(state)
      case "stall": await stall()
      default: EchoPeer.fail("no such command: \(line)")
      }
      fflush(nil)
    }
    await channel.close()
  }

  private func call() async {
    let report = CallReport()
    var options = CallOptions(timeout: .seconds(20), waitForReady: true)
    options.report = report
    let status = await status { try await client.get(EchoRequest(), options: options) }
    print("\(status) \(report.server ?? "nowhere") \(report.attempts)")
  }

  private var state: String {
    if case .transientFailure = channel.state { return "transientFailure" }
    return "\(channel.state)"
  }

  /// Sends and receives until the call ends, and tells how long nothing came before that.
  private func stall() async {
    var last = ContinuousClock.now
    let status = await status {
      let call = try await client.chat()
      var responses = call.responses.makeAsyncIterator()
      var request = EchoRequest()
      request.paddingBytes = 1_000
      while true {
        try await call.requests.send(request)
        guard try await responses.next() != nil else { return }
        last = .now
      }
    }
    print("\(status) after \((ContinuousClock.now - last) / .milliseconds(1))")
  }

  private func status<T>(_ call: () async throws -> T) async -> String {
    do {
      _ = try await call()
      return "OK"
    } catch {
      return (error as? RPCError)?.code.name ?? "\(error)"
    }
  }
}

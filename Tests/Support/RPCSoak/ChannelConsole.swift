import CLinux
import EchoSchema
import Glibc
import MartletRPC

/// A client in its own process whose server the test plays.
///
/// `console [host=ADDRESS] [stallTimeout=MS] [keepaliveTimeout=MS] [keepaliveInterval=MS]`.
///
/// Each line of standard input is `NAME PORT KIND TIMEOUT_MS`: one call, made at once and reported
/// as `NAME STATUS MESSAGE` when it ends. KIND is `get`, `expand` (all responses are read),
/// `stalled` (none is read), `chat` (one round trip), `quiet` (a round trip, and then nothing) or
/// `slow` (the server takes a minute).
struct ChannelConsole {
  private let settings: Settings

  init(_ arguments: [String]) {
    settings = Settings(arguments)
  }

  private final class Channels {
    private let settings: Settings
    private var open: [Int: Channel] = [:]

    init(_ settings: Settings) {
      self.settings = settings
    }

    func channel(_ port: Int) -> Channel {
      if let channel = open[port] { return channel }
      var configuration = ChannelConfiguration(security: .plaintext)
      configuration.backoff.initial = .milliseconds(10)
      configuration.backoff.maximum = .milliseconds(50)
      configuration.connectTimeout = .seconds(2)
      configuration.limits.maxResponseMessageBytes = 1 << 20
      if let time = settings.milliseconds("stallTimeout") { configuration.stallTimeout = time }
      if let time = settings.milliseconds("keepaliveTimeout") {
        configuration.keepaliveTimeout = time
      }
      configuration.keepaliveInterval = settings.milliseconds("keepaliveInterval")
      let host = settings["host"] ?? "127.0.0.1"
      let channel = Channel(to: .host(host, port: port), configuration: configuration)
      open[port] = channel
      return channel
    }
  }

  func run() async throws {
    let channels = Channels(settings)
    RPCSoak.say("ready")
    while let line = try await offLoop({ readLine() }) {
      if line == "trim" {
        martlet_malloc_trim()
        RPCSoak.say("trimmed")
        continue
      }
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 4, let port = Int(words[1]), let timeout = Int(words[3]) else {
        RPCSoak.fail("not a call: \(line)")
      }
      let client = EchoServiceClient(channels.channel(port))
      let options = CallOptions(
        timeout: .milliseconds(timeout),
        waitForReady: words[2] == "patient"
      )
      Task {
        let result = await Self.result { try await Self.call(words[2], client, options) }
        RPCSoak.say("\(words[0]) \(result)")
      }
    }
  }

  private static func call(
    _ kind: String,
    _ client: EchoServiceClient,
    _ options: CallOptions
  ) async throws -> String {
    var request = EchoRequest()
    request.text = "hello"
    request.count = 1
    switch kind {
    case "get", "patient":
      return try await client.get(request, options: options).text
    case "slow":
      request.delayMs = 60_000
      return try await client.get(request, options: options).text
    case "expand":
      let call = try await client.expand(request, options: options)
      var count = 0
      for try await _ in call.responses { count += 1 }
      return "\(count)"
    case "stalled":
      let call = try await client.expand(request, options: options)
      _ = try await call.trailers()
      return ""
    case "chat", "quiet":
      let call = try await client.chat(options: options)
      try await call.requests.send(request)
      var responses = call.responses.makeAsyncIterator()
      let text = try await responses.next()?.text
      if kind == "chat" { await call.requests.finish() }
      while try await responses.next() != nil {}
      return text ?? "none"
    default: RPCSoak.fail("no such kind of call: \(kind)")
    }
  }

  private static func result(_ call: () async throws -> String) async -> String {
    do {
      return "OK \(try await call())"
    } catch let error as RPCError {
      return "\(error.code.name) \(error.message.replacing("\n", with: " "))"
    } catch {
      return "unexpected \(error)"
    }
  }
}

import CLinux
import EchoSchema
import Glibc
import MartletRPC

/// Calls of every kind, ended in every way, from a seed; at the end the client's own memory and
/// descriptors must be what they were.
///
/// `load port=N seconds=N seed=N [roots=FILE] [tasks=N]`
struct SoakLoad {
  private let port: Int
  private let seconds: Int
  private let seed: UInt64
  private let tasks: Int
  private let configuration: ChannelConfiguration

  init(_ arguments: [String]) {
    let settings = Settings(arguments)
    guard let port = settings.number("port"), let seconds = settings.number("seconds") else {
      RPCSoak.fail("load needs port and seconds")
    }
    self.port = port
    self.seconds = seconds
    seed = UInt64(settings.number("seed") ?? 1)
    tasks = settings.number("tasks") ?? 8
    var configuration = ChannelConfiguration(security: .plaintext)
    if let roots = settings["roots"] {
      configuration.security = .tls(trust: .pemFile(roots), serverName: "localhost")
    }
    configuration.backoff.initial = .milliseconds(20)
    configuration.backoff.maximum = .milliseconds(200)
    self.configuration = configuration
  }

  func run() async throws {
    // What the first calls set up for good is no leak.
    await work(until: .now + .seconds(min(5, max(1, seconds / 10))), seed: seed)
    let before = Self.footprint()
    let tally = await work(until: .now + .seconds(seconds), seed: seed &+ 1)
    try await Task.sleep(for: .seconds(1))
    let after = Self.footprint()
    RPCSoak.say(
      "load \(tally) memory \(before.kilobytes) -> \(after.kilobytes) KB, "
        + "descriptors \(before.descriptors) -> \(after.descriptors)"
    )
    guard after.descriptors <= before.descriptors else { RPCSoak.fail("descriptors leak") }
    guard after.kilobytes <= before.kilobytes + Self.toleranceKilobytes else {
      RPCSoak.fail("memory grew by \(after.kilobytes - before.kilobytes) KB")
    }
  }

  /// The allocator's scatter; a leak of one small object a call exceeds it within a minute.
  private static let toleranceKilobytes = 8_192

  private static func footprint() -> (kilobytes: Int, descriptors: Int) {
    martlet_malloc_trim()
    let statm = (try? readFile("/proc/self/statm")) ?? ""
    let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    var descriptors = 0
    if let folder = opendir("/proc/self/fd") {
      while readdir(folder) != nil { descriptors += 1 }
      closedir(folder)
    }
    return (pages * Int(getpagesize()) / 1024, descriptors)
  }

  private static func readFile(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Every channel is closed when it returns.
  @discardableResult
  private func work(until end: ContinuousClock.Instant, seed: UInt64) async -> String {
    await withTaskGroup(of: SoakCaller.self) { group in
      for number in 0..<tasks {
        group.addTask {
          var caller = SoakCaller(port, configuration, seed: seed &* 1_000 &+ UInt64(number))
          while ContinuousClock.now < end { await caller.step() }
          await caller.close()
          return caller
        }
      }
      var calls = 0
      var failures = 0
      for await caller in group {
        calls += caller.calls
        failures += caller.failures
      }
      return "\(calls) calls, \(failures) not OK,"
    }
  }
}

/// One user of channels who makes up its mind by a generator.
struct SoakCaller {
  private let port: Int
  private let configuration: ChannelConfiguration
  private var random: SeededGenerator
  private var channel: Channel
  /// What every answer must repeat: another's would be bytes of another call.
  private let whose: String
  private(set) var calls = 0
  private(set) var failures = 0

  init(_ port: Int, _ configuration: ChannelConfiguration, seed: UInt64) {
    self.port = port
    self.configuration = configuration
    random = SeededGenerator(seed: seed)
    whose = "caller \(seed) of \(getpid())"
    channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
  }

  mutating func step() async {
    calls += 1
    do {
      try await call(Int.random(in: 0..<100, using: &random))
    } catch {
      failures += 1
    }
  }

  func close() async { await channel.close() }

  private mutating func call(_ choice: Int) async throws {
    let client = EchoServiceClient(channel)
    switch choice {
    case ..<30: try await unary(client)
    case ..<45: try await expand(client, reads: Int.random(in: 0..<60, using: &random))
    case ..<60: try await collect(client)
    case ..<80: try await chat(client)
    case ..<90: try await cancelled(client)
    case ..<97: try await many(client)
    default: try await newChannel()
    }
  }

  private func check(_ response: EchoResponse?) {
    guard let response, response.text != whose else { return }
    RPCSoak.fail("an answer for '\(response.text)' came to '\(whose)'")
  }

  private mutating func unary(_ client: EchoServiceClient) async throws {
    check(try await client.get(request(), options: options()))
  }

  private mutating func request() -> EchoRequest {
    var request = EchoRequest()
    request.text = whose
    request.paddingBytes = UInt32.random(in: 0..<2_000, using: &random)
    if Int.random(in: 0..<50, using: &random) == 0 { request.paddingBytes = 300_000 }
    if Int.random(in: 0..<20, using: &random) == 0 {
      request.padding = [UInt8](repeating: 7, count: Int.random(in: 0..<200_000, using: &random))
    }
    if Int.random(in: 0..<10, using: &random) == 0 {
      request.delayMs = UInt32.random(in: 0..<50, using: &random)
    }
    if Int.random(in: 0..<20, using: &random) == 0 { request.status = 9 }
    return request
  }

  private mutating func options() -> CallOptions {
    var options = CallOptions(timeout: .seconds(20))
    if Int.random(in: 0..<8, using: &random) == 0 {
      options.timeout = .microseconds(Int64.random(in: 1..<20_000, using: &random))
    }
    if Int.random(in: 0..<8, using: &random) == 0 {
      try? options.metadata.append("hello", for: "x-echo-text")
      try? options.metadata.append([1, 2, 3], for: "x-echo-bytes-bin")
    }
    return options
  }

  /// Reads some of the responses, then lets go.
  private mutating func expand(_ client: EchoServiceClient, reads: Int) async throws {
    var request = request()
    request.count = UInt32.random(in: 0..<50, using: &random)
    let call = try await client.expand(request, options: options())
    var responses = call.responses.makeAsyncIterator()
    for _ in 0..<reads {
      guard let response = try await responses.next() else { break }
      check(response)
    }
  }

  private mutating func collect(_ client: EchoServiceClient) async throws {
    let call = try await client.collect(options: options())
    for _ in 0..<Int.random(in: 0..<20, using: &random) { try await call.requests.send(request()) }
    guard Bool.random(using: &random) else { return call.cancel() }
    await call.requests.finish()
    _ = try await call.response()
  }

  private mutating func chat(_ client: EchoServiceClient) async throws {
    let call = try await client.chat(options: options())
    var responses = call.responses.makeAsyncIterator()
    for _ in 0..<Int.random(in: 0..<20, using: &random) {
      try await call.requests.send(request())
      guard let response = try await responses.next() else { break }
      check(response)
    }
    guard Bool.random(using: &random) else { return }
    await call.requests.finish()
    while try await responses.next() != nil {}
  }

  /// A task that is cancelled somewhere in its call.
  private mutating func cancelled(_ client: EchoServiceClient) async throws {
    var request = request()
    request.delayMs = 5_000
    let options = options()
    let delay = Duration.microseconds(Int64.random(in: 0..<30_000, using: &random))
    let task = Task { [request] in try await client.get(request, options: options) }
    try await Task.sleep(for: delay)
    task.cancel()
    _ = try await task.value
  }

  /// Many calls side by side.
  private mutating func many(_ client: EchoServiceClient) async throws {
    let requests = (0..<Int.random(in: 2..<60, using: &random)).map { _ in request() }
    let options = options()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for request in requests {
        group.addTask { _ = try await client.get(request, options: options) }
      }
      try await group.waitForAll()
    }
  }

  /// Closes the channel, or forgets it.
  private mutating func newChannel() async throws {
    if Bool.random(using: &random) { await channel.close() }
    channel = Channel(to: .host("127.0.0.1", port: port), configuration: configuration)
  }
}

/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

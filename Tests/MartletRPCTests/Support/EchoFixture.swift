import EchoSchema
import Glibc
import MartletHTTP2
import MartletNet
import Synchronization
import TestFiles
import Testing

@testable import MartletRPC

/// What carries the bytes of a test.
enum Wire: String, CaseIterable {
  case pipe, plaintext, tls
}

/// A server with a handler, and a channel to it.
struct EchoFixture {
  var wire = Wire.pipe
  var server = ServerConfiguration()
  var channel = ChannelConfiguration(security: .plaintext)
  var interceptors: [any ServerInterceptor] = []
  var handler: any ServiceHandler = EchoHandler()

  /// Runs `body` with a client, then stops both sides, whatever happens.
  func run(_ body: (EchoServiceClient, Channel) async throws -> Void) async throws {
    switch wire {
    case .pipe: try await runOverPipe(body)
    case .plaintext: try await runOverSocket(tls: nil, body)
    case .tls:
      let directory = try TemporaryDirectory()
      defer { withExtendedLifetime(directory) {} }
      try await runOverSocket(tls: try certificate(in: directory), body)
    }
  }

  private func runOverPipe(_ body: (EchoServiceClient, Channel) async throws -> Void) async throws {
    let serverLoop = try ServerLoop(
      configuration: server,
      router: Router([handler.service], interceptors: interceptors)
    )
    let clientLoop = try EventLoop()
    try serverLoop.loop.start()
    try clientLoop.start()
    let channel = Channel(configuration: channel, loop: clientLoop) { loop in
      let ends = Transport.pipe(serverLoop.loop, loop)
      serverLoop.loop.execute { serverLoop.adopt(ends.server) }
      return ends.client
    }
    let outcome = await result { try await body(EchoServiceClient(channel), channel) }
    await channel.close()
    await Task(executorPreference: serverLoop.loop) { await serverLoop.waitUntilEmpty() }.value
    await serverLoop.loop.stopAndWait()
    await clientLoop.stopAndWait()
    try outcome.get()
  }

  private func runOverSocket(
    tls: ServerConfiguration.TLS?,
    _ body: (EchoServiceClient, Channel) async throws -> Void
  ) async throws {
    var serverConfiguration = self.server
    var channelConfiguration = self.channel
    serverConfiguration.tls = tls
    if let tls {
      channelConfiguration.security = .tls(trust: .pemFile(tls.certificateChainFile))
    }
    let server = makeServer(serverConfiguration)
    let address = try #require(try server.start().first)
    let channel = Channel(
      to: .host("localhost", port: address.port),
      configuration: channelConfiguration
    )
    let outcome = await result { try await body(EchoServiceClient(channel), channel) }
    await channel.close()
    await server.shutdown(grace: .zero)
    try outcome.get()
  }

  func makeServer(_ configuration: ServerConfiguration) -> Server {
    Server(
      configuration: configuration,
      services: [handler.service],
      interceptors: interceptors
    )
  }

  /// A development certificate in a directory that the caller keeps as long as it is used.
  func certificate(in directory: TemporaryDirectory) throws -> ServerConfiguration.TLS {
    let files = try DevelopmentCertificate.write(directory: directory.path)
    return .init(certificateChainFile: files.certificate, privateKeyFile: files.privateKey)
  }

  private func result(_ body: () async throws -> Void) async -> Result<Void, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}

/// A flag that tests set in one task and wait for in another.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }

  /// Waits until it is set; false when that takes longer than ten seconds.
  func wait() async -> Bool {
    await waitUntil { isSet }
  }
}

/// A counter that several tasks use.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  var current: Int { value.load(ordering: .acquiring) }
  func increment() { value.add(1, ordering: .acquiringAndReleasing) }
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

/// The error that a call fails with; a failed test when it succeeds.
func failure<T>(
  _ location: SourceLocation = #_sourceLocation,
  of call: () async throws -> T
) async -> RPCError {
  do {
    _ = try await call()
    Issue.record("the call succeeded", sourceLocation: location)
  } catch let error as RPCError {
    return error
  } catch {
    Issue.record("not an RPCError: \(error)", sourceLocation: location)
  }
  return RPCError(.ok, "")
}

func request(_ text: String = "", count: UInt32 = 0, paddingBytes: UInt32 = 0) -> EchoRequest {
  var request = EchoRequest()
  request.text = text
  request.count = count
  request.paddingBytes = paddingBytes
  return request
}

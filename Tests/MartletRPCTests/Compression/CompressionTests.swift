import EchoSchema
import MartletHTTP2
import Synchronization
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct CompressionTests {
  static let algorithms: [CompressionAlgorithm] = [.gzip, .deflate]

  private func responding(
    _ change: @escaping @Sendable (ServerCall) -> Void = { _ in }
  ) -> CustomHandler {
    CustomHandler(onGet: { request, call in
      change(call)
      var response = EchoResponse()
      response.index = UInt32(call.compressedRequestCount)
      response.padding = [UInt8](repeating: 7, count: Int(request.paddingBytes))
      return response
    })
  }

  /// Makes a call and counts how many of its one request and one response were compressed.
  private func expect(
    _ counts: [Int],
    _ channel: Channel,
    _ request: EchoRequest,
    _ options: CallOptions = CallOptions(),
    _ location: SourceLocation = #_sourceLocation
  ) async throws {
    let call = try await channel.open(EchoService.Methods.get, options: options)
    try await call.requests.send(request)
    await call.requests.finish()
    let response = try await call.response()
    #expect(response.padding.count == Int(request.paddingBytes), sourceLocation: location)
    let found = [Int(response.index), call.compressedResponseCount]
    #expect(found == counts, sourceLocation: location)
  }

  private func large() -> EchoRequest {
    var large = request("", paddingBytes: 10_000)
    large.padding = [UInt8](repeating: 9, count: 10_000)
    return large
  }

  @Test("nothing is compressed unless somebody asks")
  func byDefault() async throws {
    try await EchoFixture(handler: responding()).run { _, channel in
      try await expect([0, 0], channel, large())
    }
  }

  @Test("a channel's and a call's choice for requests", arguments: algorithms)
  func requests(algorithm: CompressionAlgorithm) async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.channel.compression.requests = algorithm
    try await fixture.run { client, channel in
      try await expect([1, 0], channel, large())
      let plain = CallOptions(compression: .identity)
      try await expect([0, 0], channel, large(), plain)
      // The way of generated code, without a handle.
      let unary = try await client.get(large())
      #expect(unary.index == 1)
    }
    fixture.channel.compression.requests = .identity
    try await fixture.run { _, channel in
      let options = CallOptions(compression: algorithm)
      try await expect([1, 0], channel, large(), options)
    }
  }

  @Test("a server's and a call's choice for responses", arguments: algorithms)
  func responses(algorithm: CompressionAlgorithm) async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.server.compression.responses = .algorithm(algorithm)
    try await fixture.run { _, channel in
      try await expect([0, 1], channel, large())
    }
    fixture.handler = responding { $0.responseCompression = .identity }
    try await fixture.run { _, channel in
      try await expect([0, 0], channel, large())
    }
    fixture.server.compression.responses = .algorithm(.identity)
    fixture.handler = responding { $0.responseCompression = algorithm }
    try await fixture.run { _, channel in
      try await expect([0, 1], channel, large())
    }
  }

  @Test("a server that answers as it is asked", arguments: algorithms)
  func likeRequests(algorithm: CompressionAlgorithm) async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.server.compression.responses = .likeRequests
    try await fixture.run { _, channel in
      let options = CallOptions(compression: algorithm)
      try await expect([1, 1], channel, large(), options)
      try await expect([0, 0], channel, large())
    }
  }

  @Test("a client that takes no compression gets none")
  func notAccepted() async throws {
    var fixture = EchoFixture(handler: responding { $0.responseCompression = .gzip })
    for accepted in [[], [.deflate]] as [Set<CompressionAlgorithm>] {
      fixture.channel.compression.accepted = accepted
      try await fixture.run { _, channel in
        let options = CallOptions(compression: .deflate)
        try await expect([1, 0], channel, large(), options)
      }
    }
  }

  @Test("small messages and noise go as they are, in a call that compresses")
  func notWorthIt() async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.server.compression.responses = .algorithm(.gzip)
    fixture.channel.compression.requests = .gzip
    try await fixture.run { _, channel in
      try await expect([0, 0], channel, request("", paddingBytes: 100))
      var noise = request("", paddingBytes: 10_000)
      noise.padding = (0..<10_000).map { _ in .random(in: .min ... .max) }
      try await expect([0, 1], channel, noise)
    }
  }

  @Test("single messages of a stream can be left uncompressed, both ways")
  func perMessage() async throws {
    let handler = CustomHandler(onChat: { requests, responses, call in
      call.responseCompression = .gzip
      for try await request in requests {
        var response = EchoResponse()
        response.index = UInt32(call.compressedRequestCount)
        response.padding = request.padding
        call.compressesResponses = request.count == 1
        try await responses.send(response)
      }
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.chat(options: CallOptions(compression: .deflate))
      var responses = call.responses.makeAsyncIterator()
      var counts: [[Int]] = []
      for (isCompressed, wanted) in [(false, 1), (true, 0), (true, 1), (false, 0)]
        as [(Bool, UInt32)]
      {
        var message = request(count: wanted)
        message.padding = [UInt8](repeating: 3, count: 5000)
        call.compressesRequests = isCompressed
        try await call.requests.send(message)
        let response = try #require(try await responses.next())
        #expect(response.padding == message.padding)
        counts.append([Int(response.index), call.compressedResponseCount])
      }
      await call.requests.finish()
      #expect(counts == [[0, 1], [1, 1], [2, 2], [2, 2]])
    }
  }

  @Test(
    "requests and responses of every size come whole, compressed both ways",
    arguments: Wire.allCases
  )
  func sizes(wire: Wire) async throws {
    var fixture = EchoFixture(wire: wire)
    fixture.server.compression.responses = .algorithm(.deflate)
    fixture.channel.compression.requests = .gzip
    try await fixture.run { client, _ in
      for count: UInt32 in [0, 1, 255, 256, 70_000, 3_000_000] {
        var message = request(String(count), paddingBytes: count)
        message.padding = InflaterTests.text(Int(count))
        let response = try await client.get(message)
        #expect(response.text == message.text && response.padding.count == Int(count))
      }
    }
  }

  @Test("an algorithm that the server does not take is UNIMPLEMENTED, and not used again")
  func refused() async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.server.compression.accepted = [.deflate]
    fixture.channel.compression.requests = .gzip
    try await fixture.run { client, channel in
      let error = await failure { try await client.get(large()) }
      #expect(error.code == .unimplemented)
      #expect(error.message.contains("identity, deflate"))
      // The server has said what it takes.
      try await expect([0, 0], channel, large())
      let options = CallOptions(compression: .deflate)
      try await expect([1, 0], channel, large(), options)
    }
  }

  @Test("servers of one name may differ: what one of them refuses none is sent")
  func severalServers() async throws {
    var servers: [Server] = []
    var endpoints: [Endpoint] = []
    for accepted in [[.gzip, .deflate], [.deflate]] as [Set<CompressionAlgorithm>] {
      var configuration = ServerConfiguration()
      configuration.compression.accepted = accepted
      let server = EchoFixture().makeServer(configuration)
      let port = try #require(try server.start().first).port
      servers.append(server)
      endpoints.append(try Endpoint(ip: "127.0.0.1", port: port))
    }
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.loadBalancing = .roundRobin
    configuration.compression.requests = .gzip
    let channel = Channel(to: .endpoints(endpoints), configuration: configuration)
    let client = EchoServiceClient(channel)
    // One call meets the server that refuses; later ones to the other do not make that forgotten.
    var codes: [StatusCode] = []
    for _ in 0..<12 {
      do {
        _ = try await client.get(large())
        codes.append(.ok)
      } catch {
        codes.append(error.code)
      }
    }
    #expect(codes.count { $0 == .unimplemented } == 1)
    #expect(codes.count { $0 == .ok } == 11)
    await channel.close()
    for server in servers { await server.shutdown(grace: .zero) }
  }

  @Test("a message over the limit once it is inflated is RESOURCE_EXHAUSTED, both ways")
  func bombs() async throws {
    var fixture = EchoFixture(handler: responding())
    fixture.server.limits.maxRequestMessageBytes = 100_000
    fixture.server.limits.maxResponseMessageBytes = 10_000_000
    fixture.server.compression.responses = .algorithm(.gzip)
    fixture.channel.limits.maxResponseMessageBytes = 100_000
    fixture.channel.compression.requests = .gzip
    try await fixture.run { client, channel in
      var message = request()
      message.padding = [UInt8](repeating: 0, count: 5_000_000)
      let ours = await failure { try await client.get(message) }
      #expect(ours.code == .resourceExhausted && ours.message.contains("100000"))
      let theirs = await failure { try await client.get(request("", paddingBytes: 5_000_000)) }
      #expect(theirs.code == .resourceExhausted && theirs.message.contains("100000"))
      try await expect([1, 1], channel, large())
    }
  }

  @Test("a call compressed is a call sent again, whole")
  func replay() async throws {
    let seen = Counter()
    var configuration = ChannelConfiguration(security: .plaintext)
    configuration.compression.requests = .gzip
    try await ScriptedServer.run(
      { number, stream, _ in
        seen.increment()
        if number <= 2 { stream.reset(.refusedStream) } else { stream.answer("third time") }
      },
      configuration: configuration
    ) { client in
      let response = try await client.get(large())
      #expect(response.text == "third time")
    }
    #expect(seen.current == 3)
  }

  @Test(
    "a response that breaks the rules of compression is INTERNAL",
    arguments: [
      ([(1, [1, 2, 3])], nil), ([(1, [1, 2, 3])], "identity"), ([(1, [1, 2, 3])], "zstd"),
      ([(1, [1, 2, 3])], "gzip"), ([(1, [])], "gzip"), ([(2, [])], "gzip"), ([(255, [])], nil),
    ] as [([(UInt8, [UInt8])], String?)]
  )
  func brokenResponses(messages: [(UInt8, [UInt8])], encoding: String?) async throws {
    try await ScriptedServer.run({ _, stream, _ in
      var headers = ResponseHeaders.leading(Metadata())
      if let encoding { headers.append("grpc-encoding", encoding) }
      stream.submitResponse(headers)
      for (flags, bytes) in messages { stream.write(EnvelopeTests.frame(bytes, flags: flags)) }
      stream.finish(trailers: ResponseHeaders.trailers(nil, Metadata()))
    }) { client in
      #expect(await failure { try await client.get(request()) }.code == .internal)
    }
  }

  @Test("an encoding that is not known harms nothing as long as no message uses it")
  func unusedEncoding() async throws {
    try await ScriptedServer.run({ _, stream, _ in
      var headers = ResponseHeaders.leading(Metadata())
      headers.append("grpc-encoding", "zstd")
      stream.submitResponse(headers)
      stream.write(EnvelopeTests.frame([]))
      stream.finish(trailers: ResponseHeaders.trailers(nil, Metadata()))
    }) { client in
      let response = try await client.get(request())
      #expect(response == EchoResponse())
    }
  }
}

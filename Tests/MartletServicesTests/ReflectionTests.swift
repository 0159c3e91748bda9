import EchoSchema
import MartletRPC
import MartletSchema
import MartletWire
import Testing

@testable import MartletServices

@Suite("Server reflection")
struct ReflectionTests {
  typealias Request = GRPCServerReflectionRequest
  typealias Response = GRPCServerReflectionResponse

  private static let files = [
    "base.proto": """
    syntax = "proto2"; package base;
    message Open { extensions 100 to 200; optional string label = 1; }
    """,
    "middle.proto": """
    syntax = "proto3"; package middle;
    import public "base.proto";
    enum Colour { COLOUR_UNSPECIFIED = 0; COLOUR_RED = 1; }
    """,
    "shop.proto": """
    syntax = "proto2"; package shop;
    import "middle.proto";
    message Order {
      optional int32 id = 1;
      oneof payment { string card = 2; bool cash = 3; }
      message Item { optional middle.Colour colour = 1; }
      enum State { OPEN = 0; PAID = 1; }
      extend base.Open { optional int32 inner = 150; }
    }
    extend base.Open { optional int32 outer = 120; }
    service Shop { rpc Buy(Order) returns (Order); }
    """,
  ]

  private func conversation() throws -> ReflectionConversation {
    var index = ReflectionIndex()
    for file in try descriptorSet().file { index.add(try IndexedFile(decoding: file), file) }
    index.add(RPCService(name: "shop.Shop", methods: []))
    return ReflectionConversation(index)
  }

  private func descriptorSet() throws -> DescriptorSet {
    let compilation = SchemaCompiler.compile(Self.files.keys.sorted()) { path in
      Self.files[path].map { .found(Array($0.utf8)) } ?? .missing
    }
    #expect(compilation.diagnostics.isEmpty)
    let files = compilation.schema.files
    return try DescriptorSet(
      decoding: DescriptorWriter.fileDescriptorSet(files, includesSourceInfo: false)
    )
  }

  /// The import paths of the files in an answer.
  private func paths(_ response: Response) throws -> [String] {
    guard case .fileDescriptorResponse(let files) = response.messageResponse else { return [] }
    return try files.fileDescriptorProto.map { try IndexedFile(decoding: $0).name }
  }

  private func errorCode(_ response: Response) -> Int32? {
    guard case .errorResponse(let error) = response.messageResponse else { return nil }
    return error.errorCode
  }

  @Test(
    "every kind of name leads to its file",
    arguments: [
      ("shop.Shop", "shop.proto"), ("shop.Shop.Buy", "shop.proto"), ("shop.Order", "shop.proto"),
      ("shop.Order.id", "shop.proto"), ("shop.Order.payment", "shop.proto"),
      ("shop.Order.Item", "shop.proto"), ("shop.Order.Item.colour", "shop.proto"),
      ("shop.Order.State", "shop.proto"), ("shop.Order.PAID", "shop.proto"),
      ("shop.outer", "shop.proto"), ("shop.Order.inner", "shop.proto"),
      ("middle.Colour", "middle.proto"), ("middle.COLOUR_RED", "middle.proto"),
      ("base.Open.label", "base.proto"),
    ]
  )
  func symbols(symbol: String, path: String) throws {
    var conversation = try conversation()
    let answer = conversation.answer(.with { $0.messageRequest = .fileContainingSymbol(symbol) })
    #expect(try paths(answer).first == path)
  }

  @Test(
    "what is not there is NOT_FOUND",
    arguments: [
      Request.MessageRequest.fileContainingSymbol("shop"), .fileContainingSymbol(""),
      .fileContainingSymbol(".shop.Shop"), .fileContainingSymbol("shop.Order.State.PAID"),
      .fileByFilename("other.proto"), .fileByFilename(""),
      .fileContainingSymbol(String(repeating: "e\u{301}", count: 100_000)),
      .fileContainingExtension(.with { $0.containingType = "base.Open" }),
      .allExtensionNumbersOfType("base.Closed"),
    ]
  )
  func notFound(question: Request.MessageRequest) throws {
    var conversation = try conversation()
    let answer = conversation.answer(.with { $0.messageRequest = question })
    #expect(errorCode(answer) == 5)
  }

  @Test("a stream carries each imported file once, and the file asked for always")
  func importsOnce() throws {
    var conversation = try conversation()
    let shop = Request.with { $0.messageRequest = .fileByFilename("shop.proto") }
    #expect(try paths(conversation.answer(shop)) == ["shop.proto", "middle.proto", "base.proto"])
    #expect(try paths(conversation.answer(shop)) == ["shop.proto"])
    let base = Request.with { $0.messageRequest = .fileByFilename("base.proto") }
    #expect(try paths(conversation.answer(base)) == ["base.proto"])
  }

  @Test("extensions are found by number wherever they are declared")
  func extensions() throws {
    var conversation = try conversation()
    let all = conversation.answer(
      .with { $0.messageRequest = .allExtensionNumbersOfType("base.Open") }
    )
    guard case .allExtensionNumbersResponse(let numbers) = all.messageResponse else {
      Issue.record("no numbers")
      return
    }
    #expect(numbers.baseTypeName == "base.Open")
    #expect(numbers.extensionNumber == [120, 150])
    let inner = GRPCExtensionRequest.with {
      $0.containingType = "base.Open"
      $0.extensionNumber = 150
    }
    let answer = conversation.answer(.with { $0.messageRequest = .fileContainingExtension(inner) })
    #expect(try paths(answer).first == "shop.proto")
  }

  @Test("an answer repeats host and question; a request that asks nothing is INVALID_ARGUMENT")
  func echoes() throws {
    var conversation = try conversation()
    let request = Request.with { $0.host = "example.org" }
    let answer = conversation.answer(request)
    #expect(answer.validHost == "example.org")
    #expect(answer.originalRequest == request)
    #expect(errorCode(answer) == 3)
  }

  @Test("a server shows its own services in both versions, and what it hands out is whole")
  func ofServer() async throws {
    let echo = EchoHandler().service
    let services = [echo] + ReflectionService([echo]).services
    try await withChannel(to: services) { channel in
      let call = try await GRPCServerReflectionClient(channel).serverReflectionInfo()
      try await call.requests.send(.with { $0.messageRequest = .listServices("") })
      let alpha = "grpc.reflection.v1alpha.ServerReflection"
      try await call.requests.send(.with { $0.messageRequest = .fileContainingSymbol(alpha) })
      await call.requests.finish()
      var answers: [Response] = []
      for try await answer in call.responses { answers.append(answer) }
      #expect(
        answers.first?.messageResponse
          == .listServicesResponse(
            .with {
              $0.service = ["grpc.reflection.v1.ServerReflection", alpha, echo.name].map { name in
                .with { $0.name = name }
              }
            }
          )
      )
      #expect(try answers.last.map(paths) == ["grpc/reflection/v1alpha/reflection.proto"])
    }
  }

  @Test("a stream of questions does not hold up a shutdown")
  func serverShutsDown() async throws {
    let services = ReflectionService([]).services
    let server = Server(configuration: ServerConfiguration(), services: services)
    let channel = Channel(
      to: .host("127.0.0.1", port: try server.start()[0].port),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    let call = try await GRPCServerReflectionClient(channel).serverReflectionInfo()
    try await call.requests.send(.with { $0.messageRequest = .listServices("") })
    var answers = call.responses.makeAsyncIterator()
    #expect(try await answers.next() != nil)
    let start = ContinuousClock.now
    await server.shutdown(grace: .seconds(60))
    #expect(ContinuousClock.now - start < .seconds(20))
    let end = await #expect(throws: RPCError.self) { try await answers.next() }
    #expect(end?.code == .unavailable)
    await channel.close()
  }
}

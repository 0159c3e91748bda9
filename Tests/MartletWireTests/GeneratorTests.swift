import Foundation
import MartletSchema
import Testing

@Suite("Generated Swift")
struct GeneratorTests {
  /// A file's Swift; `files` are schema texts by their import paths.
  private func generate(
    _ name: String,
    in files: [String: String],
    _ change: (inout SwiftOptions) -> Void = { _ in }
  ) throws -> String {
    let compilation = SchemaCompiler.compile([name]) { path in
      files[path].map { .found(Array($0.utf8)) } ?? .missing
    }
    #expect(compilation.diagnostics.filter { $0.severity == .error }.map(\.message) == [])
    var options = SwiftOptions()
    change(&options)
    let file = try #require(compilation.schema.file(named: name))
    return try SwiftGenerator(schema: compilation.schema, options: options).generate(file).text
  }

  private func generate(_ text: String, _ change: (inout SwiftOptions) -> Void = { _ in }) throws
    -> String
  {
    try generate("a.proto", in: ["a.proto": "syntax = \"proto3\"; package p; " + text], change)
  }

  /// A file of this repository.
  private func read(_ path: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/\(root)/\(path)", "r"), "\(path) is missing")
    defer { fclose(file) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&part, 1, part.count, file), count > 0 { text += part[..<count] }
    return String(decoding: text, as: UTF8.self)
  }

  @Test("the schema with everything in it gives the checked-in text, byte for byte")
  func golden() throws {
    let schema = try read("Tests/Support/WireTestSchema/everything.proto")
    let text = try generate("everything.proto", in: ["everything.proto": schema]) {
      $0.services = false
      $0.json = .included
    }
    #expect(text == (try read("Tests/Support/WireTestSchema/Generated/everything.swift")))
  }

  @Test("protobuf's own types come from their module, also through a public import")
  func wellKnownTypes() throws {
    let files = [
      "a.proto": """
      syntax = "proto3"; package p; import "b.proto";
      message A { google.protobuf.Timestamp at = 1; map<string, google.protobuf.Value> notes = 2; }
      """,
      "b.proto": """
      syntax = "proto3"; package p;
      import public "google/protobuf/timestamp.proto"; import public "google/protobuf/struct.proto";
      message B {}
      """,
    ]
    let text = try generate("a.proto", in: files)
    #expect(text.contains("public import MartletWellKnown\n"))
    #expect(text.contains("var at: ProtoTimestamp?"))
    #expect(text.contains("var notes: [String: ProtoValue]"))
    // Swift warns of a public import that nothing uses.
    #expect(!(try generate("b.proto", in: files).contains("MartletWellKnown")))
  }

  @Test("a service whose messages are protobuf's imports their module, messages alone do not")
  func wellKnownTypesInServices() throws {
    let files = [
      "a.proto": """
      syntax = "proto3"; package p; import "google/protobuf/empty.proto";
      message A {}
      service S { rpc Ping(google.protobuf.Empty) returns (google.protobuf.Empty); }
      """
    ]
    let text = try generate("a.proto", in: files)
    #expect(text.contains("public import MartletWellKnown\n"))
    #expect(text.contains("MethodDescriptor<ProtoEmpty, ProtoEmpty>"))
    let messages = try generate("a.proto", in: files) { $0.services = false }
    #expect(!messages.contains("MartletWellKnown"))
  }

  @Test("a service of all four kinds of call")
  func service() throws {
    let text = try generate(
      """
      message A {}
      // Talks.
      service Talk {
        // Once each way. At most.
        rpc Lookup(A) returns (A);
        rpc Upload(stream A) returns (A);
        rpc Down(A) returns (stream A);
        rpc Both(stream A) returns (stream A) { option deprecated = true; }
      }
      """
    ) { $0.descriptors = false }
    #expect(text.hasSuffix(Self.talk))
  }

  @Test("a file's services share its descriptors, in which all that it imports comes first")
  func descriptors() throws {
    let text = try generate(
      "c.proto",
      in: [
        "a.proto": "syntax = \"proto3\"; message A {}",
        "b.proto": "syntax = \"proto3\"; import public \"a.proto\";",
        "c.proto": """
        syntax = "proto3"; import "b.proto";
        service S { rpc M(A) returns (A); }
        service T {}
        """,
        "d.proto": "syntax = \"proto3\"; message D {}",
      ]
    )
    #expect(text.contains("  public static let descriptors = S.descriptors\n"))
    #expect(text.contains("      descriptors: T.descriptors\n"))
    // Read with Foundation's base64, and by their names as FileDescriptorSet has them.
    let start = try #require(text.range(of: "descriptors: StaticString = \"\"\"\n")).upperBound
    let end = try #require(text.range(of: "\"\"\"", range: start..<text.endIndex)).lowerBound
    let base64 = text[start..<end].filter { $0 != "\\" && !$0.isWhitespace }
    let set = try #require(Data(base64Encoded: String(base64)))
    let names = ["a", "b", "c"].map { Data([0x0a, 7] + Array("\($0).proto".utf8)) }
    let places = names.compactMap { set.range(of: $0)?.lowerBound }
    #expect(places.count == 3 && places == places.sorted())
    #expect(set.range(of: Data("d.proto".utf8)) == nil)
  }

  @Test("messages only: neither services nor their module")
  func messagesOnly() throws {
    let text = try generate("message A {} service S { rpc M(A) returns (A); }") {
      $0.services = false
      $0.visibility = .package
    }
    #expect(!text.contains("RPC"))
    #expect(text.contains("package import MartletWire\n"))
    #expect(text.contains("package struct A: Message {"))
    #expect(!text.contains("public"))
  }

  @Test("internal code says nothing of access; a file without messages imports no codec")
  func access() throws {
    let text = try generate("message A {}") { $0.visibility = .internal }
    #expect(text.contains("\nimport MartletWire\n"))
    #expect(text.contains("\nstruct A: Message {"))
    let service = try generate(
      "b.proto",
      in: [
        "a.proto": "syntax = \"proto3\"; message A {}",
        "b.proto": """
        syntax = "proto3"; import "a.proto"; service S { rpc M(A) returns (A); }
        """,
      ]
    ) { $0.modules = ["a.proto": "Other"] }
    #expect(service.contains("public import MartletRPC\npublic import Other\n"))
    #expect(!service.contains("MartletWire"))
  }

  @Test("two schema names that Swift spells alike are told apart")
  func collisions() throws {
    let text = try generate(
      """
      message A { int32 x1 = 1; oneof pick { int32 b = 2; } message Pick {} int32 String = 3; }
      message String { A.Pick pick = 1; }
      enum E { E_NONE = 0; E_1 = 1; }
      """
    )
    #expect(text.contains("public enum PickOneof: Hashable, Sendable {"))
    #expect(text.contains("public struct String_: Message {"))
    #expect(text.contains("public static let none = Self(rawValue: 0)"))
    #expect(text.contains("public static let e1 = Self(rawValue: 1)"))
  }

  @Test(
    "names follow Swift",
    arguments: [
      ("started_at_ms", "startedAtMs"), ("latitude_e7", "latitudeE7"), ("URL", "url"),
      ("URLPath", "urlPath"), ("camelCase", "camelCase"), ("default", "`default`"),
      ("self", "self_"), ("_x", "x"), ("a__b", "aB"), ("unknown_fields", "unknownFields_"),
    ]
  )
  func names(schema: String, swift: String) throws {
    let text = try generate("message A { int32 \(schema) = 1; }")
    #expect(text.contains("public var \(swift): Int32 = 0\n"))
  }

  @Test(
    "what proto3 does not have is refused by name",
    arguments: [
      ("required int32 a = 1;", "required"), ("optional group G = 1 {}", "group"),
      ("optional int32 a = 1 [default = 7];", "default"), ("extensions 10 to 20;", "extension"),
    ]
  )
  func refusals(field: String, word: String) throws {
    let compilation = SchemaCompiler.compile(["a.proto"]) { _ in
      .found(Array("syntax = \"proto2\"; message A { \(field) }".utf8))
    }
    guard let file = compilation.schema.file(named: "a.proto") else {
      // The compiler refuses proto2 before the generator has to.
      #expect(!compilation.diagnostics.isEmpty)
      return
    }
    do {
      _ = try SwiftGenerator(schema: compilation.schema).generate(file)
      Issue.record("generated Swift for \(field)")
    } catch {
      #expect(error.message.contains(word))
    }
  }

  private static let talk = """
    /// Talks.
    public enum Talk {
      /// The name in the schema, part of each method's path.
      public static let name = "p.Talk"

      /// The methods, for handlers, clients and interceptors.
      public enum Methods {
        /// The method `Lookup`.
        public static let lookup = MethodDescriptor<A, A>(service: name, name: "Lookup", kind: .unary)
        /// The method `Upload`.
        public static let upload = MethodDescriptor<A, A>(
          service: name,
          name: "Upload",
          kind: .clientStreaming
        )
        /// The method `Down`.
        public static let down = MethodDescriptor<A, A>(
          service: name,
          name: "Down",
          kind: .serverStreaming
        )
        /// The method `Both`.
        public static let both = MethodDescriptor<A, A>(
          service: name,
          name: "Both",
          kind: .bidirectional
        )
      }
    }

    /// What a server implements to answer `p.Talk`.
    public protocol TalkHandler: ServiceHandler {
      /// Once each way.
      ///
      /// At most.
      func lookup(_ request: A, _ call: ServerCall) async throws -> A

      /// The method `p.Talk.Upload`.
      func upload(_ requests: MessageStream<A>, _ call: ServerCall) async throws -> A

      /// The method `p.Talk.Down`.
      func down(_ request: A, _ responses: MessageWriter<A>, _ call: ServerCall) async throws

      /// The method `p.Talk.Both`.
      ///
      /// Deprecated in the schema.
      func both(
        _ requests: MessageStream<A>,
        _ responses: MessageWriter<A>,
        _ call: ServerCall
      ) async throws
    }

    extension TalkHandler {
      /// The service as a server takes it.
      public var service: RPCService {
        RPCService(
          name: Talk.name,
          methods: [
            .unary(Talk.Methods.lookup) {
              try await lookup($0, $1)
            },
            .clientStreaming(Talk.Methods.upload) {
              try await upload($0, $1)
            },
            .serverStreaming(Talk.Methods.down) {
              try await down($0, $1, $2)
            },
            .bidirectional(Talk.Methods.both) {
              try await both($0, $1, $2)
            },
          ]
        )
      }
    }

    /// Calls `p.Talk` over a channel.
    public struct TalkClient: Sendable {
      private let channel: Channel

      /// Makes a client that calls over the given channel.
      public init(_ channel: Channel) { self.channel = channel }

      /// Once each way.
      ///
      /// At most.
      public func lookup(
        _ request: A,
        options: CallOptions = CallOptions()
      ) async throws(RPCError) -> A {
        try await channel.unary(Talk.Methods.lookup, request, options: options)
      }

      /// The method `p.Talk.Upload`.
      public func upload(
        options: CallOptions = CallOptions()
      ) async throws(RPCError) -> ClientCall<A, A> {
        try await channel.open(Talk.Methods.upload, options: options)
      }

      /// The method `p.Talk.Down`.
      public func down(
        _ request: A,
        options: CallOptions = CallOptions()
      ) async throws(RPCError) -> ClientCall<A, A> {
        try await channel.serverStreaming(Talk.Methods.down, request, options: options)
      }

      /// The method `p.Talk.Both`.
      ///
      /// Deprecated in the schema.
      @available(*, deprecated)
      public func both(
        options: CallOptions = CallOptions()
      ) async throws(RPCError) -> ClientCall<A, A> {
        try await channel.open(Talk.Methods.both, options: options)
      }
    }

    """
}

import Foundation
import MartletSchema
import Testing

@Suite("Descriptors read give the model that text gives")
struct DescriptorReaderTests {
  /// Everything that this repository has of schemas, compiled from text.
  private static func compiled() throws -> [SchemaSet] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folders = [
      "schema", "Tests/interop/protos", "Tests/Support/WireTestSchema", "Tests/Support/EchoSchema",
    ]
    return try folders.map { folder in
      let base = root.appending(path: folder)
      let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path)
      let names = paths.filter { $0.hasSuffix(".proto") }.sorted()
      try #require(!names.isEmpty)
      let compilation = SchemaCompiler.compile(names) { name in
        (try? Data(contentsOf: base.appending(path: name))).map { .found([UInt8]($0)) } ?? .missing
      }
      try #require(compilation.errorCount == 0, "\(rendered(compilation))")
      return compilation.schema
    }
  }

  private func bytes(_ schema: SchemaSet, sourceInfo: Bool = true) -> [UInt8] {
    DescriptorWriter.fileDescriptorSet(schema.files, includesSourceInfo: sourceInfo)
  }

  @Test("what was read is written again byte for byte, with and without places")
  func roundTrip() throws {
    for schema in try Self.compiled() {
      for sourceInfo in [true, false] {
        let first = bytes(schema, sourceInfo: sourceInfo)
        let read = try DescriptorReader.schema(ofSet: first)
        #expect(read.files.map(\.name) == schema.files.map(\.name))
        #expect(bytes(read, sourceInfo: sourceInfo) == first)
      }
    }
  }

  @Test("Swift generated from descriptors is Swift generated from text")
  func swift() throws {
    var count = 0
    for schema in try Self.compiled() {
      let read = try DescriptorReader.schema(ofSet: bytes(schema))
      for file in schema.files {
        let same = try #require(read.file(named: file.name))
        count += 1
        do throws(SwiftRefusal) {
          let fromText = try SwiftGenerator(schema: schema).generate(file)
          let fromBytes = try SwiftGenerator(schema: read).generate(same)
          #expect(fromBytes == fromText)
        } catch {
          // Refused from text, as options' extensions are: refused from bytes for the same reason.
          let refusal = #expect(throws: SwiftRefusal.self) {
            try SwiftGenerator(schema: read).generate(same)
          }
          #expect(refusal?.message == error.message)
        }
      }
    }
    #expect(count > 5)
  }

  @Test("what the linker adds is there: presence, packing, full names, places, comments")
  func model() throws {
    let text = proto3(
      """
      // Of M.
      message M { optional int32 a = 1; repeated int32 b = 2; map<string, M> c = 3;
        enum E { ZERO = 0; ALSO = 0; option allow_alias = true; } }
      """
    )
    let schema = compile(text).schema
    let read = try DescriptorReader.schema(ofSet: bytes(schema))
    let message = try #require(read.message(named: "p.M"))
    #expect(message.comments.leading == " Of M.\n")
    #expect(message.fields.map(\.hasPresence) == [true, false, false])
    #expect(message.fields.map(\.isPacked) == [false, true, false])
    #expect(message.oneofs.map(\.isSynthetic) == [true])
    #expect(read.mapEntry(of: message.fields[2])?.value.typeName == "p.M")
    let source = try #require(read.file(declaring: "p.M")?.source)
    let span = message.fields[1].nameSpan
    #expect(source.line(at: span.start) == 2 && source.column(at: span.start) == 50)
  }

  @Test("custom options have their meaning; those of unknown extensions stay as they came")
  func options() throws {
    let declarations = """
      syntax = "proto3"; package o; import "google/protobuf/descriptor.proto";
      message Rule { int32 min = 1; repeated sint64 more = 2; Rule inner = 3; double d = 4; }
      extend google.protobuf.FieldOptions { Rule rule = 50000; repeated string tags = 50001; }
      """
    let text = proto3(
      """
      import "o.proto";
      message M {
        int32 a = 1 [(o.rule) = {min: -3 more: [-1, 5] inner {d: 0.5}}, (o.tags) = "x", (o.tags) = "y"];
      }
      """
    )
    let schema = compile(text, ["o.proto": declarations]).schema
    let read = try DescriptorReader.schema(ofSet: bytes(schema))
    let expected = try #require(schema.message(named: "p.M")?.fields[0].options.fields)
    #expect(read.message(named: "p.M")?.fields[0].options.fields == expected)

    // The same file when the declarations of the options are not to be had.
    var alone = try #require(schema.file(named: "test.proto"))
    alone.imports = []
    let set = DescriptorWriter.fileDescriptorSet([alone], includesSourceInfo: false)
    let kept = try DescriptorReader.schema(ofSet: set)
    let field = try #require(kept.message(named: "p.M")?.fields[0].options.fields.first)
    #expect(field.type == .unresolved && field.number == 50_000)
    #expect(bytes(kept, sourceInfo: false) == set)
  }

  @Test("protobuf's own files need not be among the descriptors; others must be")
  func imports() throws {
    let own = compile(
      proto3("import \"google/protobuf/any.proto\"; message M { google.protobuf.Any a = 1; }")
    ).schema
    let alone = own.files.filter { $0.name == "test.proto" }
    let set = DescriptorWriter.fileDescriptorSet(alone, includesSourceInfo: false)
    #expect(try DescriptorReader.schema(ofSet: set).files.count == 2)

    let other = compile(
      proto3("import \"a.proto\"; message M { a.A a = 1; }"),
      ["a.proto": "syntax = \"proto3\"; package a; message A {}"]
    ).schema
    let part = DescriptorWriter.fileDescriptorSet([other.files[1]], includesSourceInfo: false)
    let error = #expect(throws: DescriptorError.self) { try DescriptorReader.schema(ofSet: part) }
    #expect(error?.file == "test.proto")
    #expect(error?.message.contains("\"a.proto\", which it imports, are missing") == true)
  }

  @Test("what no text can say is refused", arguments: impossibleChanges)
  func impossible(change: Change) throws {
    let schema = compile(
      proto3("message M { map<int32, int32> m = 1; oneof o { int32 a = 2; } } enum E { ZERO = 0; }")
    ).schema
    var file = try #require(schema.files.first)
    change.apply(&file)
    let set = DescriptorWriter.fileDescriptorSet([file], includesSourceInfo: true)
    let error = #expect(throws: DescriptorError.self) { try DescriptorReader.schema(ofSet: set) }
    #expect(error?.message.contains(change.reason) == true, "\(String(describing: error))")
  }

  @Test("cut off or changed bytes are read or refused, never a crash")
  func hostile() throws {
    var random = SplitMix(state: 20_261_121)
    for schema in try Self.compiled() {
      let bytes = bytes(schema)
      for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
        _ = try? DescriptorReader.schema(ofSet: Array(bytes[..<length]))
      }
      for _ in 0..<80 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          changed[Int.random(in: 0..<changed.count, using: &random)] = .random(
            in: 0...255,
            using: &random
          )
        }
        guard let read = try? DescriptorReader.schema(ofSet: changed) else { continue }
        // What is read can be worked with.
        _ = DescriptorWriter.fileDescriptorSet(read.files, includesSourceInfo: true)
        for file in read.files { _ = try? SwiftGenerator(schema: read).generate(file) }
      }
    }
  }

  @Test("places outside of any file are refused before memory is taken for them")
  func places() throws {
    // file { name: "a.proto" source_code_info { location { span: [...] } } }
    func set(_ span: [UInt8]) -> [UInt8] {
      let location = [0x12, UInt8(span.count)] + span
      let info = [0x0A, UInt8(location.count)] + location
      let file = [0x0A, 1, UInt8(ascii: "a"), 0x4A, UInt8(info.count)] + info
      return [0x0A, UInt8(file.count)] + file
    }
    let large: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x07]
    #expect(throws: Never.self) { try DescriptorReader.schema(ofSet: set([1, 2, 3])) }
    for span in [large + [0, 0], [0, 0] + large, [1, 2], [3, 0, 2, 0], [0, 5, 4]] {
      #expect(throws: DescriptorError.self, "\(span)") {
        try DescriptorReader.schema(ofSet: set(span))
      }
    }
  }
}

/// A change to a file's descriptor that no text has, and what is said of it.
struct Change: Sendable, CustomTestStringConvertible {
  var reason: String
  var apply: @Sendable (inout FileDescriptor) -> Void
  var testDescription: String { reason }
}

private let impossibleChanges = [
  Change(reason: "is not a name") { $0.messages[0].name = "M: Message { } struct X" },
  Change(reason: "is not a name") { $0.messages[0].fields[1].name = "" },
  Change(reason: "is not a name") { $0.package = "p..q" },
  Change(reason: "is not a name") { $0.messages[0].fields[0].typeName = "p.M\n" },
  Change(reason: "is not a plain relative path") { $0.name = "../test.proto" },
  Change(reason: "no number that a field may have") { $0.messages[0].fields[1].number = 0 },
  Change(reason: "no number that a field may have") { $0.messages[0].fields[1].number = 19_500 },
  Change(reason: "a oneof that does not exist") { $0.messages[0].fields[1].oneofIndex = 7 },
  Change(reason: "the oneof \"o\" has 0 fields") { $0.messages[0].fields[1].oneofIndex = nil },
  Change(reason: "a map's entry as its type") { $0.messages[0].fields[0].label = .optional },
  Change(reason: "the type of a map's entries") { $0.messages[0].messages[0].fields.removeLast() },
  Change(reason: "a type that does not fit") { $0.messages[0].fields[1].type = .message },
  Change(reason: "has no values") { $0.enums[0].values = [] },
  Change(reason: "is not defined") { $0.messages[0].fields[0].typeName = "p.N" },
  Change(reason: "is already that of") { $0.messages[0].fields[1].number = 1 },
  Change(reason: "messages are nested more than") { file in
    for _ in 0..<40 {
      var outer = file.messages[0]
      outer.fields = []
      outer.oneofs = []
      outer.messages = [file.messages[0]]
      file.messages[0] = outer
    }
  },
]

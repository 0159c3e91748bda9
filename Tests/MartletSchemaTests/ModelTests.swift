import MartletSchema
import Testing

@Suite("The linked model says what the schema means")
struct ModelTests {
  private func message(_ statements: String) throws -> MessageDescriptor {
    let compilation = compile(proto3(statements))
    try #require(compilation.errorCount == 0, "\(rendered(compilation))")
    return try #require(compilation.schema.message(named: "p.M"))
  }

  @Test("numbers are packed unless the schema says otherwise; other types never")
  func packed() throws {
    let message = try message(
      """
      message M {
        repeated int32 a = 1; repeated int32 b = 2 [packed = false]; repeated string c = 3;
        repeated E d = 4; int32 e = 5;
      }
      enum E { ZERO = 0; }
      """
    )
    #expect(message.fields.map(\.isPacked) == [true, false, false, true, false])
  }

  @Test("presence follows optional, oneofs and messages")
  func presence() throws {
    let message = try message(
      "message M { int32 a = 1; optional int32 b = 2; M c = 3; oneof o { int32 d = 4; } repeated M e = 5; }"
    )
    #expect(message.fields.map(\.hasPresence) == [false, true, true, true, false])
    #expect(message.oneofs.map(\.name) == ["o", "_b"])
    #expect(message.oneofs.map(\.isSynthetic) == [false, true])
    #expect(message.fields.map(\.oneofIndex) == [nil, 1, nil, 0, nil])
  }

  @Test("a map is a repeated entry of key and value")
  func map() throws {
    let compilation = compile(proto3("message M { map<string, M> by_name = 1; M plain = 2; }"))
    let message = try #require(compilation.schema.message(named: "p.M"))
    let entry = try #require(compilation.schema.mapEntry(of: message.fields[0]))
    #expect(message.fields[0].typeName == "p.M.ByNameEntry")
    #expect(entry.key.type == .string && entry.value.typeName == "p.M")
    #expect(compilation.schema.mapEntry(of: message.fields[1]) == nil)
  }

  @Test("names are searched from the innermost scope outwards")
  func scopes() throws {
    let message = try message(
      """
      message N {}
      message M { message N {} N inner = 1; p.N outer = 2; .p.N rooted = 3; M.N named = 4; }
      """
    )
    #expect(message.fields.map(\.typeName) == ["p.M.N", "p.N", "p.N", "p.M.N"])
  }

  @Test("comments belong to what they touch")
  func comments() throws {
    let message = try message(
      """

      // Detached.

      // Leading,
      // two lines.
      message M { // trailing
        /* Block.
         * Second. */
        int32 a = 1;  // of a

        // Of b.
        int32 b = 2;
        // Below b.

        // Detached from c.

        int32 c = 3;
      }
      """
    )
    #expect(message.comments.leadingDetached == [" Detached.\n"])
    #expect(message.comments.leading == " Leading,\n two lines.\n")
    #expect(message.comments.trailing == " trailing\n")
    #expect(message.fields[0].comments.leading == " Block.\n Second. ")
    #expect(message.fields[0].comments.trailing == " of a\n")
    #expect(message.fields[1].comments.leading == " Of b.\n")
    #expect(message.fields[1].comments.trailing == " Below b.\n")
    #expect(message.fields[2].comments.leading == nil)
    #expect(message.fields[2].comments.leadingDetached == [" Detached from c.\n"])
  }

  @Test("every element knows its place in the text")
  func spans() throws {
    let text = proto3("message M { repeated int32 a = 0x1F [deprecated = true]; }")
    let compilation = compile(text)
    let field = try #require(compilation.schema.message(named: "p.M")?.fields.first)
    func part(_ span: SourceSpan?) -> String? {
      span.map { String(decoding: Array(text.utf8)[$0.start..<$0.end], as: UTF8.self) }
    }
    #expect(part(field.span) == "repeated int32 a = 0x1F [deprecated = true];")
    #expect(part(field.labelSpan) == "repeated")
    #expect(part(field.typeSpan) == "int32")
    #expect(part(field.nameSpan) == "a")
    #expect(part(field.numberSpan) == "0x1F")
    #expect(part(field.options.written.first?.span) == "deprecated = true")
    #expect(field.isDeprecated && field.number == 31)
  }

  @Test("JSON names lose their underscores")
  func jsonNames() throws {
    let message = try message(
      "message M { int32 started_at_ms = 1; int32 _a__b_1 = 2; int32 c = 3 [json_name = \"C!\"]; }"
    )
    #expect(message.fields.map(\.jsonName) == ["startedAtMs", "AB1", "C!"])
  }

  @Test("custom options of every shape have their meaning")
  func customOptions() throws {
    let message = try message(
      """
      import "google/protobuf/descriptor.proto";
      message Rule { int32 min = 1; repeated string words = 2; Rule inner = 3; }
      extend google.protobuf.FieldOptions { Rule rule = 50000; }
      message M { int32 a = 1 [(rule).min = -3, (rule).inner = { words: ["x", "y"] }]; }
      """
    )
    let options = message.fields[0].options.fields
    #expect(options.map(\.name) == ["p.rule", "p.rule"])
    guard case .message(let first) = options[0].value, case .message(let second) = options[1].value,
      case .message(let inner)? = second.first?.value
    else {
      Issue.record("the option is no message: \(options)")
      return
    }
    #expect(first.first?.value == .signed(-3))
    #expect(inner.map(\.value) == [.string("x"), .string("y")])
  }

  @Test("a file with errors leaves others whole")
  func others() {
    let compilation = compile(
      proto3("import \"good.proto\"; message M { Missing a = 1; good.G g = 2; }"),
      ["good.proto": "syntax = \"proto3\"; package good; message G {}"]
    )
    #expect(compilation.errorCount == 1)
    #expect(compilation.schema.files.map(\.name) == ["good.proto"])
  }
}

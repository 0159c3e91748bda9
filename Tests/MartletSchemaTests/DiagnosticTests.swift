import MartletSchema
import Testing

/// One wrong schema and all that is told of it.
struct Complaint: Sendable, CustomTestStringConvertible {
  var text: String
  var expected: String
  var others: [String: String] = [:]

  var testDescription: String { String(text.prefix(60)) }

  init(_ statements: String, _ expected: String, others: [String: String] = [:]) {
    text = proto3(statements)
    self.expected = expected
    self.others = others
  }
}

@Suite("Diagnostics name the place, show the line and mark the span")
struct DiagnosticTests {
  @Test("mistakes in one statement", arguments: statements)
  func statement(_ complaint: Complaint) {
    #expect(rendered(compile(complaint.text, complaint.others)) == complaint.expected)
  }

  private static let statements = [
    Complaint(
      "mesage Foo {}",
      """
      test.proto:2:1: error: expected a declaration such as "message", found "mesage"; \
      did you mean "message"?
      mesage Foo {}
      ^^^^^^

      """
    ),
    Complaint(
      "message M {\n\tint32 a = 1\n\tint32 b = 2;\n}",
      """
      test.proto:3:13: error: expected ";"
      \tint32 a = 1
      \t           ^

      """
    ),
    Complaint(
      "message M { int32 ü = 1; }",
      """
      test.proto:2:19: error: characters beyond ASCII may stand only in strings and comments
      message M { int32 ü = 1; }
                        ^
      test.proto:2:21: error: expected the name of the field, found "="
      message M { int32 ü = 1; }
                          ^

      """
    ),
    Complaint(
      "/* ü */ message M { strng a = 1; }",
      """
      test.proto:2:21: error: "strng" is not defined; did you mean "string"?
      /* ü */ message M { strng a = 1; }
                          ^^^^^

      """
    ),
    Complaint(
      "message M {\n  int32 a = 1;",
      """
      test.proto:2:11: error: the file ends inside message "M": this "{" is not closed
      message M {
                ^

      """
    ),
    Complaint(
      "message M { required int32 a = 1; }",
      """
      test.proto:2:13: error: proto3 has no required fields; leave "required" out
      message M { required int32 a = 1; }
                  ^^^^^^^^

      """
    ),
    Complaint(
      "option java_package = \"a\\q\";",
      """
      test.proto:2:25: error: unknown escape in a string
      option java_package = "a\\q";
                              ^^

      """
    ),
  ]

  @Test("mistakes between declarations", arguments: links)
  func link(_ complaint: Complaint) {
    #expect(rendered(compile(complaint.text, complaint.others)) == complaint.expected)
  }

  private static let links = [
    Complaint(
      "message M { int32 a = 19500; reserved 2 to 4, 3; }",
      """
      test.proto:2:23: error: "a" cannot have the number 19500: 19000 to 19999 are kept for \
      protobuf itself; the next free number is 5
      message M { int32 a = 19500; reserved 2 to 4, 3; }
                            ^^^^^
      test.proto:2:47: error: 3 overlaps 2 to 4 on line 2
      message M { int32 a = 19500; reserved 2 to 4, 3; }
                                                    ^

      """
    ),
    Complaint(
      "enum ActivityType { RUN = 1; }",
      """
      test.proto:2:27: error: the first value of an open enum must be 0; \
      add one such as ACTIVITY_TYPE_UNSPECIFIED = 0
      enum ActivityType { RUN = 1; }
                                ^

      """
    ),
    Complaint(
      "message Route {}\nmessage M { Ruote r = 1 [depricated = true]; }",
      """
      test.proto:3:13: error: "Ruote" is not defined; did you mean "Route"?
      message M { Ruote r = 1 [depricated = true]; }
                  ^^^^^
      test.proto:3:26: error: unknown option "depricated"; did you mean "deprecated"?
      message M { Ruote r = 1 [depricated = true]; }
                               ^^^^^^^^^^

      """
    ),
    Complaint(
      "message M { google.protobuf.Timestamp at = 1; }",
      """
      test.proto:2:13: error: "google.protobuf.Timestamp" is not defined; \
      it is in "google/protobuf/timestamp.proto"
      message M { google.protobuf.Timestamp at = 1; }
                  ^^^^^^^^^^^^^^^^^^^^^^^^^

      """
    ),
    Complaint(
      "message M { int32 a_b = 1; int32 aB = 2; }",
      """
      test.proto:2:34: error: "aB" has the same JSON name as "a_b": "aB"
      message M { int32 a_b = 1; int32 aB = 2; }
                                       ^^

      """
    ),
    Complaint(
      "message M {}\nenum M { A = 0; }",
      """
      test.proto:3:6: error: "M" is already defined in "p", as a message on line 2
      enum M { A = 0; }
           ^

      """
    ),
  ]

  @Test("mistakes in imports", arguments: imports)
  func imported(_ complaint: Complaint) {
    #expect(rendered(compile(complaint.text, complaint.others)) == complaint.expected)
  }

  @Test("a wrong statement hides no wrong name, and makes none", arguments: partial)
  func partlyRead(_ complaint: Complaint) {
    #expect(rendered(compile(complaint.text, complaint.others)) == complaint.expected)
  }

  private static let partial = [
    Complaint(
      "message M {\n  int32 a 1;\n  strng b = 2;\n}",
      """
      test.proto:3:11: error: expected "=", found "1"
        int32 a 1;
                ^
      test.proto:4:3: error: "strng" is not defined; did you mean "string"?
        strng b = 2;
        ^^^^^

      """
    ),
    // What a broken declaration would have declared is not called missing.
    Complaint(
      "mesage Lost { }\nmessage M { Lost a = 1; Gone b = 2; }",
      """
      test.proto:2:1: error: expected a declaration such as "message", found "mesage"; \
      did you mean "message"?
      mesage Lost { }
      ^^^^^^
      test.proto:3:25: error: "Gone" is not defined
      message M { Lost a = 1; Gone b = 2; }
                              ^^^^

      """
    ),
    Complaint(
      "import \"gone.proto\";\nmessage M { gone.Type a = 1; Strin b = 2; }",
      """
      test.proto:2:8: error: cannot find "gone.proto" in any include directory
      import "gone.proto";
             ^^^^^^^^^^^^
      test.proto:3:30: error: "Strin" is not defined; did you mean "string"?
      message M { gone.Type a = 1; Strin b = 2; }
                                   ^^^^^

      """
    ),
    Complaint(
      "enum E { ZERO 0; ONE = 1; }\nmessage M { oneof o { int32 a; } }",
      """
      test.proto:2:15: error: expected "=", found "0"
      enum E { ZERO 0; ONE = 1; }
                    ^
      test.proto:3:30: error: the field "a" has no number
      message M { oneof o { int32 a; } }
                                   ^

      """
    ),
    // A message whose name is taken is one error, not one for each of its fields.
    Complaint(
      "message M { int32 a = 1; }\nmessage M { int32 a = 1; }",
      """
      test.proto:3:9: error: "M" is already defined in "p", as a message on line 2
      message M { int32 a = 1; }
              ^

      """
    ),
    Complaint(
      "import \"a.proto\";\nmessage M { q.Good a = 1; q.Bad b = 2; q.None c = 3; }",
      """
      test.proto:3:40: error: "q.None" is not defined
      message M { q.Good a = 1; q.Bad b = 2; q.None c = 3; }
                                             ^^^^^^
      a.proto:2:9: error: expected the name of the message, found "="
      message = Bad { }
              ^

      """,
      others: ["a.proto": "syntax = \"proto3\"; package q; message Good { }\nmessage = Bad { }"]
    ),
  ]

  private static let imports = [
    Complaint(
      "import \"a.proto\";",
      """
      test.proto:2:8: error: cannot find "a.proto" in any include directory
      import "a.proto";
             ^^^^^^^^^

      """
    ),
    Complaint(
      "import \"a.proto\";",
      """
      test.proto:2:8: warning: nothing of "a.proto" is used [IMPORT_USED]
      import "a.proto";
             ^^^^^^^^^

      """,
      others: ["a.proto": "syntax = \"proto3\";"]
    ),
    Complaint(
      "import \"a.proto\";",
      """
      a.proto:1:28: error: files import each other: test.proto -> a.proto -> test.proto
      syntax = "proto3"; import  "test.proto";
                                 ^^^^^^^^^^^^

      """,
      others: ["a.proto": "syntax = \"proto3\"; import  \"test.proto\";"]
    ),
    Complaint(
      "import \"a.proto\"; message M { q.N n = 1; }",
      """
      test.proto:2:31: error: "q.N" is not defined here; \
      "q.N" is in "b.proto", which is not imported
      import "a.proto"; message M { q.N n = 1; }
                                    ^^^

      """,
      others: [
        "a.proto": "syntax = \"proto3\"; import \"b.proto\"; message A { q.N n = 1; }",
        "b.proto": "syntax = \"proto3\"; package q; message N {}",
      ]
    ),
  ]

  @Test("a file without a syntax statement is read as proto2, with a warning")
  func missingSyntax() {
    let result = compile("message M { required int32 a = 1; }")
    #expect(result.diagnostics.map(\.severity) == [.warning])
    #expect(result.schema.file(named: "test.proto")?.syntax == .proto2)
  }

  @Test("editions that are not read are refused by name")
  func futureEditions() {
    let messages = compile("edition = \"2026\";").diagnostics.map(\.message)
    #expect(messages == ["edition 2026 is later than 2024, the newest that martletc reads"])
  }
}

import MartletSchema
import Testing

@Suite("Rules are switched by name and by comments")
struct LintTests {
  private let head = "syntax = \"proto3\";\npackage a.v1;\n"

  private func names(in found: String) -> [Substring] {
    found.split(separator: "\n").compactMap { line in
      line.hasSuffix("]") ? line.split(separator: "[").last?.dropLast() : nil
    }
  }

  private func rules(_ enable: [String], _ disable: [String]) throws -> Set<LintRule> {
    try RuleSelection<LintRule>(enable: enable, disable: disable).rules
  }

  // MARK: - Selection

  @Test("without switches the default rules apply")
  func byDefault() throws {
    #expect(try rules([], []) == Set(LintRule.allCases.filter(\.isDefault)))
    #expect(RuleSelection<LintRule>().rules == Set(LintRule.allCases.filter(\.isDefault)))
  }

  @Test("a category is switched as a whole, in letters of any case")
  func category() throws {
    let comments = Set(LintRule.allCases.filter { $0.category == .comments })
    #expect(try rules(["comments"], ["all"]) == comments)
    #expect(try rules([], ["ALL", "Comments"]) == [])
    #expect(try rules(["ALL"], ["COMMENTS"]) == Set(LintRule.allCases).subtracting(comments))
  }

  @Test("the closer name decides, and disabling wins between names as close")
  func closeness() throws {
    #expect(try rules(["COMMENT_FIELD"], ["COMMENTS", "ALL"]) == [.commentField])
    #expect(!(try rules(["COMMENTS"], ["COMMENT_FIELD"])).contains(.commentField))
    #expect(!(try rules(["COMMENT_FIELD"], ["COMMENT_FIELD"])).contains(.commentField))
    #expect(try rules(["ALL"], ["ALL"]) == [])
  }

  @Test("an unknown name is refused with the one that was meant")
  func unknownName() {
    #expect(throws: UnknownRule(name: "COMENTS", suggestion: "did you mean \"COMMENTS\"?")) {
      try RuleSelection<LintRule>(enable: ["COMENTS"], disable: [])
    }
    #expect(throws: UnknownRule(name: "X", suggestion: nil)) {
      try RuleSelection<LintRule>(enable: [], disable: ["x"])
    }
  }

  // MARK: - Comments

  @Test("a comment before a declaration covers it and all in it")
  func ignoresDeclaration() throws {
    let text = """
      // Text.
      // martletc:ignore FIELD_LOWER_SNAKE_CASE, MESSAGE_PASCAL_CASE: older than the rule
      message m { message n { int32 A = 1; } }
      message o { int32 A = 1; }
      """
    let found = try lint(["a/v1/b.proto": head + text])
    #expect(names(in: found) == ["MESSAGE_PASCAL_CASE", "FIELD_LOWER_SNAKE_CASE"])
    #expect(found.contains("b.proto:6:9"))
  }

  @Test("a comment behind a declaration covers it")
  func ignoresTrailing() throws {
    let text = """
      message M {
        int32 A = 1;  // martletc:ignore FIELD_LOWER_SNAKE_CASE
        int32 B = 2;
      }
      """
    #expect(try lint(["a/v1/b.proto": head + text]).contains("\"B\""))
    #expect(!(try lint(["a/v1/b.proto": head + text])).contains("\"A\""))
  }

  @Test("a block comment works, on a package and an import too")
  func ignoresBlock() throws {
    let text = """
      syntax = "proto3";
      /* Text.
       * martletc:ignore PACKAGE_VERSION_SUFFIX
       */
      package a;
      // martletc:ignore IMPORTS
      import public "google/protobuf/any.proto";
      """
    #expect(try lint(["a/b.proto": text]) == "")
  }

  @Test("a comment for the file covers what has no place too")
  func ignoresFile() throws {
    let text = "// martletc:ignore-file FILES\nsyntax = \"proto3\";\npackage a;\n"
    #expect(try lint(["x/B.proto": text]) == "")
    #expect(names(in: try lint(["x/B.proto": text.replacing("-file", with: "")])).count == 4)
  }

  @Test("a category is ignored as a whole, ALL is not, and what is not needed is told")
  func ignoresCategory() throws {
    let text = "// martletc:ignore NAMES\nmessage m {}\n// martletc:ignore ALL\nmessage n {}\n"
    let found = try lint(["a/v1/b.proto": head + text])
    #expect(names(in: found) == ["IGNORE_USED", "MESSAGE_PASCAL_CASE"])
  }

  @Test("ignoring a rule that is switched off is no finding")
  func ignoresOff() throws {
    let text = "// martletc:ignore COMMENT_MESSAGE\nmessage M {}\n"
    #expect(try lint(["a/v1/b.proto": head + text]) == "")
  }

  @Test("instructions are no documentation")
  func instructionsAreNoText() throws {
    let text = "// martletc:ignore MESSAGE_PASCAL_CASE\nmessage m {}\n"
    let found = try lint(["a/v1/b.proto": head + text], enable: ["COMMENTS"])
    #expect(names(in: found) == ["COMMENT_MESSAGE"])
  }

  @Test("instructions do not get into generated documentation")
  func instructionsAreNotGenerated() throws {
    let text = """
      // An m.
      // martletc:ignore MESSAGE_PASCAL_CASE
      // And more.
      message m {
        int32 A = 1;  // martletc:ignore FIELD_LOWER_SNAKE_CASE
      }
      """
    let schema = compile(head + text).schema
    let file = try #require(schema.file(named: "test.proto"))
    let swift = try SwiftGenerator(schema: schema).generate(file).text
    #expect(swift.contains("/// And more.") && swift.contains("The field `A`"))
    #expect(!swift.contains("ignore"))
  }

  // MARK: - Files

  @Test("only the files asked for are checked")
  func importsAreNotChecked() {
    let others = ["other.proto": "syntax = \"proto3\";\nmessage other {}\n"]
    let compilation = SchemaCompiler.compile(["a/v1/b.proto"]) { name in
      let text = others[name] ?? "\(head)import \"other.proto\";\nmessage M { .other o = 1; }\n"
      return .found(Array(text.utf8))
    }
    #expect(Linter.check(["a/v1/b.proto"], of: compilation).isEmpty)
    #expect(!Linter.check(["other.proto"], of: compilation).isEmpty)
  }

  // MARK: - Formats

  @Test("a finding is an annotation for GitHub and an object for programs")
  func formats() {
    let source = SourceText("message m {}\n")
    let finding = Diagnostic(
      severity: .error,
      file: "a,b.proto",
      span: SourceSpan(8, 9),
      message: "100% \"m\"\n",
      suggestion: "name it \"M\"",
      rule: "MESSAGE_PASCAL_CASE"
    )
    #expect(
      finding.rendered(as: .github, source: source)
        == "::error file=a%2Cb.proto,line=1,endLine=1,col=9,endColumn=10,title=MESSAGE_PASCAL_CASE"
        + "::100%25 \"m\"%0A; name it \"M\"\n"
    )
    #expect(
      finding.rendered(as: .json, source: source, path: "x/a\u{1}.proto") == #"""
        {"file":"x/a\u0001.proto","line":1,"column":9,"endLine":1,"endColumn":10,\#
        "severity":"error","rule":"MESSAGE_PASCAL_CASE","message":"100% \"m\"\u000a",\#
        "suggestion":"name it \"M\""}

        """#
    )
    #expect(
      Diagnostic(severity: .warning, file: "a", span: nil, message: "m").rendered(
        as: .json,
        source: nil
      ) == "{\"file\":\"a\",\"severity\":\"warning\",\"message\":\"m\"}\n"
    )
  }
}

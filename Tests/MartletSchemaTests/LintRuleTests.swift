import MartletSchema
import Testing

/// A rule, a schema that breaks it with all that is said of it, and one that keeps to it.
struct RuleCase: Sendable, CustomTestStringConvertible {
  var rule: LintRule
  var failing: [String: String]
  var expected: String
  var passing: [String: String]

  var testDescription: String { rule.rawValue }

  /// Files by their paths.
  init(
    _ rule: LintRule,
    files failing: [String: String],
    _ expected: String,
    passing: [String: String]
  ) {
    self.rule = rule
    self.failing = failing
    self.expected = expected
    self.passing = passing
  }

  /// Statements of one file, a/v1/test.proto of package a.v1.
  init(_ rule: LintRule, _ failing: String, _ expected: String, passing: String) {
    let head = "syntax = \"proto3\";\npackage a.v1;\n"
    self.init(
      rule,
      files: ["a/v1/test.proto": head + failing],
      expected,
      passing: ["a/v1/test.proto": head + passing]
    )
  }
}

/// What `martletc check` finds in files, as a terminal shows it.
func lint(
  _ files: [String: String],
  enable: [String] = [],
  disable: [String] = []
) throws -> String {
  let names = files.keys.sorted()
  let compilation = SchemaCompiler.compile(names) { name in
    files[name].map { .found(Array($0.utf8)) } ?? .missing
  }
  #expect(compilation.errorCount == 0, "\(rendered(compilation))")
  let findings = Linter.check(
    names,
    of: compilation,
    selection: try RuleSelection(enable: enable, disable: disable)
  )
  return findings.map { $0.rendered(source: compilation.sources[$0.file]) }.joined()
}

@Suite("Each rule of check finds what breaks it and nothing else")
struct LintRuleTests {
  @Test("a schema that breaks the rule is told so, with place and text", arguments: cases)
  func failing(_ example: RuleCase) throws {
    let found = try lint(example.failing, enable: [example.rule.rawValue], disable: ["ALL"])
    #expect(found == example.expected)
  }

  @Test("a schema that keeps to the rule passes", arguments: cases)
  func passing(_ example: RuleCase) throws {
    #expect(try lint(example.passing, enable: [example.rule.rawValue], disable: ["ALL"]) == "")
  }

  @Test("a rule that is switched off finds nothing", arguments: cases)
  func off(_ example: RuleCase) throws {
    let found = try lint(example.failing, enable: ["ALL"], disable: [example.rule.rawValue])
    #expect(!found.contains("[\(example.rule.rawValue)]"))
  }

  @Test("every rule has an example here")
  func complete() {
    #expect(Set(Self.cases.map(\.rule)) == Set(LintRule.allCases))
  }

  static let cases = fileCases + nameCases + numberCases + serviceCases + commentCases + swiftCases
}

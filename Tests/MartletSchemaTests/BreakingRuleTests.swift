import MartletSchema
import Testing

/// A rule, a change that breaks it with all that is said of it, and one that does not.
struct BreakingCase: Sendable, CustomTestStringConvertible {
  var rule: BreakingRule
  var old: [String: String]
  var new: [String: String]
  var expected: String
  var passing: [String: String]

  var testDescription: String { rule.rawValue }

  /// Files by their paths; `passing` is another new version.
  init(
    _ rule: BreakingRule,
    files old: [String: String],
    _ new: [String: String],
    _ expected: String,
    passing: [String: String]
  ) {
    self.rule = rule
    self.old = old
    self.new = new
    self.expected = expected
    self.passing = passing
  }

  /// Statements of one proto3 file, a.proto of package a.
  init(_ rule: BreakingRule, _ old: String, _ new: String, _ expected: String, passing: String) {
    let head = "syntax = \"proto3\";\npackage a;\n"
    self.init(
      rule,
      files: ["a.proto": head + old],
      ["a.proto": head + new],
      expected,
      passing: ["a.proto": head + passing]
    )
  }
}

/// What `martletc breaking` finds between two versions, as a terminal shows it; places in the old
/// version are marked.
func breaking(
  _ old: [String: String],
  _ new: [String: String],
  enable: [String] = [],
  disable: [String] = [],
  ignored: [String] = [],
  includes: (String) -> Bool = { _ in true }
) throws -> String {
  func schema(_ files: [String: String]) -> SchemaSet {
    let compilation = SchemaCompiler.compile(files.keys.sorted()) { name in
      files[name].map { .found(Array($0.utf8)) } ?? .missing
    }
    #expect(compilation.errorCount == 0, "\(rendered(compilation))")
    return compilation.schema
  }
  let (was, now) = (schema(old), schema(new))
  let findings = BreakingCheck.compare(
    was,
    with: now,
    selection: try RuleSelection(enable: enable, disable: disable),
    ignored: ignored,
    includes: includes
  )
  return findings.map { finding in
    let file = finding.diagnostic.file
    let source = (finding.isInOld ? was : now).file(named: file)?.source
    return finding.diagnostic.rendered(source: source, path: finding.isInOld ? "old/\(file)" : file)
  }.joined()
}

@Suite("Each rule of breaking finds what breaks it and nothing else")
struct BreakingRuleTests {
  @Test("a change that breaks the rule is told, with place and text", arguments: cases)
  func failing(_ example: BreakingCase) throws {
    let name = example.rule.rawValue
    let found = try breaking(example.old, example.new, enable: [name], disable: ["ALL"])
    #expect(found == example.expected)
  }

  @Test("a change that does not is not told", arguments: cases)
  func passing(_ example: BreakingCase) throws {
    let name = example.rule.rawValue
    #expect(try breaking(example.old, example.passing, enable: [name], disable: ["ALL"]) == "")
  }

  @Test("a rule that is switched off finds nothing", arguments: cases)
  func off(_ example: BreakingCase) throws {
    let found = try breaking(example.old, example.new, disable: [example.rule.rawValue])
    #expect(!found.contains("[\(example.rule.rawValue)]"))
  }

  @Test("nothing breaks between a version and itself", arguments: cases)
  func same(_ example: BreakingCase) throws {
    #expect(try breaking(example.old, example.old) == "")
    #expect(try breaking(example.new, example.new) == "")
  }

  @Test("every rule has an example here")
  func complete() {
    #expect(Set(Self.cases.map(\.rule)) == Set(BreakingRule.allCases))
  }

  static let cases = fileCases + messageCases + fieldCases + typeCases + enumCases + serviceCases
}

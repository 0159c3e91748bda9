import ArgumentParser
import MartletSchema

/// Which rules apply and how findings are printed: the same for `check` and `breaking`.
struct RuleOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Apply a rule, a category or ALL; may be given several times.",
      valueName: "rule"
    )
  )
  var enable: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Do not apply a rule, a category or ALL; may be given several times.",
      discussion: """
        The closer name decides: a rule's over its category's, that over ALL. \
        "--disable ALL --enable COMMENTS" checks comments alone.
        """,
      valueName: "rule"
    )
  )
  var disable: [String] = []

  @Option(help: "How findings are printed.")
  var format = DiagnosticFormat.text

  @Flag(help: "List the rules and their categories; * marks those that apply by default.")
  var listRules = false

  /// The rules to apply.
  func selection<Rule: CheckRule>(
    of _: Rule.Type,
    alsoEnable: [String] = [],
    alsoDisable: [String] = []
  ) throws -> RuleSelection<Rule> {
    do throws(UnknownRule) {
      return try RuleSelection(
        enable: Self.names(enable) + alsoEnable,
        disable: Self.names(disable) + alsoDisable
      )
    } catch {
      let hint = error.suggestion.map { "; \($0)" } ?? "; --list-rules tells all"
      throw ValidationError("there is no rule or category \"\(error.name)\"\(hint)")
    }
  }

  private static func names(_ given: [String]) -> [String] {
    given.flatMap { $0.split(separator: ",") }.map(String.init)
  }

  /// Prints every rule with its categories and what it asks for.
  static func printRules<Rule: CheckRule>(_: Rule.Type) {
    let rules = Rule.allCases.map { rule in
      (rule.isDefault ? "*" : " ", rule.rawValue, rule.categories.joined(separator: ","), rule)
    }
    let nameWidth = rules.map(\.1.count).max() ?? 0
    let categoryWidth = rules.map(\.2.count).max() ?? 0
    for (mark, name, categories, rule) in rules {
      let name = name + String(repeating: " ", count: nameWidth - name.count)
      let categories = categories + String(repeating: " ", count: categoryWidth - categories.count)
      FileSystem.printOutput("\(mark) \(name)  \(categories)  \(rule.summary)\n")
    }
  }
}

extension DiagnosticFormat: ExpressibleByArgument {}

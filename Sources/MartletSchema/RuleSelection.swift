/// A rule of a check: what users switch it by, and a line that says what it asks for.
package protocol CheckRule: RawRepresentable, CaseIterable, Hashable, Sendable
where RawValue == String {
  /// The categories it belongs to.
  var categories: [String] { get }
  /// Whether it applies unless it is disabled.
  var isDefault: Bool { get }
  /// What holds of a schema that keeps to it.
  var summary: String { get }
}

/// A name that is neither of a rule nor of a category.
package struct UnknownRule: Error, Hashable {
  package var name: String
  /// The name that may have been meant, as a question.
  package var suggestion: String?

  package init(name: String, suggestion: String?) {
    self.name = name
    self.suggestion = suggestion
  }
}

/// The rules that apply to a run.
package struct RuleSelection<Rule: CheckRule>: Sendable, Hashable {
  /// Stands for every rule.
  package static var all: String { "ALL" }

  package private(set) var rules: Set<Rule>

  /// The rules that apply by default.
  package init() {
    rules = Set(Rule.allCases.filter(\.isDefault))
  }

  /// Switches rules by their names, by categories or by "ALL", whatever the case of the letters.
  ///
  /// The closer name decides: a rule's over its category's, that over "ALL". Of two names that are
  /// as close, the one that disables does.
  package init(enable: [String], disable: [String]) throws(UnknownRule) {
    let enable = Set(enable.map { $0.uppercased() })
    let disable = Set(disable.map { $0.uppercased() })
    for name in (enable.union(disable)).sorted() where !Self.isKnown(name) {
      throw UnknownRule(name: name, suggestion: Self.suggestion(for: name))
    }
    rules = Set(
      Rule.allCases.filter { rule in
        let wanted = Self.closeness(of: enable, to: rule)
        let unwanted = Self.closeness(of: disable, to: rule)
        return wanted == unwanted ? wanted == 0 && rule.isDefault : wanted > unwanted
      }
    )
  }

  package func contains(_ rule: Rule) -> Bool { rules.contains(rule) }

  /// Whether a name, in capitals, is of a rule, of a category or "ALL".
  static func isKnown(_ name: String) -> Bool {
    name == all || Rule.allCases.contains { $0.rawValue == name || $0.hasCategory(name) }
  }

  static func suggestion(for name: String) -> String? {
    let categories = Set(Rule.allCases.flatMap(\.categories)).sorted()
    return didYouMean(name, among: Rule.allCases.map(\.rawValue) + categories)
  }

  /// 0 when none of the names stands for the rule.
  private static func closeness(of names: Set<String>, to rule: Rule) -> Int {
    if names.contains(rule.rawValue) { return 3 }
    if names.contains(where: rule.hasCategory) { return 2 }
    return names.contains(all) ? 1 : 0
  }
}

extension CheckRule {
  /// Whether it belongs to a category, given in capitals.
  func hasCategory(_ name: String) -> Bool {
    categories.contains { $0.uppercased() == name }
  }
}

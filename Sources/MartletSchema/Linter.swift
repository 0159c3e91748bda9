/// Checks linked files against rules of style and of caution: what a compiler lets pass.
package struct Linter {
  let schema: SchemaSet
  let selection: RuleSelection<LintRule>
  /// The files to check.
  let files: [FileDescriptor]
  /// The file being checked.
  var file: FileDescriptor
  private var findings: [Diagnostic] = []

  /// Checks files of a compilation.
  ///
  /// - Parameters:
  ///   - names: the import paths of the files to check; what they import is not.
  ///   - compilation: what the compiler made of them, without errors.
  ///   - selection: the rules to check.
  /// - Returns: what breaks a rule, by file in the order given, then by place. Each is an error and
  ///   has the name of its rule.
  package static func check(
    _ names: [String],
    of compilation: Compilation,
    selection: RuleSelection<LintRule> = RuleSelection()
  ) -> [Diagnostic] {
    let files = names.compactMap(compilation.schema.file(named:))
    guard let first = files.first else { return [] }
    var linter = Linter(
      schema: compilation.schema,
      selection: selection,
      files: files,
      file: first
    )
    linter.run(warnings: compilation.diagnostics)
    return linter.findings
  }

  private init(
    schema: SchemaSet,
    selection: RuleSelection<LintRule>,
    files: [FileDescriptor],
    file: FileDescriptor
  ) {
    self.schema = schema
    self.selection = selection
    self.files = files
    self.file = file
  }

  private mutating func run(warnings: [Diagnostic]) {
    for file in files {
      self.file = file
      checkFile()
      checkNames()
      checkNumbers()
      checkServices()
      checkComments()
      checkSwiftNames()
    }
    checkPackages()
    checkMethodTypes()
    checkSwiftTypes()
    adopt(warnings)
    let found = Dictionary(grouping: findings, by: \.file)
    findings = []
    for file in files { applyIgnores(of: file, to: found[file.name] ?? []) }
    let positions = Dictionary(files.enumerated().map { ($1.name, $0) }) { first, _ in first }
    findings = findings.enumerated().sorted { left, right in
      let leftPlace = (positions[left.1.file] ?? 0, left.1.span?.start ?? -1, left.0)
      let rightPlace = (positions[right.1.file] ?? 0, right.1.span?.start ?? -1, right.0)
      return leftPlace < rightPlace
    }.map(\.element)
  }

  /// What breaks a rule in the file being checked, unless the rule is switched off.
  mutating func find(
    _ rule: LintRule,
    _ message: String,
    at span: SourceSpan?,
    suggestion: String? = nil
  ) {
    find(rule, message, in: file, at: span, suggestion: suggestion)
  }

  /// What breaks a rule in a file, unless the rule is switched off.
  mutating func find(
    _ rule: LintRule,
    _ message: String,
    in file: FileDescriptor,
    at span: SourceSpan?,
    suggestion: String? = nil
  ) {
    guard selection.contains(rule) else { return }
    findings.append(
      Diagnostic(
        severity: .error,
        file: file.name,
        span: span,
        message: message,
        suggestion: suggestion,
        rule: rule.rawValue
      )
    )
  }

  /// Makes the compiler's warnings that have a rule findings of that rule.
  private mutating func adopt(_ warnings: [Diagnostic]) {
    let names = Set(files.map(\.name))
    for warning in warnings where names.contains(warning.file) {
      guard let rule = warning.rule.flatMap(LintRule.init), selection.contains(rule) else {
        continue
      }
      var finding = warning
      finding.severity = .error
      findings.append(finding)
    }
  }

  private mutating func applyIgnores(of file: FileDescriptor, to found: [Diagnostic]) {
    var ignores = LintIgnores(file)
    findings += found.filter { !ignores.cover($0) }
    self.file = file
    for (place, verb) in ignores.unknown {
      find(
        .ignoreUsed,
        "there is no instruction \"\(LintIgnores.marker)\(verb)\"",
        at: place,
        suggestion: didYouMean(verb, among: ["ignore", "ignore-file"])
      )
    }
    for (directive, name) in ignores.unused {
      let isKnown = RuleSelection<LintRule>.isKnown(name)
      let isChecked = LintRule(rawValue: name).map(selection.contains) ?? true
      if isKnown, !isChecked { continue }
      find(
        .ignoreUsed,
        isKnown ? "nothing here breaks \(name)" : "there is no rule \(name)",
        at: directive,
        suggestion: isKnown
          ? "leave it out" : RuleSelection<LintRule>.suggestion(for: name)
      )
    }
  }

  // MARK: - Walking

  /// The messages of the file being checked with those nested in them, without those made for maps.
  var messages: [MessageDescriptor] { Self.flattened(file.messages) }

  static func flattened(_ messages: [MessageDescriptor]) -> [MessageDescriptor] {
    messages.filter { !$0.isMapEntry }.flatMap { [$0] + flattened($0.messages) }
  }

  /// The enums of the file being checked, nested ones included.
  var enums: [EnumDescriptor] { file.enums + messages.flatMap(\.enums) }

  /// The extensions that the file being checked declares.
  var extensions: [FieldDescriptor] { file.extensions + messages.flatMap(\.extensions) }
}

/// Something that a new version of a schema breaks.
package struct BreakingFinding: Sendable, Hashable {
  /// What and where, with the name of its rule.
  package var diagnostic: Diagnostic
  /// Whether the place is in the old version: what is gone has none in the new one.
  package var isInOld: Bool
}

/// Compares two versions of a schema and tells what breaks those who have the old one: programs that
/// read or write its bytes or its JSON, and sources that were compiled against its Swift.
package struct BreakingCheck {
  let old: SchemaSet
  let new: SchemaSet
  private let selection: RuleSelection<BreakingRule>
  /// Full names that may break, with all that is in them.
  private let ignored: [String]
  var findings: [BreakingFinding] = []
  /// The files of the element being compared.
  private var oldFile: FileDescriptor?
  private var newFile: FileDescriptor?
  /// What breaks between two messages that do not have the same name.
  private var pairs: [Pair: Set<BreakingRule.Category>] = [:]
  private var depth = 0
  /// The new version's extensions by extended message and number, with their files.
  private let newExtensions: [String: [Int32: (FieldDescriptor, FileDescriptor)]]

  private struct Pair: Hashable {
    var old: String
    var new: String
  }

  /// Compares two versions.
  ///
  /// - Parameters:
  ///   - old: the version that programs and sources out there have.
  ///   - new: the version that is to follow it.
  ///   - selection: the rules to check.
  ///   - ignored: full names of packages, types, fields and so on that may break.
  ///   - includes: which files of the old version to compare, by import path.
  /// - Returns: what breaks, by file and place.
  package static func compare(
    _ old: SchemaSet,
    with new: SchemaSet,
    selection: RuleSelection<BreakingRule> = RuleSelection(),
    ignored: [String] = [],
    includes: (String) -> Bool = { _ in true }
  ) -> [BreakingFinding] {
    var check = BreakingCheck(old: old, new: new, selection: selection, ignored: ignored)
    for file in old.files where includes(file.name) {
      // protobuf's own files may come with a descriptor set or not.
      if WellKnownFiles.source(of: file.name) != nil { continue }
      check.compare(file)
    }
    return check.findings.enumerated().sorted { left, right in
      let (one, other) = (left.1, right.1)
      let onePlace = (one.diagnostic.file, one.isInOld ? 1 : 0, one.diagnostic.span?.start ?? -1)
      let otherPlace = (
        other.diagnostic.file, other.isInOld ? 1 : 0, other.diagnostic.span?.start ?? -1
      )
      return onePlace == otherPlace ? left.0 < right.0 : onePlace < otherPlace
    }.map(\.element)
  }

  private init(
    old: SchemaSet,
    new: SchemaSet,
    selection: RuleSelection<BreakingRule>,
    ignored: [String]
  ) {
    self.old = old
    self.new = new
    self.selection = selection
    self.ignored = ignored
    newExtensions = new.extensionsByNumber()
  }

  // MARK: - Telling

  /// Where a finding is: the new version, or the old one for what is gone.
  enum Place {
    case old(SourceSpan?)
    case new(SourceSpan?)
  }

  /// What breaks, unless its rule is switched off or its element ignored.
  mutating func find(
    _ rule: BreakingRule,
    _ subject: String,
    _ message: String,
    at place: Place,
    suggestion: String? = nil
  ) {
    // Whether one message can stand for another does not depend on what a run reports.
    guard depth > 0 || (selection.contains(rule) && !isIgnored(subject)) else { return }
    let (file, span, isInOld) =
      switch place {
      case .old(let span): (oldFile, span, true)
      case .new(let span): (newFile, span, false)
      }
    findings.append(
      BreakingFinding(
        diagnostic: Diagnostic(
          severity: .error,
          file: file?.name ?? "",
          span: file?.source.bytes.isEmpty ?? true ? nil : span,
          message: "breaks \(Self.text(of: rule.breaks)): \(message)",
          suggestion: suggestion,
          rule: rule.rawValue
        ),
        isInOld: isInOld
      )
    )
  }

  private func isIgnored(_ subject: String) -> Bool {
    ignored.contains { subject == $0 || subject.hasPrefix($0 + ".") }
  }

  /// "wire, JSON and source".
  private static func text(of categories: [BreakingRule.Category]) -> String {
    let names = categories.map { $0 == .json ? "JSON" : $0.rawValue }
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Compares in the files of two elements.
  private mutating func within(
    _ oldFile: FileDescriptor?,
    _ newFile: FileDescriptor?,
    _ body: (inout BreakingCheck) -> Void
  ) {
    let outer = (self.oldFile, self.newFile)
    (self.oldFile, self.newFile) = (oldFile, newFile)
    body(&self)
    (self.oldFile, self.newFile) = outer
  }

  // MARK: - Names

  /// What an old declaration is called now, given that its file may have changed its package.
  func newName(of oldName: String) -> String {
    guard let file = old.file(declaring: oldName), let now = new.file(named: file.name),
      now.package != file.package
    else { return oldName }
    let relative = file.relativeName(of: oldName)
    return now.package.isEmpty ? relative : "\(now.package).\(relative)"
  }

  // MARK: - Files

  private mutating func compare(_ file: FileDescriptor) {
    let now = new.file(named: file.name)
    within(file, now) { check in
      if let now {
        check.comparePackage(of: file, with: now)
      } else {
        check.find(
          .fileNoDelete,
          file.package,
          "the file \"\(file.name)\" is gone: what imports it no longer compiles",
          at: .old(nil),
          suggestion: "keep it, importing publicly what its declarations moved to"
        )
      }
      for message in file.messages { check.compare(message) }
      for enumeration in file.enums { check.compare(enumeration) }
      for service in file.services { check.compare(service) }
      for field in file.extensions { check.compareExtension(field) }
    }
  }

  private mutating func comparePackage(of file: FileDescriptor, with now: FileDescriptor) {
    if file.package != now.package {
      find(
        .fileSamePackage,
        file.package,
        "the file was of package \"\(file.package)\" and is of \"\(now.package)\": the paths of "
          + "calls, type URLs in Any and the names of all its types change",
        at: .new(now.packageSpan),
        suggestion: "add a file for the new package and keep this one"
      )
    }
    if file.swiftPrefix != now.swiftPrefix {
      find(
        .fileSameSwiftPrefix,
        file.package,
        "swift_prefix was \"\(file.swiftPrefix)\" and is \"\(now.swiftPrefix)\": all its types get "
          + "other names in Swift",
        at: .new(now.options.written.first { $0.nameText == "swift_prefix" }?.span)
      )
    }
  }

  // MARK: - Declarations

  mutating func compare(_ message: MessageDescriptor) {
    // A map's entries are compared with its field.
    if message.isMapEntry { return }
    let name = newName(of: message.fullName)
    guard let now = new.message(named: name) else {
      find(
        .messageNoDelete,
        message.fullName,
        "the message \"\(message.fullName)\" is gone; an Any that holds one cannot be read",
        at: .old(message.nameSpan),
        suggestion: "keep it and mark it deprecated = true"
      )
      return
    }
    within(oldFile, new.file(declaring: name)) { check in
      check.compare(message, with: now)
      for nested in message.messages { check.compare(nested) }
      for enumeration in message.enums { check.compare(enumeration) }
      for field in message.extensions { check.compareExtension(field) }
    }
  }

  mutating func compare(_ enumeration: EnumDescriptor) {
    let name = newName(of: enumeration.fullName)
    guard let now = new.enumeration(named: name) else {
      find(
        .enumNoDelete,
        enumeration.fullName,
        "the enum \"\(enumeration.fullName)\" is gone",
        at: .old(enumeration.nameSpan),
        suggestion: "keep it and mark it deprecated = true"
      )
      return
    }
    within(oldFile, new.file(declaring: name)) { $0.compare(enumeration, with: now) }
  }

  private mutating func compare(_ service: ServiceDescriptor) {
    let name = newName(of: service.fullName)
    guard let now = new.service(named: name) else {
      find(
        .serviceNoDelete,
        service.fullName,
        "the service \"\(service.fullName)\" is gone: calls to it fail",
        at: .old(service.nameSpan),
        suggestion: "keep it and mark it deprecated = true"
      )
      return
    }
    within(oldFile, new.file(declaring: name)) { $0.compare(service, with: now) }
  }

  private mutating func compareExtension(_ field: FieldDescriptor) {
    guard let extendee = field.extendee else { return }
    let candidates = newExtensions[newName(of: extendee)]
    guard let (now, file) = candidates?[field.number] else {
      find(
        .extensionNoDelete,
        field.fullName,
        "the extension \"\(field.fullName)\" of \"\(extendee)\" is gone",
        at: .old(field.nameSpan)
      )
      return
    }
    within(oldFile, file) { $0.compare(field, with: now) }
  }

  // MARK: - Messages of other names

  /// What breaks when one message is read as another.
  ///
  /// Two messages of the same name are compared for themselves: nothing breaks here.
  mutating func breaks(_ oldName: String, readAs name: String) -> Set<BreakingRule.Category> {
    let isEntry = old.message(named: oldName)?.isMapEntry ?? false
    if newName(of: oldName) == name, !isEntry { return [] }
    let pair = Pair(old: oldName, new: name)
    if let known = pairs[pair] { return known }
    guard depth < SchemaLimits().comparisonDepth, let was = old.message(named: oldName),
      let now = new.message(named: name)
    else { return [.wire, .json] }
    // A message within itself breaks nothing that its other fields do not.
    pairs[pair] = []
    let outer = findings
    findings = []
    depth += 1
    within(old.file(declaring: oldName), new.file(declaring: name)) { check in
      check.compare(was, with: now)
    }
    depth -= 1
    let rules = findings.compactMap { $0.diagnostic.rule.flatMap(BreakingRule.init) }
    findings = outer
    pairs[pair] = Set(rules.flatMap(\.breaks))
    return pairs[pair] ?? []
  }
}

extension SchemaSet {
  /// All extensions by extended message and number, with the files that declare them.
  fileprivate func extensionsByNumber() -> [String: [Int32: (FieldDescriptor, FileDescriptor)]] {
    var result: [String: [Int32: (FieldDescriptor, FileDescriptor)]] = [:]
    for file in files {
      let nested = Self.flattened(file.messages).flatMap(\.extensions)
      for field in file.extensions + nested {
        guard let extendee = field.extendee else { continue }
        result[extendee, default: [:]][field.number] = (field, file)
      }
    }
    return result
  }

  private static func flattened(_ messages: [MessageDescriptor]) -> [MessageDescriptor] {
    messages.flatMap { [$0] + flattened($0.messages) }
  }
}

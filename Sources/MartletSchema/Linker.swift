/// Gives every declaration its full name, finds the types that names stand for, and checks what
/// one statement alone cannot show.
///
/// Files come after those that they import. Look-up follows protoc: C++'s scopes, and only what a
/// file imports, directly or through `import public`, is visible to it.
struct Linker {
  let limits: SchemaLimits
  var sink: DiagnosticSink
  var files: [FileDescriptor]
  var symbols = SymbolTable()
  /// The file being linked.
  var current = 0
  /// The files that each file may name things of.
  private var visible: [Set<Int>] = []
  /// The files that only options may name things of.
  private var visibleToOptions: [Set<Int>] = []
  /// Whether names of options are looked up.
  var looksUpOptions = false
  /// Messages and enums that only their own file may name.
  var localTypes: Set<String> = []
  /// What each file passes on through `import public`, itself included.
  private var exported: [Set<Int>] = []
  private var fileIndices: [String: Int] = [:]
  /// The files that the current one has named something of.
  private var used: Set<Int> = []
  /// The full names of the types made for map fields.
  var mapEntries: Set<String> = []
  /// Linked types and extensions of all files so far, by full name.
  var messages: [String: MessageDescriptor] = [:]
  var enums: [String: EnumDescriptor] = [:]
  var extensions: [String: FieldDescriptor] = [:]
  /// Options whose declaration may forbid their use on some kinds of element or in some editions.
  var optionUses: [OptionUse] = []
  /// Those of the current file, as far as they have a meaning.
  var fileOptions = DescriptorOptions()
  /// False only while descriptor.proto itself is read to learn what options there are.
  var interpretsOptions = true
  /// Extensions by extended message and number.
  var extensionNumbers: [String: [Int32: String]] = [:]

  init(files: [FileDescriptor], limits: SchemaLimits, sink: DiagnosticSink) {
    self.files = files
    self.limits = limits
    self.sink = sink
  }

  /// Links all files; those with errors are left out of the set, and what imports them.
  mutating func run() -> SchemaSet {
    var schema = SchemaSet()
    var broken: Set<String> = []
    for index in files.indices where !sink.isFull {
      current = index
      computeVisibility()
      let errorsBefore = sink.errorCount
      declareAll()
      guard files[index].imports.allSatisfy({ !broken.contains($0.path) }) else {
        broken.insert(files[index].name)
        continue
      }
      linkCurrentFile()
      if sink.errorCount > errorsBefore {
        broken.insert(files[index].name)
      } else {
        schema.add(files[index])
      }
    }
    return schema
  }

  private mutating func linkCurrentFile() {
    used = []
    var file = files[current]
    resolveTypes(in: &file)
    // What custom options mean depends on features, which are options themselves.
    if interpretsOptions { interpretOptions(of: &file, .own) }
    fileOptions = file.options
    resolveFeatures(of: &file)
    recordLocalTypes(of: file)
    record(file)
    if interpretsOptions { interpretOptions(of: &file, .custom) }
    checkRules(of: file)
    warnOfUnusedImports(file)
    files[current] = file
  }

  // MARK: - Visibility

  private mutating func computeVisibility() {
    var sees: Set<Int> = [current]
    var passes: Set<Int> = [current]
    var optionsSee: Set<Int> = []
    fileIndices[files[current].name] = current
    for item in files[current].imports {
      guard let index = fileIndices[item.path] else { continue }
      if item.kind == .option {
        optionsSee.formUnion(exported[index])
        continue
      }
      sees.formUnion(exported[index])
      if item.kind == .public { passes.formUnion(exported[index]) }
    }
    visible.append(sees)
    visibleToOptions.append(optionsSee)
    exported.append(passes)
  }

  func isVisible(_ symbol: Symbol) -> Bool {
    !symbol.files.isDisjoint(with: visible[current])
      || looksUpOptions && !symbol.files.isDisjoint(with: visibleToOptions[current])
  }

  mutating func markUsed(_ symbol: Symbol) {
    if symbol.kind != .package { used.formUnion(symbol.files) }
  }

  private mutating func warnOfUnusedImports(_ file: FileDescriptor) {
    for item in file.imports where item.kind == .normal || item.kind == .option {
      guard let index = fileIndices[item.path], exported[index].isDisjoint(with: used) else {
        continue
      }
      sink.warning(
        "nothing of \"\(item.path)\" is used",
        in: file.name,
        at: item.pathSpan,
        rule: LintRule.importUsed.rawValue
      )
    }
  }

  private mutating func record(_ file: FileDescriptor) {
    for message in file.messages { record(message) }
    for enumeration in file.enums { enums[enumeration.fullName] = enumeration }
    for field in file.extensions { extensions[field.fullName] = field }
  }

  private mutating func record(_ message: MessageDescriptor) {
    messages[message.fullName] = message
    for nested in message.messages { record(nested) }
    for enumeration in message.enums { enums[enumeration.fullName] = enumeration }
    for field in message.extensions { extensions[field.fullName] = field }
  }

  /// A message of this run, or one that describes options.
  func message(named name: String) -> MessageDescriptor? {
    messages[name] ?? optionSchema.message(named: name)
  }

  func enumeration(named name: String) -> EnumDescriptor? {
    enums[name] ?? optionSchema.enumeration(named: name)
  }

  /// What options there are; in editions with what they say of themselves.
  private var optionSchema: SchemaSet {
    files[current].edition < .edition2023 ? OptionKind.schema : OptionKind.interpretedSchema
  }

  // MARK: - Errors

  /// The line of a place in the current file, counted from 1.
  func line(of span: SourceSpan) -> Int {
    files[current].source.line(at: span.start) + 1
  }

  mutating func error(_ message: String, at span: SourceSpan?, suggestion: String? = nil) {
    sink.error(message, in: files[current].name, at: span, suggestion: suggestion)
  }
}

/// A full name's meaning.
struct Symbol {
  enum Kind: String {
    case package
    case message
    case enumeration = "enum"
    case enumValue = "enum value"
    case field
    case oneof
    case `extension`
    case service
    case method

    /// Whether a field may be of it.
    var isType: Bool { self == .message || self == .enumeration }

    /// Whether it may stand before a dot.
    var isScope: Bool { isType || self == .package || self == .service }
  }

  var kind: Kind
  /// The file that declares it; for packages all that do.
  var files: Set<Int>
  var span: SourceSpan?
}

/// All declarations of a run by full name.
struct SymbolTable {
  private(set) var symbols: [String: Symbol] = [:]

  subscript(name: String) -> Symbol? { symbols[name] }

  /// Adds a name; gives the one in its way when there is one.
  mutating func add(_ name: String, _ symbol: Symbol) -> Symbol? {
    if let other = symbols[name] {
      guard symbol.kind == .package, other.kind == .package else { return other }
      symbols[name]?.files.formUnion(symbol.files)
      return nil
    }
    symbols[name] = symbol
    return nil
  }
}

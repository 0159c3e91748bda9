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
  /// What the file being linked sees.
  var sight = Sight()
  /// Whether names of options are looked up.
  var looksUpOptions = false
  /// Messages and enums that only their own file may name.
  var localTypes: Set<String> = []
  var fileIndices: [String: Int] = [:]
  /// The packages that each file is in: its own and those around it.
  var packages: [[SymbolTable.ID]] = []
  /// The files whose unused imports are told.
  var watched: Set<String> = []
  /// What could not be read of each file; empty where nothing was lost.
  private(set) var damage: [FileDamage]
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

  init(
    files: [FileDescriptor],
    damage: [FileDamage] = [],
    limits: SchemaLimits,
    sink: DiagnosticSink
  ) {
    self.files = files
    self.damage = damage + files.dropFirst(damage.count).map { _ in FileDamage() }
    self.limits = limits
    self.sink = sink
  }

  /// Links all files; those with errors are left out of the set, and what imports them.
  ///
  /// They are linked as far as they could be read, so that a run tells of wrong names beside wrong
  /// statements.
  mutating func run() -> SchemaSet {
    var schema = SchemaSet()
    var broken: Set<String> = []
    for index in files.indices where !sink.isFull {
      current = index
      look()
      let errorsBefore = sink.errorCount
      declareAll()
      linkCurrentFile()
      let file = files[index]
      let isGood = sink.errorCount == errorsBefore && !damage[index].isBroken
      if isGood, file.imports.allSatisfy({ !broken.contains($0.path) }) {
        warnOfUnusedImports(file)
        schema.add(file)
      } else {
        broken.insert(file.name)
      }
    }
    return schema
  }

  private mutating func linkCurrentFile() {
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
    files[current] = file
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

  /// Reports an error of the file being linked, unless the parser has complained of the same text.
  mutating func error(_ message: String, at span: SourceSpan?, suggestion: String? = nil) {
    if let span, damage[current].errors.contains(where: { $0.overlaps(span) }) { return }
    sink.error(message, in: files[current].name, at: span, suggestion: suggestion)
  }
}

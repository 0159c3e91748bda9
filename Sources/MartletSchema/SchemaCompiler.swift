/// What became of an attempt to read a file.
package enum LoadedFile: Sendable {
  case found([UInt8])
  case missing
  /// It exists and cannot be read: why.
  case unreadable(String)
}

/// What a run has made.
package struct Compilation: Sendable {
  /// The files without errors, linked, with all that they import.
  package var schema = SchemaSet()
  /// Errors and warnings, by file in the order of reading, then by place.
  package var diagnostics: [Diagnostic] = []
  /// Errors found, those beyond the limit included, which have no diagnostic.
  package var errorCount = 0
  /// The text of every file read, by its import path, to print diagnostics with.
  package var sources: [String: SourceText] = [:]
}

/// Reads schema files with what they import, and links them.
package struct SchemaCompiler {
  private let limits: SchemaLimits
  private let load: (String) -> LoadedFile

  private var files: [FileDescriptor] = []
  /// What could not be read of each.
  private var damage: [FileDamage] = []
  /// Files by name; nil while a file's imports are being read, and for those that cannot be read.
  private var indices: [String: Int?] = [:]
  /// The files being read now, each imported by the one before.
  private var chain: [String] = []
  private var order: [String] = []
  private var sink: DiagnosticSink
  private var result = Compilation()

  /// Makes a compiler that reads files through `load`, which maps an import path to bytes.
  package init(limits: SchemaLimits = SchemaLimits(), load: @escaping (String) -> LoadedFile) {
    self.limits = limits
    self.load = load
    sink = DiagnosticSink(errorLimit: limits.errors)
  }

  /// Compiles files and what they import.
  ///
  /// - Parameters:
  ///   - names: import paths.
  ///   - limits: what is accepted.
  ///   - load: maps an import path to bytes.
  /// - Returns: the linked files, and what was wrong with the others.
  package static func compile(
    _ names: [String],
    limits: SchemaLimits = SchemaLimits(),
    load: @escaping (String) -> LoadedFile
  ) -> Compilation {
    var compiler = SchemaCompiler(limits: limits, load: load)
    return compiler.run(names)
  }

  private mutating func run(_ names: [String]) -> Compilation {
    for name in names where indices[name] == nil && !sink.isFull {
      _ = read(name, importedAt: nil)
    }
    var linker = Linker(files: files, damage: damage, limits: limits, sink: sink)
    linker.watched = Set(names)
    result.schema = linker.run()
    let positions = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    result.diagnostics = linker.sink.diagnostics.enumerated().sorted { left, right in
      let leftPlace = (positions[left.1.file] ?? 0, left.1.span?.start ?? -1, left.0)
      let rightPlace = (positions[right.1.file] ?? 0, right.1.span?.start ?? -1, right.0)
      return leftPlace < rightPlace
    }.map(\.element)
    result.errorCount = linker.sink.errorCount
    return result
  }

  /// Reads a file after what it imports; false when it cannot be read at all.
  private mutating func read(_ name: String, importedAt place: (String, SourceSpan)?) -> Bool {
    indices[name] = .some(nil)
    order.append(name)
    guard order.count <= limits.files, let bytes = bytes(of: name, importedAt: place) else {
      if order.count > limits.files { report("more than \(limits.files) files", at: place, name) }
      return false
    }
    let source = SourceText(bytes)
    result.sources[name] = source
    if let span = SourceText.invalidUTF8(in: bytes) {
      sink.error("the file is not UTF-8", in: name, at: span)
      return false
    }
    var parser = FileParser(name: name, source: source, limits: limits)
    parser.parse()
    sink.append(contentsOf: parser.sink)
    var damage = parser.damage
    if !readImports(of: parser.file, damage: &damage) { damage.isBroken = true }
    indices[name] = files.count
    files.append(parser.file)
    self.damage.append(damage)
    return true
  }

  private mutating func bytes(of name: String, importedAt place: (String, SourceSpan)?) -> [UInt8]?
  {
    guard Self.isPlain(name) else {
      let isGiven = place == nil
      let reason = isGiven ? "is in no include directory" : "is not a plain relative path"
      report("\"\(name)\" \(reason)", at: place, name)
      return nil
    }
    switch load(name) {
    case .found(let bytes):
      if bytes.count <= limits.fileBytes { return bytes }
      report("\"\(name)\" is larger than \(limits.fileBytes) bytes", at: place, name)
    case .missing:
      if let builtIn = WellKnownFiles.source(of: name) { return Array(builtIn.utf8) }
      report("cannot find \"\(name)\" in any include directory", at: place, name)
    case .unreadable(let reason):
      report("cannot read \"\(name)\": \(reason)", at: place, name)
    }
    return nil
  }

  /// Whether a path stays below its include directory and has one spelling only.
  static func isPlain(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.utf8.contains(0) && !path.contains("\\")
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// At the import when there is one, else of the file itself.
  private mutating func report(_ message: String, at place: (String, SourceSpan)?, _ name: String) {
    sink.error(message, in: place?.0 ?? name, at: place?.1)
  }

  /// Reads what a file imports; false when an import is wrong.
  private mutating func readImports(of file: FileDescriptor, damage: inout FileDamage) -> Bool {
    guard chain.count < limits.importDepth else {
      sink.error("imports are nested more than \(limits.importDepth) deep", in: file.name, at: nil)
      damage.lacksImports = true
      return false
    }
    chain.append(file.name)
    defer { chain.removeLast() }
    var seen: Set<String> = []
    var isGood = true
    for item in file.imports {
      guard seen.insert(item.path).inserted else {
        sink.error("\"\(item.path)\" is imported twice", in: file.name, at: item.pathSpan)
        isGood = false
        continue
      }
      if !readImport(item, of: file) {
        isGood = false
        damage.lacksImports = true
      }
    }
    return isGood
  }

  private mutating func readImport(_ item: ImportDescriptor, of file: FileDescriptor) -> Bool {
    if let start = chain.firstIndex(of: item.path) {
      let circle = (chain[start...] + [item.path]).joined(separator: " -> ")
      sink.error("files import each other: \(circle)", in: file.name, at: item.pathSpan)
      return false
    }
    if let known = indices[item.path] { return known != nil }
    return read(item.path, importedAt: (file.name, item.pathSpan))
  }
}

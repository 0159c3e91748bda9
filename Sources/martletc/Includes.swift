import ArgumentParser
import MartletSchema

/// Where to look for schema files: the include directories, the same for every command.
struct Includes: ParsableArguments {
  @Option(
    name: [.customShort("I"), .customLong("include")],
    parsing: .singleValue,
    help: ArgumentHelp(
      "A directory that imports are relative to; may be given several times.",
      valueName: "dir"
    )
  )
  var includes: [String] = []

  /// The include directories, without slashes at their ends.
  var directories: [String] {
    (includes.isEmpty ? ["."] : includes).map { directory in
      var text = Substring(directory)
      while text.utf8.count > 1, text.hasSuffix("/") { text = text.dropLast() }
      return String(text)
    }
  }

  /// The path by which a file or directory given on the command line is imported.
  ///
  /// It is the path without the include directory; "" is that directory itself.
  func importPath(of path: String) -> String {
    let path = Self.normalized(path)
    for directory in directories.map(Self.normalized) {
      if directory == "." { continue }
      if path == directory { return "" }
      if path.hasPrefix(directory + "/"), !FileSystem.exists(Self.path(directory, path)) {
        return String(path.dropFirst(directory.utf8.count + 1))
      }
    }
    return path == "." ? "" : path
  }

  /// The import paths of files and of all schema files in directories, each once; include
  /// directories that do not exist are told.
  ///
  /// - Parameter paths: what was given on the command line; nothing stands for every schema file
  ///   in the include directories.
  /// - Returns: the import paths, in the order given.
  func importPaths(of paths: [String]) -> [String] {
    for directory in directories where !FileSystem.isDirectory(directory) {
      FileSystem.printError("martletc: warning: there is no directory \(directory) to include\n")
    }
    var seen: Set<String> = []
    let given = paths.isEmpty ? directories.filter(FileSystem.isDirectory) : paths
    return given.flatMap { path in
      FileSystem.isDirectory(path) ? schemaFiles(in: path) : [importPath(of: path)]
    }.filter { seen.insert($0).inserted }
  }

  /// Which files of another version stand for what was given on the command line.
  ///
  /// - Parameter paths: files and directories; nothing stands for every file.
  /// - Returns: whether a file belongs to them, by its import path.
  func scope(of paths: [String]) -> (String) -> Bool {
    let isDirectory = paths.map(FileSystem.isDirectory)
    let given = zip(paths.map(importPath), isDirectory).map { path, isDirectory in
      isDirectory && !path.isEmpty ? path + "/" : path
    }
    return { name in
      given.isEmpty
        || given.contains { path in
          path.isEmpty || path == name || (path.hasSuffix("/") && name.hasPrefix(path))
        }
    }
  }

  private func schemaFiles(in directory: String) -> [String] {
    let prefix = importPath(of: directory)
    return FileSystem.schemaFiles(in: directory).map { prefix.isEmpty ? $0 : "\(prefix)/\($0)" }
  }

  /// Reads a schema file from the first include directory that has it.
  func load(_ name: String, limits: SchemaLimits) -> LoadedFile {
    for directory in directories {
      let file = FileSystem.read(Self.path(directory, name), limit: limits.fileBytes)
      if case .missing = file { continue }
      return file
    }
    return .missing
  }

  /// The path of a file on this machine; nil when no include directory has it.
  func path(of name: String) -> String? {
    directories.lazy.map { Self.path($0, name) }.first(where: FileSystem.exists)
  }

  private static func normalized(_ path: String) -> String {
    var path = Substring(path)
    while path.hasPrefix("./"), path.utf8.count > 2 { path = path.dropFirst(2) }
    while path.hasSuffix("/"), path.utf8.count > 1 { path = path.dropLast() }
    return String(path == "./" ? "." : path)
  }

  static func path(_ directory: String, _ name: String) -> String {
    directory == "." ? name : directory + "/" + name
  }
}

extension Includes {
  /// Reads and links files with what they import.
  ///
  /// - Parameter names: import paths.
  /// - Returns: what became of them; nothing is printed.
  func compile(_ names: [String]) -> Compilation {
    let limits = SchemaLimits()
    return SchemaCompiler.compile(names, limits: limits) { load($0, limits: limits) }
  }

  /// Prints the errors and warnings of a compilation.
  ///
  /// - Parameters:
  ///   - compilation: what became of the files.
  ///   - format: text goes to standard error, the others, which programs read, to standard output.
  ///   - leavesOutRules: whether warnings that belong to a rule are told elsewhere.
  ///   - onlyErrors: whether warnings are of no interest.
  func report(
    _ compilation: Compilation,
    as format: DiagnosticFormat = .text,
    leavesOutRules: Bool = false,
    onlyErrors: Bool = false
  ) {
    var text = ""
    for diagnostic in compilation.diagnostics {
      if leavesOutRules, diagnostic.rule != nil { continue }
      if onlyErrors, diagnostic.severity != .error { continue }
      text += diagnostic.rendered(
        as: format,
        source: compilation.sources[diagnostic.file],
        path: path(of: diagnostic.file)
      )
    }
    if format != .text { return FileSystem.printOutput(text) }
    let shown = compilation.diagnostics.count { $0.severity == .error }
    if shown < compilation.errorCount {
      text += "martletc: \(compilation.errorCount - shown) more errors\n"
    }
    FileSystem.printError(text)
  }
}

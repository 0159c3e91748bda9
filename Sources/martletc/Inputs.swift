import ArgumentParser
import MartletSchema

/// The files to compile and where to look for what they import: the same for every command.
struct Inputs: ParsableArguments {
  @Option(
    name: [.customShort("I"), .customLong("include")],
    parsing: .singleValue,
    help: ArgumentHelp(
      "A directory that imports are relative to; may be given several times.",
      valueName: "dir"
    )
  )
  var includes: [String] = []

  @Argument(help: "Schema files, as paths or relative to an include directory.")
  var files: [String]

  mutating func validate() throws {
    if files.isEmpty { throw ValidationError("no schema files are given") }
  }

  private var directories: [String] {
    (includes.isEmpty ? ["."] : includes).map { directory in
      var text = Substring(directory)
      while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
      return String(text)
    }
  }

  /// The path by which a file given on the command line is imported: without the include
  /// directory that it is in.
  private func importPath(of file: String) -> String {
    let file = Self.normalized(file)
    for directory in directories.map(Self.normalized) {
      if directory == "." { continue }
      if file.hasPrefix(directory + "/"), !FileSystem.exists(Self.path(directory, file)) {
        return String(file.dropFirst(directory.utf8.count + 1))
      }
    }
    return file
  }

  private static func normalized(_ path: String) -> String {
    path.hasPrefix("./") && path.count > 2 ? normalized(String(path.dropFirst(2))) : path
  }

  private static func path(_ directory: String, _ name: String) -> String {
    directory == "." ? name : directory + "/" + name
  }

  /// Reads and links the files, and prints what is wrong with them.
  ///
  /// - Returns: the compilation and the import paths of the files given.
  /// - Throws: `ExitCode(1)` when there are errors.
  func compile() throws -> (Compilation, [String]) {
    let directories = directories
    let limits = SchemaLimits()
    let names = files.map(importPath)
    let compilation = SchemaCompiler.compile(names, limits: limits) { name in
      for directory in directories {
        let file = FileSystem.read(Self.path(directory, name), limit: limits.fileBytes)
        if case .missing = file { continue }
        return file
      }
      return .missing
    }
    report(compilation)
    if compilation.errorCount > 0 { throw ExitCode(1) }
    return (compilation, names)
  }

  /// Prints why a file has no Swift.
  func report(_ refusal: SwiftRefusal, in compilation: Compilation) {
    let diagnostic = Diagnostic(
      severity: .error,
      file: refusal.file,
      span: refusal.span,
      message: refusal.message
    )
    FileSystem.printError(text(of: diagnostic, in: compilation))
  }

  private func text(of diagnostic: Diagnostic, in compilation: Compilation) -> String {
    let found = directories.lazy.map { Self.path($0, diagnostic.file) }
      .first(where: FileSystem.exists)
    return diagnostic.rendered(source: compilation.sources[diagnostic.file], path: found)
  }

  private func report(_ compilation: Compilation) {
    var text = ""
    for diagnostic in compilation.diagnostics {
      text += self.text(of: diagnostic, in: compilation)
    }
    let shown = compilation.diagnostics.count { $0.severity == .error }
    if shown < compilation.errorCount {
      text += "martletc: \(compilation.errorCount - shown) more errors\n"
    }
    FileSystem.printError(text)
  }
}

import ArgumentParser
import MartletSchema

/// The files to compile and where to look for what they import.
struct Inputs: ParsableArguments {
  @OptionGroup var includes: Includes

  @Argument(
    help: """
      Schema files, as paths or relative to an include directory; a directory stands for all \
      .proto files in it.
      """
  )
  var files: [String]

  mutating func validate() throws {
    if files.isEmpty { throw ValidationError("no schema files are given") }
  }

  /// Reads and links the files, and prints what is wrong with them.
  ///
  /// - Returns: the compilation and the import paths of the files given.
  /// - Throws: `ExitCode(1)` when there are errors.
  func compile() throws -> (Compilation, [String]) {
    let names = includes.importPaths(of: files)
    let compilation = includes.compile(names)
    includes.report(compilation)
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
    FileSystem.printError(
      diagnostic.rendered(
        source: compilation.sources[diagnostic.file],
        path: includes.path(of: diagnostic.file)
      )
    )
  }
}

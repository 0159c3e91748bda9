import ArgumentParser
import MartletSchema

/// `martletc breaking`: says what a new version of a schema breaks.
struct Breaking: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "breaking",
    abstract: "Compares a schema with another version and reports what breaks those who have it.",
    discussion: """
      Three things break apart: "wire", programs that exchange binary messages; "json", programs \
      that exchange JSON; "source", Swift that was compiled against what martletc generates. Each \
      rule belongs to one of them or to several. Findings go to standard output, in the new \
      version's files or, for what is gone, in the old one's. Without files, all schema files in \
      the include directories are compared.

      EXAMPLES:
        git worktree add /tmp/released v1.4.0
        martletc breaking -I schema --against /tmp/released/schema
        martletc breaking -I schema --against released.binpb --category wire --category json

      Exit codes: 0 nothing breaks, 1 errors or findings, 64 wrong usage.
      """
  )

  @OptionGroup var includes: Includes

  @Option(
    help: ArgumentHelp(
      "The version to compare with: a directory of schema files, as one given with -I, or a file "
        + "with a FileDescriptorSet.",
      valueName: "dir|descriptors"
    )
  )
  var against: String?

  @Option(
    parsing: .singleValue,
    help: "Report only what breaks this; may be given several times."
  )
  var category: [BreakingRule.Category] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A package, type, field or other element that may break, by its full name, with all that is "
        + "in it; may be given several times.",
      valueName: "name"
    )
  )
  var ignore: [String] = []

  @OptionGroup var rules: RuleOptions

  @Argument(
    help: """
      Schema files or directories of them; everything in the include directories when left out.
      """
  )
  var files: [String] = []

  func run() throws {
    if rules.listRules {
      RuleOptions.printRules(BreakingRule.self)
      return
    }
    guard let against else { throw ValidationError("--against is missing") }
    let selection = try rules.selection(
      of: BreakingRule.self,
      alsoEnable: category.map(\.rawValue),
      alsoDisable: category.isEmpty ? [] : [RuleSelection<BreakingRule>.all]
    )
    let names = includes.importPaths(of: files)
    guard !names.isEmpty else { throw ValidationError("there are no schema files to compare") }
    let new = includes.compile(names)
    includes.report(new, as: rules.format, leavesOutRules: true)
    let old = try OldVersion(at: against, includes: includes, format: rules.format)
    if new.errorCount > 0 { throw ExitCode(1) }
    let scope = includes.scope(of: files)
    let findings = BreakingCheck.compare(
      old.schema,
      with: new.schema,
      selection: selection,
      ignored: ignore,
      includes: scope
    )
    FileSystem.printOutput(findings.map { text(of: $0, new: new, old: old) }.joined())
    if !findings.isEmpty { throw ExitCode(1) }
  }

  private func text(of finding: BreakingFinding, new: Compilation, old: OldVersion) -> String {
    if finding.isInOld { return old.text(of: finding.diagnostic, as: rules.format) }
    return finding.diagnostic.rendered(
      as: rules.format,
      source: new.sources[finding.diagnostic.file],
      path: includes.path(of: finding.diagnostic.file)
    )
  }
}

/// The version that a schema is compared with.
private struct OldVersion {
  let schema: SchemaSet
  /// Where its files are; nil when it came as descriptors.
  private let directory: String?

  /// Reads a directory of schema files or a file of descriptors.
  ///
  /// - Parameters:
  ///   - path: the directory or the file.
  ///   - includes: where to look for what a directory's files import from elsewhere.
  ///   - format: how errors in it are printed.
  /// - Throws: `ExitCode(1)` when it cannot be read or has errors.
  init(at path: String, includes: Includes, format: DiagnosticFormat) throws {
    guard FileSystem.isDirectory(path) else {
      directory = nil
      schema = try Self.descriptors(at: path)
      return
    }
    directory = path
    var all = includes
    all.includes = [path] + includes.directories
    let compilation = all.compile(FileSystem.schemaFiles(in: path))
    all.report(compilation, as: format, onlyErrors: true)
    if compilation.errorCount > 0 { throw ExitCode(1) }
    schema = compilation.schema
  }

  private static func descriptors(at path: String) throws -> SchemaSet {
    let limits = SchemaLimits()
    let reason: String
    switch FileSystem.read(path, limit: limits.descriptorSetBytes) {
    case .missing: reason = "there is no such file or directory"
    case .unreadable(let text): reason = text
    case .found(let bytes):
      do throws(DescriptorError) {
        return try DescriptorReader.schema(ofSet: bytes, limits: limits)
      } catch {
        reason = "\(error)"
      }
    }
    FileSystem.printError("martletc: cannot read \(path): \(reason)\n")
    throw ExitCode(1)
  }

  /// What a finding says, at its place in this version.
  func text(of diagnostic: Diagnostic, as format: DiagnosticFormat) -> String {
    let source = schema.file(named: diagnostic.file)?.source
    guard let directory else {
      // Descriptors know places and not the text that stands there.
      let text = diagnostic.rendered(as: format, source: source)
      return format == .text ? text.prefix { $0 != "\n" } + "\n" : text
    }
    return diagnostic.rendered(
      as: format,
      source: source,
      path: Includes.path(directory, diagnostic.file)
    )
  }
}

extension BreakingRule.Category: ExpressibleByArgument {}

import ArgumentParser
import MartletSchema

/// `martletc check`: says what is wrong with a schema, and writes nothing.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks schema files against the language and against rules of style and caution.",
    discussion: """
      Findings go to standard output, each with the name of its rule; errors of the language go to \
      standard error in the format "text". Without files, all schema files in the include \
      directories are checked. A comment leaves rules out for the declaration it belongs to and \
      all in it, or for the whole file:

        // martletc:ignore FIELD_LOWER_SNAKE_CASE: the name is older than the rule
        // martletc:ignore-file COMMENTS: made by a program

      EXAMPLES:
        martletc check -I schema
        martletc check -I schema --enable COMMENTS --disable SERVICE_SUFFIX schema/martlet/v1

      Exit codes: 0 nothing found, 1 errors or findings, 64 wrong usage.
      """
  )

  @OptionGroup var includes: Includes

  @OptionGroup var rules: RuleOptions

  @Argument(
    help: """
      Schema files or directories of them; everything in the include directories when left out.
      """
  )
  var files: [String] = []

  func run() throws {
    if rules.listRules {
      RuleOptions.printRules(LintRule.self)
      return
    }
    let selection = try rules.selection(of: LintRule.self)
    let names = includes.importPaths(of: files)
    guard !names.isEmpty else { throw ValidationError("there are no schema files to check") }
    let compilation = includes.compile(names)
    includes.report(compilation, as: rules.format, leavesOutRules: true)
    if compilation.errorCount > 0 { throw ExitCode(1) }
    let findings = Linter.check(names, of: compilation, selection: selection)
    var text = ""
    for finding in findings {
      text += finding.rendered(
        as: rules.format,
        source: compilation.sources[finding.file],
        path: includes.path(of: finding.file)
      )
    }
    FileSystem.printOutput(text)
    if !findings.isEmpty { throw ExitCode(1) }
  }
}

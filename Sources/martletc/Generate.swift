import ArgumentParser
import MartletSchema

/// `martletc generate`: writes Swift.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Writes message types and service stubs in Swift.",
    discussion: """
      Each schema file becomes one Swift file, named after its path because SwiftPM wants file
      names unique in a module: martlet/v1/live.proto becomes martlet_v1_live.swift. A file that
      holds the right text already is left untouched.

      EXAMPLE:
        martletc generate -I schema --out Sources/Generated schema/martlet/v1/live.proto
      """
  )

  @OptionGroup var inputs: Inputs

  @Option(help: ArgumentHelp("The directory to write to.", valueName: "dir"))
  var out: String

  @Option(help: "Who may use the generated types.")
  var visibility = SwiftOptions.Visibility.public

  @Flag(help: "Leave services out; the result then needs MartletWire alone.")
  var messagesOnly = false

  @Flag(help: "Leave out the schema's descriptors, which server reflection shows.")
  var noDescriptors = false

  @Flag(help: "Give messages and enums their JSON form; the result then needs MartletJSON.")
  var json = false

  @Flag(help: "Write the JSON form alone, for messages that are generated without it.")
  var jsonOnly = false

  @Option(
    name: .customLong("module"),
    parsing: .singleValue,
    help: ArgumentHelp(
      "The module that an imported file's Swift is in, or that of all below a folder.",
      valueName: "path=module"
    )
  )
  var modules: [String] = []

  func run() throws {
    let (compilation, names) = try inputs.compile()
    var options = SwiftOptions()
    options.visibility = visibility
    options.services = !messagesOnly
    options.descriptors = !noDescriptors
    options.json = jsonOnly ? .only : json ? .included : .none
    for module in modules {
      do throws(GeneratorParameterError) {
        try options.addModule(module)
      } catch {
        throw ValidationError(error.description)
      }
    }
    let generator = SwiftGenerator(schema: compilation.schema, options: options)
    let output = generator.generate(names)
    for refusal in output.refusals { inputs.report(refusal, in: compilation) }
    // All or nothing: a refusal leaves the output as it was.
    if !output.refusals.isEmpty { throw ExitCode(1) }
    try write(output.files)
  }

  private func write(_ files: [GeneratedFile]) throws {
    for file in files {
      do throws(FileError) {
        _ = try FileSystem.writeIfChanged("\(out)/\(file.name)", Array(file.text.utf8))
      } catch {
        FileSystem.printError("martletc: cannot write \(error)\n")
        throw ExitCode(1)
      }
    }
  }
}

extension SwiftOptions.Visibility: ExpressibleByArgument {}

import ArgumentParser
import MartletSchema

/// `martletc generate`: writes Swift.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
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

  func run() throws {
    let (compilation, names) = try inputs.compile()
    var options = SwiftOptions()
    options.visibility = visibility
    options.services = !messagesOnly
    let generator = SwiftGenerator(schema: compilation.schema, options: options)
    // Everything is generated before anything is written: a refusal leaves the output as it was.
    var outputs: [(path: String, text: String)] = []
    var hasRefusal = false
    for file in names.compactMap(compilation.schema.file(named:)) {
      do throws(SwiftRefusal) {
        let generated = try generator.generate(file)
        outputs.append(("\(out)/\(generated.name)", generated.text))
      } catch {
        hasRefusal = true
        inputs.report(error, in: compilation)
      }
    }
    if hasRefusal { throw ExitCode(1) }
    try write(outputs)
  }

  private func write(_ outputs: [(path: String, text: String)]) throws {
    for output in outputs {
      do throws(FileError) {
        _ = try FileSystem.writeIfChanged(output.path, Array(output.text.utf8))
      } catch {
        FileSystem.printError("martletc: cannot write \(error)\n")
        throw ExitCode(1)
      }
    }
  }
}

extension SwiftOptions.Visibility: ExpressibleByArgument {}

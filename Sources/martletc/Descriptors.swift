import ArgumentParser
import MartletSchema

/// `martletc descriptors`: writes what other tools read instead of schema files.
struct Descriptors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "descriptors",
    abstract: "Writes a google.protobuf.FileDescriptorSet, as protoc --descriptor_set_out does.",
    discussion: """
      EXAMPLE:
        martletc descriptors -I schema --out schema.binpb schema/martlet/v1/live.proto
      """
  )

  @OptionGroup var inputs: Inputs

  @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
  var out: String

  @Flag(help: "Write the imported files too.")
  var includeImports = false

  @Flag(help: "Write places and comments too.")
  var includeSourceInfo = false

  func run() throws {
    let (compilation, names) = try inputs.compile()
    let wanted = Set(names)
    let files = compilation.schema.files.filter { includeImports || wanted.contains($0.name) }
    let bytes = DescriptorWriter.fileDescriptorSet(files, includesSourceInfo: includeSourceInfo)
    do throws(FileError) {
      _ = try FileSystem.writeIfChanged(out, bytes)
    } catch {
      FileSystem.printError("martletc: cannot write \(error)\n")
      throw ExitCode(1)
    }
  }
}

// Makes Swift of schema files and writes it into the package, for those who check it in.

import Foundation
import PackagePlugin

@main
struct MartletCommand: CommandPlugin {
  func performCommand(context: PluginContext, arguments: [String]) throws {
    var extractor = ArgumentExtractor(arguments)
    let names = extractor.extractOption(named: "target")
    let folder = extractor.extractOption(named: "output").last ?? "Generated"
    if let rest = extractor.remainingArguments.first {
      throw SchemaProblem(
        description: """
          unknown argument "\(rest)"; there are --target NAME, for the targets to generate, and \
          --output FOLDER, for where in them (Generated)
          """
      )
    }
    let martletc = try context.tool(named: "martletc").url
    for schema in try schemas(of: context.package, named: names) {
      let out = schema.target.directoryURL.appending(path: folder)
      let dependencies = try schema.dependencies()
      try run(martletc, schema.arguments(out: out, dependencies: dependencies))
      for file in schema.files {
        print("\(out.path)/\(TargetSchema.outputName(of: file.importPath))")
      }
    }
  }

  private func schemas(of package: Package, named names: [String]) throws -> [TargetSchema] {
    let targets = package.targets.compactMap { $0 as? any SourceModuleTarget }
    for name in names where !targets.contains(where: { $0.name == name }) {
      throw SchemaProblem(description: "the package has no target \"\(name)\"")
    }
    let schemas = try targets.filter { names.isEmpty || names.contains($0.name) }
      .map(TargetSchema.init).filter { !$0.files.isEmpty }
    guard !schemas.isEmpty else {
      throw SchemaProblem(description: "no target has .proto files")
    }
    return schemas
  }

  /// Its complaints go to standard error as they are.
  private func run(_ tool: URL, _ arguments: [String]) throws {
    let process = try Process.run(tool, arguments: arguments)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SchemaProblem(description: "martletc failed")
    }
  }
}

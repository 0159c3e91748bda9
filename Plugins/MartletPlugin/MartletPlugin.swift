// Makes Swift of a target's schema files on every build. The Swift stays in the build folder.

import Foundation
import PackagePlugin

@main
struct MartletPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    guard let target = target as? any SourceModuleTarget else { return [] }
    do {
      let schema = try TargetSchema(target)
      guard !schema.files.isEmpty else {
        throw SchemaProblem(
          description: """
            the target "\(target.name)" uses MartletPlugin but has no .proto files in \
            \(schema.roots.map(\.path).joined(separator: ", "))
            """
        )
      }
      return [try command(for: schema, context: context)]
    } catch let problem as SchemaProblem {
      Diagnostics.error(problem.description)
      return []
    }
  }

  private func command(for schema: TargetSchema, context: PluginContext) throws -> Command {
    let out = context.pluginWorkDirectoryURL
    let dependencies = try schema.dependencies()
    let inputs = ([schema] + dependencies).flatMap { schema in
      schema.files.map(\.url) + [schema.configurationFile].compactMap(\.self)
    }
    return .buildCommand(
      displayName: "Generating Swift from the schema of \(schema.target.name)",
      executable: try context.tool(named: "martletc").url,
      arguments: try schema.arguments(out: out, dependencies: dependencies),
      inputFiles: inputs,
      outputFiles: schema.files.map { file in
        out.appending(path: TargetSchema.outputName(of: file.importPath))
      }
    )
  }
}

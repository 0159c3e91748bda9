// What a target has of schema: shared by both plugins, as a link, because a plugin can depend on no
// library.

import Foundation
import PackagePlugin

/// Something that a person has to mend in a package.
struct SchemaProblem: Error, CustomStringConvertible {
  var description: String
}

/// The schema files of one target and how Swift is made of them.
struct TargetSchema {
  /// `martlet.json` in the target's folder; every key may be left out.
  struct Configuration: Decodable {
    /// Folders of schema files, relative to the target's folder; imports are relative to them.
    var roots = ["."]
    /// More folders to look for imported files in, relative to the target's folder.
    var include: [String] = []
    /// Who may use the generated types: `public`, `package` or `internal`.
    var visibility = "public"
    /// Whether services are left out; without a word, they are where MartletRPC is missing.
    var messagesOnly: Bool?
    /// Whether services carry their file's descriptors, for server reflection.
    var descriptors = true
    /// Whether messages get their JSON form; the target then needs MartletJSON.
    var json = false
    /// The modules of imported files, by path or folder, beyond those of the target's dependencies.
    var modules: [String: String] = [:]

    enum CodingKeys: String, CodingKey, CaseIterable {
      case roots, include, visibility, messagesOnly, descriptors, json, modules
    }

    init() {}

    init(from decoder: any Decoder) throws {
      let known = CodingKeys.allCases.map(\.rawValue)
      for key in try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue) {
        if !known.contains(key) {
          let keys = known.joined(separator: ", ")
          throw SchemaProblem(description: "there is no key \"\(key)\"; there are \(keys)")
        }
      }
      let values = try decoder.container(keyedBy: CodingKeys.self)
      roots = try values.decodeIfPresent([String].self, forKey: .roots) ?? roots
      include = try values.decodeIfPresent([String].self, forKey: .include) ?? include
      visibility = try values.decodeIfPresent(String.self, forKey: .visibility) ?? visibility
      messagesOnly = try values.decodeIfPresent(Bool.self, forKey: .messagesOnly)
      descriptors = try values.decodeIfPresent(Bool.self, forKey: .descriptors) ?? descriptors
      json = try values.decodeIfPresent(Bool.self, forKey: .json) ?? json
      modules = try values.decodeIfPresent([String: String].self, forKey: .modules) ?? modules
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A schema file: where it is, and the path by which others import it.
  struct File {
    var url: URL
    var importPath: String
  }

  let target: any SourceModuleTarget
  let configuration: Configuration
  let roots: [URL]
  /// By import path.
  let files: [File]
  /// `martlet.json`, where there is one.
  let configurationFile: URL?

  /// - Throws: `SchemaProblem` when the configuration says what cannot be.
  init(_ target: any SourceModuleTarget) throws {
    self.target = target
    let folder = target.directoryURL
    let file = folder.appending(path: "martlet.json")
    configurationFile = FileManager.default.fileExists(atPath: file.path) ? file : nil
    configuration = try configurationFile.map(Self.read) ?? Configuration()
    roots = try configuration.roots.map { try Self.folder($0, below: folder) }
    files = roots.flatMap(Self.schemaFiles).sorted { $0.importPath < $1.importPath }
  }

  private static func read(_ file: URL) throws -> Configuration {
    do {
      return try JSONDecoder().decode(Configuration.self, from: Data(contentsOf: file))
    } catch {
      throw SchemaProblem(description: "\(file.path): \(error)")
    }
  }

  private static func folder(_ path: String, below base: URL) throws -> URL {
    let folder = base.appending(path: path).standardizedFileURL
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw SchemaProblem(
        description: "\(base.path)/martlet.json names a folder that does not exist: \(path)"
      )
    }
    return folder
  }

  private static func schemaFiles(in root: URL) -> [File] {
    let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
    return (paths ?? []).filter { $0.hasSuffix(".proto") }.map {
      File(url: root.appending(path: $0), importPath: $0)
    }
  }
}

// What martletc is told.

extension TargetSchema {
  /// The schemas of the targets that this one depends on, directly or not.
  func dependencies() throws -> [TargetSchema] {
    try target.recursiveTargetDependencies.compactMap { $0 as? any SourceModuleTarget }
      .filter { $0.kind != .test }.map(TargetSchema.init).filter { !$0.files.isEmpty }
  }

  /// The arguments after `martletc generate`.
  func arguments(out: URL, dependencies: [TargetSchema]) throws -> [String] {
    let includes = try configuration.include.map { path in
      try Self.folder(path, below: target.directoryURL)
    }
    var arguments = ["generate", "--out", out.path, "--visibility", configuration.visibility]
    for folder in roots + dependencies.flatMap(\.roots) + includes {
      arguments += ["-I", folder.path]
    }
    if try isMessagesOnly() { arguments.append("--messages-only") }
    if !configuration.descriptors { arguments.append("--no-descriptors") }
    if configuration.json { arguments.append("--json") }
    var modules: [String: String] = [:]
    for other in dependencies {
      for file in other.files { modules[file.importPath] = other.target.moduleName }
    }
    modules.merge(configuration.modules) { $1 }
    // A file of this target is of this target, whoever else has one of its name.
    for file in files { modules[file.importPath] = nil }
    for (path, module) in modules.sorted(by: { $0.key < $1.key }) {
      arguments += ["--module", "\(path)=\(module)"]
    }
    return arguments + files.map(\.url.path)
  }

  /// Whether services are left out; a target that cannot use them has none unless it asks for them.
  private func isMessagesOnly() throws -> Bool {
    let modules = Set(target.recursiveTargetDependencies.map(\.name))
    guard modules.contains("MartletWire") else {
      throw SchemaProblem(
        description: """
          the target "\(target.name)" has schema files, but not what their Swift needs; add \
          .product(name: "MartletWire", package: "martlet") to its dependencies, or MartletRPC \
          for services
          """
      )
    }
    return configuration.messagesOnly ?? !modules.contains("MartletRPC")
  }

  /// What a generated file is called: as martletc calls it.
  static func outputName(of importPath: String) -> String {
    let stem = importPath.dropLast(".proto".count)
    return String(stem.map { $0.isLetter || $0.isNumber ? $0 : "_" }) + ".swift"
  }
}

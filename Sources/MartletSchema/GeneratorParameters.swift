// Options of the generator as texts, for those who are not given them as flags: protoc and buf.

extension SwiftOptions {
  /// Reads `visibility=package,messages-only,module=common/v1/=Common`.
  ///
  /// - Parameter text: options parted by commas; case does not count in their names.
  /// - Throws: `GeneratorParameterError` for what is not known.
  package init(parameters text: String) throws(GeneratorParameterError) {
    self.init()
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = pair.count > 1 ? String(pair[1]) : nil
      try set(pair[0].filter { $0 != " " }.lowercased(), value)
    }
  }

  private mutating func set(
    _ name: String,
    _ value: String?
  ) throws(GeneratorParameterError) {
    switch name {
    case "visibility":
      guard let visibility = value.flatMap({ Visibility(rawValue: $0.lowercased()) }) else {
        throw GeneratorParameterError("\"visibility\" is public, package or internal")
      }
      self.visibility = visibility
    case "messages-only": services = try !Self.flag(name, value)
    case "no-descriptors": descriptors = try !Self.flag(name, value)
    case "json": if try Self.flag(name, value) { json = .included }
    case "json-only": if try Self.flag(name, value) { json = .only }
    case "module": try addModule(value ?? "")
    default:
      throw GeneratorParameterError(
        "there is no option \"\(name)\"; there are visibility, messages-only, no-descriptors, "
          + "json, json-only and module"
      )
    }
  }

  private static func flag(
    _ name: String,
    _ value: String?
  ) throws(GeneratorParameterError) -> Bool {
    switch value?.lowercased() {
    case nil, "true": return true
    case "false": return false
    default: throw GeneratorParameterError("\"\(name)\" is true or false")
    }
  }

  /// Says in which module a file's Swift is: `common/v1/unit.proto=Common`, or `common/=Common` for
  /// all files below a folder.
  ///
  /// - Parameter text: the import path, `=` and the module.
  /// - Throws: `GeneratorParameterError` when it is not of that form.
  package mutating func addModule(_ text: String) throws(GeneratorParameterError) {
    let pair = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard pair.count == 2, pair[0].hasSuffix(".proto") || pair[0].hasSuffix("/"),
      let first = pair[1].utf8.first, first.isIdentifierStart,
      pair[1].utf8.allSatisfy(\.isIdentifierPart)
    else {
      throw GeneratorParameterError(
        "\"\(text)\" is not of the form \"path/file.proto=Module\" or \"path/=Module\""
      )
    }
    modules[pair[0]] = pair[1]
  }

  /// The module that a schema file was generated into, when it is another one.
  func module(of path: String) -> String? {
    if let module = modules[path] { return module }
    let folders = modules.keys.filter { $0.hasSuffix("/") && path.hasPrefix($0) }
    return folders.max { $0.utf8.count < $1.utf8.count }.flatMap { modules[$0] }
  }
}

/// Why a text is no option of the generator.
package struct GeneratorParameterError: Error, Hashable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}

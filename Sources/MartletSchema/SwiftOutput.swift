/// The Swift of all files of a run, which become one module.
package struct SwiftOutput: Sendable, Hashable {
  package var files: [GeneratedFile] = []
  /// Why others have no Swift, in the order of the files.
  package var refusals: [SwiftRefusal] = []
}

extension SwiftGenerator {
  /// Generates several files and checks that they go together.
  ///
  /// - Parameter names: import paths of files of the schema.
  /// - Returns: the files, and what no Swift was generated for.
  package func generate(_ names: [String]) -> SwiftOutput {
    var output = SwiftOutput()
    var owners = SwiftOwners()
    for file in names.compactMap(schema.file(named:)) {
      do throws(SwiftRefusal) {
        try owners.claim(file, by: self)
        let generated = try generate(file)
        if options.json != .only || hasJSON(file) { output.files.append(generated) }
      } catch {
        output.refusals.append(error)
      }
    }
    return output
  }
}

/// Which declaration of a schema has which name of the module that is made.
private struct SwiftOwners {
  /// By Swift's name: the full name and its file.
  private var types: [String: (name: String, file: String)] = [:]
  /// By the generated file's name: the schema file.
  private var files: [String: String] = [:]

  mutating func claim(
    _ file: FileDescriptor,
    by generator: SwiftGenerator
  ) throws(SwiftRefusal) {
    let output = SwiftNames.file(file.name)
    if let other = files.updateValue(file.name, forKey: output), other != file.name {
      throw SwiftRefusal(
        file: file.name,
        span: SourceSpan(0, 0),
        message: "\"\(file.name)\" and \"\(other)\" would both be written to \(output); "
          + "generate them into two modules"
      )
    }
    for message in file.messages {
      let name = generator.declaredName(message.fullName)
      try claim(name, for: message.fullName, in: file, at: message.nameSpan)
    }
    for enumeration in file.enums {
      let name = generator.declaredName(enumeration.fullName)
      try claim(name, for: enumeration.fullName, in: file, at: enumeration.nameSpan)
    }
    guard generator.options.services else { return }
    for service in file.services {
      for name in generator.typeNames(of: service, in: file) {
        try claim(name, for: service.fullName, in: file, at: service.nameSpan)
      }
    }
  }

  private mutating func claim(
    _ name: String,
    for fullName: String,
    in file: FileDescriptor,
    at span: SourceSpan
  ) throws(SwiftRefusal) {
    guard let other = types.updateValue((fullName, file.name), forKey: name),
      other.name != fullName || other.file != file.name
    else { return }
    throw SwiftRefusal(
      file: file.name,
      span: span,
      message: "\"\(fullName)\" and \"\(other.name)\" of \"\(other.file)\" would both be "
        + "\(name) in Swift; "
        + (other.file == file.name
          ? "rename one of them"
          : "give one of the files a swift_prefix, or generate them into two modules")
    )
  }
}

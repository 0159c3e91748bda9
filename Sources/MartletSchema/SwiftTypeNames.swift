/// Swift's names of all messages, enums and oneofs of a schema.
///
/// Generated code names a type by its whole path from the module, which Swift looks up from where
/// it stands, innermost scope first. So a nested type must not have the name that a path used in
/// its scope begins with: it gets an underscore, a oneof's enum gets `Oneof`.
struct SwiftTypeNames {
  /// By full name; of nested types with the types around them.
  private(set) var paths: [String: String] = [:]
  private let schema: SchemaSet
  private let prefix: (FileDescriptor) -> String

  /// - Parameters:
  ///   - schema: linked files.
  ///   - prefix: what the names of a file's top-level types begin with.
  init(_ schema: SchemaSet, prefix: @escaping (FileDescriptor) -> String) {
    self.schema = schema
    self.prefix = prefix
    for file in schema.files {
      for enumeration in file.enums {
        paths[enumeration.fullName] = topLevelName(enumeration.name, in: file)
      }
      for message in file.messages { add(message, as: topLevelName(message.name, in: file)) }
    }
  }

  private func topLevelName(_ name: String, in file: FileDescriptor) -> String {
    SwiftNames.type(prefix(file) + name)
  }

  private mutating func add(_ message: MessageDescriptor, as path: String) {
    paths[message.fullName] = path
    let heads = heads(in: message)
    var taken: Set<String> = []
    func unique(_ name: String, suffix: String) -> String {
      var result = heads.contains(name) || taken.contains(name) ? name + suffix : name
      while heads.contains(result) || taken.contains(result) { result += "_" }
      taken.insert(result)
      return result
    }
    let nested = message.messages.filter { !$0.isMapEntry }
    let names = nested.map { unique(SwiftNames.type($0.name), suffix: "_") }
    for enumeration in message.enums {
      let name = unique(SwiftNames.type(enumeration.name), suffix: "_")
      paths[enumeration.fullName] = "\(path).\(name)"
    }
    for oneof in message.oneofs where !oneof.isSynthetic {
      let name = SwiftNames.type(SwiftNames.upperCamel(oneof.name))
      paths[oneof.fullName] = "\(path).\(unique(name, suffix: "Oneof"))"
    }
    for (inner, name) in zip(nested, names) { add(inner, as: "\(path).\(name)") }
  }

  /// What the paths of all types begin with that a message or one nested in it names.
  private func heads(in message: MessageDescriptor) -> Set<String> {
    var result: Set<String> = []
    var waiting = [message]
    while let message = waiting.popLast() {
      waiting += message.messages
      for field in message.fields where !field.typeName.isEmpty {
        guard let file = schema.file(declaring: field.typeName) else { continue }
        let top = file.relativeName(of: field.typeName).prefix { $0 != "." }
        result.insert(topLevelName(String(top), in: file))
      }
    }
    return result
  }
}

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
  private let module: (FileDescriptor) -> String?
  /// Modules by the names of the top-level types that they have; "" is the one that is made.
  private var owners: [String: Set<String>] = [:]

  /// - Parameters:
  ///   - schema: linked files.
  ///   - prefix: what the names of a file's top-level types begin with.
  ///   - module: the module that a file's types are in, where that is not the one that is made.
  init(
    _ schema: SchemaSet,
    prefix: @escaping (FileDescriptor) -> String,
    module: @escaping (FileDescriptor) -> String?
  ) {
    self.schema = schema
    self.prefix = prefix
    self.module = module
    for file in schema.files {
      let services = file.services.map { prefix(file) + SwiftNames.type($0.name) }
      let types = (file.messages.map(\.name) + file.enums.map(\.name)).map {
        topLevelName($0, in: file)
      }
      for name in types + services.flatMap({ [$0, $0 + "Handler", $0 + "Client"] }) {
        owners[name, default: []].insert(module(file) ?? "")
      }
    }
    for file in schema.files {
      for enumeration in file.enums {
        paths[enumeration.fullName] = topLevelName(enumeration.name, in: file)
      }
      for message in file.messages {
        paths[message.fullName] = topLevelName(message.name, in: file)
      }
    }
    for file in schema.files {
      for message in file.messages { add(message, as: topLevelName(message.name, in: file)) }
    }
  }

  /// What a type is called in the Swift of a module: by its path, behind the module that it is in
  /// where that is another one.
  ///
  /// Unqualified, a type of the same name would hide it, or Swift could not choose. Modules that the
  /// user names are always said; protobuf's own types, whose prefix nobody else has, where somebody
  /// has it. A module that has the name of a type cannot be: Swift would take it for the type.
  ///
  /// - Parameters:
  ///   - fullName: of a message, enum or oneof.
  ///   - home: the module that names it; nil for the one that is made.
  /// - Returns: the name.
  func name(of fullName: String, from home: String?) -> String {
    let path = paths[fullName] ?? fullName
    guard let file = schema.file(declaring: fullName), let module = module(file), module != home,
      owners[module] == nil
    else { return path }
    let head = String(path.prefix { $0 != "." })
    let isAlone = (owners[head]?.count ?? 0) < 2
    return SwiftWellKnown.contains(file) && isAlone ? path : "\(module).\(path)"
  }

  private func topLevelName(_ name: String, in file: FileDescriptor) -> String {
    SwiftNames.type(prefix(file) + name)
  }

  private mutating func add(_ message: MessageDescriptor, as path: String) {
    paths[message.fullName] = path
    let heads = heads(in: message, from: schema.file(declaring: message.fullName).flatMap(module))
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
  private func heads(in message: MessageDescriptor, from home: String?) -> Set<String> {
    var result: Set<String> = []
    var waiting = [message]
    while let message = waiting.popLast() {
      waiting += message.messages
      for field in message.fields where !field.typeName.isEmpty {
        guard let file = schema.file(declaring: field.typeName) else { continue }
        let top = String(file.relativeName(of: field.typeName).prefix { $0 != "." })
        let name = name(of: file.package.isEmpty ? top : "\(file.package).\(top)", from: home)
        result.insert(String(name.prefix { $0 != "." }))
      }
    }
    return result
  }
}

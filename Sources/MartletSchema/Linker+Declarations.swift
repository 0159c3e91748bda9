// Full names. An enum's values are siblings of the enum, as in C++, not its members.

extension Linker {
  mutating func declareAll() {
    var file = files[current]
    declarePackage(of: file)
    let scope = file.package
    for index in file.messages.indices { declare(&file.messages[index], in: scope) }
    for index in file.enums.indices { declare(&file.enums[index], in: scope) }
    for index in file.extensions.indices { declareExtension(&file.extensions[index], in: scope) }
    for index in file.services.indices { declare(&file.services[index], in: scope) }
    files[current] = file
  }

  private mutating func declarePackage(of file: FileDescriptor) {
    var name = ""
    for part in file.package.split(separator: ".") {
      name = Self.join(name, String(part))
      declare(name, .package, at: file.packageSpan)
    }
  }

  static func join(_ scope: String, _ name: String) -> String {
    scope.isEmpty ? name : scope + "." + name
  }

  private mutating func declare(_ fullName: String, _ kind: Symbol.Kind, at span: SourceSpan?) {
    let symbol = Symbol(kind: kind, files: [current], span: span)
    guard let other = symbols.add(fullName, symbol) else { return }
    let parts = fullName.split(separator: ".")
    let name = parts.last.map(String.init) ?? fullName
    let scope = parts.dropLast().joined(separator: ".")
    let place = scope.isEmpty ? "" : " in \"\(scope)\""
    error("\"\(name)\" is already defined\(place)\(whereDefined(other))", at: span)
  }

  private func whereDefined(_ other: Symbol) -> String {
    guard let index = other.files.min() else { return "" }
    if index != current { return ", as \(other.kind.withArticle) in \"\(files[index].name)\"" }
    guard let span = other.span else { return "" }
    let line = files[index].source.line(at: span.start) + 1
    return ", as \(other.kind.withArticle) on line \(line)"
  }

  private mutating func declare(_ message: inout MessageDescriptor, in scope: String) {
    message.fullName = Self.join(scope, message.name)
    let inner = message.fullName
    if message.isMapEntry { mapEntries.insert(inner) }
    declare(inner, .message, at: message.nameSpan)
    for index in message.fields.indices {
      message.fields[index].fullName = Self.join(inner, message.fields[index].name)
      declare(message.fields[index].fullName, .field, at: message.fields[index].nameSpan)
    }
    for index in message.oneofs.indices {
      message.oneofs[index].fullName = Self.join(inner, message.oneofs[index].name)
      declare(message.oneofs[index].fullName, .oneof, at: message.oneofs[index].nameSpan)
    }
    for index in message.messages.indices { declare(&message.messages[index], in: inner) }
    for index in message.enums.indices { declare(&message.enums[index], in: inner) }
    for index in message.extensions.indices {
      declareExtension(&message.extensions[index], in: inner)
    }
  }

  private mutating func declareExtension(_ field: inout FieldDescriptor, in scope: String) {
    field.fullName = Self.join(scope, field.name)
    declare(field.fullName, .extension, at: field.nameSpan)
  }

  private mutating func declare(_ enumeration: inout EnumDescriptor, in scope: String) {
    enumeration.fullName = Self.join(scope, enumeration.name)
    declare(enumeration.fullName, .enumeration, at: enumeration.nameSpan)
    for index in enumeration.values.indices {
      let name = Self.join(scope, enumeration.values[index].name)
      enumeration.values[index].fullName = name
      declare(name, .enumValue, at: enumeration.values[index].nameSpan)
    }
  }

  private mutating func declare(_ service: inout ServiceDescriptor, in scope: String) {
    service.fullName = Self.join(scope, service.name)
    declare(service.fullName, .service, at: service.nameSpan)
    for index in service.methods.indices {
      let name = Self.join(service.fullName, service.methods[index].name)
      service.methods[index].fullName = name
      declare(name, .method, at: service.methods[index].nameSpan)
    }
  }
}

extension Symbol.Kind {
  var withArticle: String {
    switch self {
    case .enumeration, .enumValue, .oneof, .extension:
      (self == .oneof ? "a " : "an ") + rawValue
    default: "a " + rawValue
    }
  }
}

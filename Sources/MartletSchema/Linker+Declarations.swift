// Full names. An enum's values are siblings of the enum, as in C++, not its members.

extension Linker {
  mutating func declareAll() {
    var file = files[current]
    let package = declarePackage(of: file)
    let scope = Scope(id: package, name: file.package)
    for index in file.messages.indices { declare(&file.messages[index], in: scope) }
    for index in file.enums.indices { declare(&file.enums[index], in: scope) }
    for index in file.extensions.indices {
      declare(&file.extensions[index], .extension, in: scope)
    }
    for index in file.services.indices { declare(&file.services[index], in: scope) }
    files[current] = file
  }

  /// Where declarations go.
  private struct Scope {
    var id: SymbolTable.ID
    var name: String
  }

  private mutating func declarePackage(of file: FileDescriptor) -> SymbolTable.ID {
    var scope = Scope(id: .root, name: "")
    var chain: [SymbolTable.ID] = []
    if !file.package.isEmpty {
      for part in SymbolTable.parts(of: file.package) {
        scope = declare(part, .package, in: scope, at: file.packageSpan)
        chain.append(scope.id)
      }
    }
    packages.append(chain)
    sight.packages.formUnion(chain)
    return scope.id
  }

  static func join(_ scope: String, _ name: String) -> String {
    if scope.isEmpty { return name }
    var result = ""
    result.reserveCapacity(scope.utf8.count + 1 + name.utf8.count)
    result += scope
    result += "."
    result += name
    return result
  }

  @discardableResult
  private mutating func declare(
    _ name: String,
    _ kind: Symbol.Kind,
    in scope: Scope,
    at span: SourceSpan?
  ) -> Scope {
    let fullName = Self.join(scope.name, name)
    let symbol = Symbol(kind: kind, fullName: fullName, file: current, span: span)
    let (id, isFree) = symbols.add(name, in: scope.id, symbol)
    if !isFree {
      let place = scope.name.isEmpty ? "" : " in \"\(scope.name)\""
      error("\"\(name)\" is already defined\(place)\(whereDefined(symbols[id]))", at: span)
      // Its own declarations are no second error each.
      return Scope(id: symbols.addNameless(symbol, in: scope.id), name: fullName)
    }
    return Scope(id: id, name: fullName)
  }

  private func whereDefined(_ other: Symbol) -> String {
    if other.file != current {
      return ", as \(other.kind.withArticle) in \"\(files[other.file].name)\""
    }
    guard let span = other.span else { return "" }
    return ", as \(other.kind.withArticle) on line \(line(of: span))"
  }

  private mutating func declare(_ message: inout MessageDescriptor, in scope: Scope) {
    let inner = declare(message.name, .message, in: scope, at: message.nameSpan)
    message.fullName = inner.name
    if message.isMapEntry { mapEntries.insert(inner.name) }
    for index in message.fields.indices { declare(&message.fields[index], .field, in: inner) }
    for index in message.oneofs.indices {
      let span = message.oneofs[index].nameSpan
      let oneof = declare(message.oneofs[index].name, .oneof, in: inner, at: span)
      message.oneofs[index].fullName = oneof.name
    }
    for index in message.messages.indices { declare(&message.messages[index], in: inner) }
    for index in message.enums.indices { declare(&message.enums[index], in: inner) }
    for index in message.extensions.indices {
      declare(&message.extensions[index], .extension, in: inner)
    }
  }

  private mutating func declare(
    _ field: inout FieldDescriptor,
    _ kind: Symbol.Kind,
    in scope: Scope
  ) {
    field.fullName = declare(field.name, kind, in: scope, at: field.nameSpan).name
  }

  private mutating func declare(_ enumeration: inout EnumDescriptor, in scope: Scope) {
    let span = enumeration.nameSpan
    enumeration.fullName = declare(enumeration.name, .enumeration, in: scope, at: span).name
    for index in enumeration.values.indices {
      let value = enumeration.values[index]
      let declared = declare(value.name, .enumValue, in: scope, at: value.nameSpan)
      enumeration.values[index].fullName = declared.name
    }
  }

  private mutating func declare(_ service: inout ServiceDescriptor, in scope: Scope) {
    let inner = declare(service.name, .service, in: scope, at: service.nameSpan)
    service.fullName = inner.name
    for index in service.methods.indices {
      let method = service.methods[index]
      let declared = declare(method.name, .method, in: inner, at: method.nameSpan)
      service.methods[index].fullName = declared.name
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

// What the names of types stand for.

extension Linker {
  mutating func resolveTypes(in file: inout FileDescriptor) {
    let scope = symbols.id(ofFullName: file.package)
    for index in file.messages.indices { resolveTypes(in: &file.messages[index]) }
    for index in file.extensions.indices { resolveExtension(&file.extensions[index], in: scope) }
    for index in file.services.indices {
      let scope = symbols.id(ofFullName: file.services[index].fullName)
      for method in file.services[index].methods.indices {
        resolve(&file.services[index].methods[method], in: scope)
      }
    }
  }

  private mutating func resolveTypes(in message: inout MessageDescriptor) {
    let scope = symbols.id(ofFullName: message.fullName)
    for index in message.fields.indices { resolve(&message.fields[index], in: scope) }
    for index in message.extensions.indices {
      resolveExtension(&message.extensions[index], in: scope)
    }
    for index in message.messages.indices {
      if message.messages[index].isMapEntry {
        resolveMapEntry(&message.messages[index])
      } else {
        resolveTypes(in: &message.messages[index])
      }
    }
  }

  /// Key and value of a map are looked up from the message that holds the map.
  private mutating func resolveMapEntry(_ entry: inout MessageDescriptor) {
    let scope = symbols.id(ofFullName: entry.fullName)
    for index in entry.fields.indices { resolve(&entry.fields[index], in: scope) }
  }

  private mutating func resolve(_ field: inout FieldDescriptor, in scope: SymbolTable.ID) {
    if field.type == .unresolved || !field.typeName.isEmpty {
      let isMap = field.type == .message
      let found = type(named: field.typeName, from: scope, at: field.typeSpan)
      guard let (name, symbol) = found else { return }
      if mapEntries.contains(name), !isMap {
        error("\"\(name)\" is the type of a map's entries and cannot be named", at: field.typeSpan)
      }
      field.typeName = name
      // A group's type is known from its syntax.
      if field.type != .group { field.type = symbol.kind == .message ? .message : .enum }
    }
  }

  private mutating func resolveExtension(_ field: inout FieldDescriptor, in scope: SymbolTable.ID) {
    resolve(&field, in: scope)
    guard let extendee = field.extendee, let span = field.extendeeSpan else { return }
    let found = type(named: extendee, from: scope, at: span, typesOnly: false)
    guard let (name, symbol) = found else { return }
    if symbol.kind != .message {
      error("\"\(name)\" is \(symbol.kind.withArticle), not a message", at: span)
    }
    field.extendee = name
  }

  private mutating func resolve(_ method: inout MethodDescriptor, in scope: SymbolTable.ID) {
    if let name = messageType(method.inputType, from: scope, at: method.inputSpan) {
      method.inputType = name
    }
    if let name = messageType(method.outputType, from: scope, at: method.outputSpan) {
      method.outputType = name
    }
  }

  private mutating func messageType(
    _ name: String,
    from scope: SymbolTable.ID,
    at span: SourceSpan
  ) -> String? {
    // A method's own name stands before a message's outside the service, as in protoc.
    let found = type(named: name, from: scope, at: span, typesOnly: false)
    guard let (fullName, symbol) = found else { return nil }
    if symbol.kind == .message { return fullName }
    error("\"\(name)\" is an enum; methods take and return messages", at: span)
    return nil
  }
}

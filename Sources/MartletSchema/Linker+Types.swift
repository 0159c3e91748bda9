// What the names of types stand for.

extension Linker {
  mutating func resolveTypes(in file: inout FileDescriptor) {
    for index in file.messages.indices { resolveTypes(in: &file.messages[index]) }
    for index in file.extensions.indices { resolveExtension(&file.extensions[index]) }
    for index in file.services.indices {
      for method in file.services[index].methods.indices {
        resolve(&file.services[index].methods[method])
      }
    }
  }

  private mutating func resolveTypes(in message: inout MessageDescriptor) {
    for index in message.fields.indices { resolve(&message.fields[index]) }
    for index in message.extensions.indices { resolveExtension(&message.extensions[index]) }
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
    for index in entry.fields.indices { resolve(&entry.fields[index]) }
  }

  private mutating func resolve(_ field: inout FieldDescriptor) {
    if field.type == .unresolved || !field.typeName.isEmpty {
      let isMap = field.type == .message
      let found = type(named: field.typeName, from: field.fullName, at: field.typeSpan)
      guard let (name, symbol) = found else { return }
      if mapEntries.contains(name), !isMap {
        error("\"\(name)\" is the type of a map's entries and cannot be named", at: field.typeSpan)
      }
      field.typeName = name
      // A group's type is known from its syntax.
      if field.type != .group { field.type = symbol.kind == .message ? .message : .enum }
    }
  }

  private mutating func resolveExtension(_ field: inout FieldDescriptor) {
    resolve(&field)
    guard let extendee = field.extendee, let span = field.extendeeSpan else { return }
    let found = type(named: extendee, from: field.fullName, at: span, typesOnly: false)
    guard let (name, symbol) = found else { return }
    if symbol.kind != .message {
      error("\"\(name)\" is \(symbol.kind.withArticle), not a message", at: span)
    }
    field.extendee = name
  }

  private mutating func resolve(_ method: inout MethodDescriptor) {
    if let name = messageType(method.inputType, from: method.fullName, at: method.inputSpan) {
      method.inputType = name
    }
    if let name = messageType(method.outputType, from: method.fullName, at: method.outputSpan) {
      method.outputType = name
    }
  }

  private mutating func messageType(
    _ name: String,
    from scope: String,
    at span: SourceSpan
  ) -> String? {
    // A method's own name stands before a message's outside the service, as in protoc.
    let found = type(named: name, from: scope, at: span, typesOnly: false)
    guard let (fullName, symbol) = found else { return nil }
    if symbol.kind == .message { return fullName }
    error("\"\(name)\" is an enum; methods take and return messages", at: span)
    return nil
  }

  // MARK: - Look-up

  /// The type that a name stands for within a scope, or an error.
  private mutating func type(
    named name: String,
    from scope: String,
    at span: SourceSpan,
    typesOnly: Bool = true
  ) -> (String, Symbol)? {
    switch lookUp(name, from: scope, typesOnly: typesOnly) {
    case .found(let fullName, let symbol):
      markUsed(symbol)
      if symbol.kind.isType {
        checkIsNotLocal(fullName, symbol, at: span)
        return (fullName, symbol)
      }
      error(
        "\"\(name)\" is \(symbol.kind.withArticle) here, not a type",
        at: span,
        suggestion: hiddenType(name, from: scope)
      )
    case .innerScopeHides(let inner):
      error(
        "\"\(name)\" means \"\(inner)\" here, which is not defined; an inner scope is searched "
          + "first",
        at: span,
        suggestion: symbols[name].flatMap {
          isVisible($0) ? "write \".\(name)\" to start from the outermost scope" : nil
        }
      )
    case .notImported(let fullName, let file):
      error(
        "\"\(name)\" is not defined here",
        at: span,
        suggestion: "\"\(fullName)\" is in \"\(file)\", which is not imported"
      )
    case .missing:
      error("\"\(name)\" is not defined", at: span, suggestion: nearestType(to: name))
    }
    return nil
  }

  /// The type that something else of the same name stands before.
  private func hiddenType(_ name: String, from scope: String) -> String? {
    guard case .found(let fullName, let symbol) = lookUp(name, from: scope, typesOnly: true),
      symbol.kind.isType
    else { return nil }
    return "write \".\(fullName)\" for \(symbol.kind.withArticle)"
  }

  enum LookUp {
    case found(String, Symbol)
    /// The first part was found in an inner scope, the rest not in it.
    case innerScopeHides(String)
    case notImported(String, file: String)
    case missing
  }

  /// Searches the innermost scope first, outwards, for the first part of the name; where that is
  /// found, the rest must be in it.
  func lookUp(_ name: String, from scope: String, typesOnly: Bool) -> LookUp {
    if name.hasPrefix(".") { return lookUpFull(String(name.dropFirst())) }
    let firstPart = String(name.prefix { $0 != "." })
    var scope = Substring(scope)
    while let dot = scope.lastIndex(of: ".") {
      scope = scope[..<dot]
      let candidate = "\(scope).\(firstPart)"
      guard let symbol = symbols[candidate], isVisible(symbol) else { continue }
      if firstPart.utf8.count == name.utf8.count {
        if typesOnly, !symbol.kind.isType { continue }
        return .found(candidate, symbol)
      }
      guard symbol.kind.isScope else { continue }
      let whole = "\(scope).\(name)"
      if let inner = symbols[whole], isVisible(inner) { return .found(whole, inner) }
      return hiddenOrNotImported(whole)
    }
    return lookUpFull(name)
  }

  private func hiddenOrNotImported(_ whole: String) -> LookUp {
    guard let symbol = symbols[whole], let file = symbol.files.min() else {
      return .innerScopeHides(whole)
    }
    return .notImported(whole, file: files[file].name)
  }

  private func lookUpFull(_ name: String) -> LookUp {
    guard let symbol = symbols[name] else { return .missing }
    if isVisible(symbol) { return .found(name, symbol) }
    return .notImported(name, file: symbol.files.min().map { files[$0].name } ?? "")
  }

  /// A visible type spelt much like the name, in the name's own style: last part or whole.
  private func nearestType(to name: String) -> String? {
    let isQualified = name.contains(".")
    let plain = name.hasPrefix(".") ? String(name.dropFirst()) : name
    if let file = WellKnownFiles.file(declaring: plain) { return "it is in \"\(file)\"" }
    let types = symbols.symbols.lazy.filter { $0.value.kind.isType && isVisible($0.value) }
    let names = types.map { entry in
      isQualified ? entry.key : String(entry.key.split(separator: ".").last ?? "")
    }
    // Scalars of other languages are a frequent slip.
    if let scalar = Self.foreignScalars[name] { return "did you mean \"\(scalar)\"?" }
    let others = isQualified ? [] : Array(FileParser.scalars.keys)
    return didYouMean(plain, among: Array(names) + others)
  }

  private static let foreignScalars = [
    "int": "int32", "long": "int64", "integer": "int32", "uint": "uint32", "str": "string",
    "boolean": "bool", "Bool": "bool", "String": "string", "Int": "int64", "number": "double",
    "byte": "bytes", "float32": "float", "float64": "double", "short": "int32",
  ]
}

// What a name means where it stands: C++'s scopes, as in protoc.

extension Linker {
  /// The type that a name stands for within a scope, or an error.
  mutating func type(
    named name: String,
    from scope: SymbolTable.ID,
    at span: SourceSpan,
    typesOnly: Bool = true
  ) -> (String, Symbol)? {
    // A suggestion looks at many names: not for more errors than are told.
    if sink.isFull { return nil }
    let meaning = lookUp(name, from: scope, typesOnly: typesOnly)
    if case .found(let symbol) = meaning, symbol.kind.isType {
      checkIsNotLocal(symbol.fullName, symbol, at: span)
      return (symbol.fullName, symbol)
    }
    report(meaning, of: name, from: scope, at: span)
    return nil
  }

  private mutating func report(
    _ meaning: LookUp,
    of name: String,
    from scope: SymbolTable.ID,
    at span: SourceSpan
  ) {
    switch meaning {
    case .found(let symbol):
      error(
        "\"\(name)\" is \(symbol.kind.withArticle) here, not a type",
        at: span,
        suggestion: hiddenType(name, from: scope)
      )
    case .innerScopeHides(let inner):
      if mayBeLost(name) { return }
      error(
        "\"\(name)\" means \"\(inner)\" here, which is not defined; an inner scope is searched "
          + "first",
        at: span,
        suggestion: symbols.id(at: SymbolTable.parts(of: name), in: .root).flatMap {
          isVisible($0) ? "write \".\(name)\" to start from the outermost scope" : nil
        }
      )
    case .notImported(let fullName, let file):
      if mayBeLost(name) { return }
      error(
        "\"\(name)\" is not defined here",
        at: span,
        suggestion: "\"\(fullName)\" is in \"\(file)\", which is not imported"
      )
    case .missing:
      let suggestion = nearestType(to: name)
      // A slip in a word of the language is one whatever else is missing.
      if mayBeLost(name), suggestion == nil || name.utf8.contains(UInt8(ascii: ".")) { return }
      error("\"\(name)\" is not defined", at: span, suggestion: suggestion)
    }
  }

  /// The type that something else of the same name stands before.
  private func hiddenType(_ name: String, from scope: SymbolTable.ID) -> String? {
    guard case .found(let symbol) = lookUp(name, from: scope, typesOnly: true), symbol.kind.isType
    else { return nil }
    return "write \".\(symbol.fullName)\" for \(symbol.kind.withArticle)"
  }

  enum LookUp {
    case found(Symbol)
    /// The first part was found in an inner scope, the rest not in it.
    case innerScopeHides(String)
    case notImported(String, file: String)
    case missing
  }

  /// Looks a name up from an element, known by its full name: from the scope around it.
  func lookUp(_ name: String, fromElement element: String, typesOnly: Bool) -> LookUp {
    let path = SymbolTable.parts(of: element).dropLast()
    return lookUp(name, from: symbols.id(at: path, in: .root) ?? .root, typesOnly: typesOnly)
  }

  /// Searches the innermost scope first, outwards, for the first part of the name; where that is
  /// found, the rest must be in it.
  ///
  /// - Complexity: O(scopes + parts of the name).
  func lookUp(_ name: String, from scope: SymbolTable.ID, typesOnly: Bool) -> LookUp {
    let parts = SymbolTable.parts(of: name)
    // A leading dot leaves an empty first part.
    if parts[0].isEmpty { return lookUpFull(parts.dropFirst()) }
    var scope = scope
    while scope != .root {
      defer { scope = symbols.scope(of: scope) }
      guard let id = symbols.id(of: parts[0], in: scope), isVisible(id) else { continue }
      markUsed(id)
      let symbol = symbols[id]
      if parts.count == 1 {
        if typesOnly, !symbol.kind.isType { continue }
        return .found(symbol)
      }
      guard symbol.kind.isScope else { continue }
      guard let inner = symbols.id(at: parts.dropFirst(), in: id) else {
        return .innerScopeHides(Self.join(symbols[scope].fullName, name))
      }
      return found(inner)
    }
    return lookUpFull(parts[...])
  }

  private func lookUpFull(_ parts: ArraySlice<String>) -> LookUp {
    guard !parts.isEmpty, let id = symbols.id(at: parts, in: .root) else { return .missing }
    return found(id)
  }

  private func found(_ id: SymbolTable.ID) -> LookUp {
    let symbol = symbols[id]
    guard isVisible(id) else {
      return .notImported(symbol.fullName, file: files[symbol.file].name)
    }
    markUsed(id)
    return .found(symbol)
  }

  /// protoc takes every name on the way to a meaning for a use, packages included.
  private func markUsed(_ id: SymbolTable.ID) {
    sight.used.indices.insert(symbols[id].file)
  }

  // MARK: - Suggestions

  /// A visible type spelt much like the name, in the name's own style: last part or whole.
  private func nearestType(to name: String) -> String? {
    let isQualified = name.contains(".")
    let plain = name.hasPrefix(".") ? String(name.dropFirst()) : name
    if let file = WellKnownFiles.file(declaring: plain) { return "it is in \"\(file)\"" }
    let types = symbols.all.lazy.filter {
      $0.kind.isType && sight.files.contains($0.file)
    }
    let names = types.map { symbol in
      isQualified ? symbol.fullName : SymbolTable.parts(of: symbol.fullName).last ?? ""
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

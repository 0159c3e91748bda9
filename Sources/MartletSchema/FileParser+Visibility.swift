// `export` and `local`, since edition 2024; before, both are names like any other.

extension FileParser {
  /// Whether `export` or `local` stands here as a keyword.
  var hasVisibility: Bool {
    file.edition >= .edition2024 && (looking(at: "export") || looking(at: "local"))
  }

  /// Whether a message begins here.
  var isMessage: Bool {
    looking(at: "message") || hasVisibility && looking(at: "message", ahead: 1)
  }

  /// Whether an enum begins here.
  var isEnum: Bool { looking(at: "enum") || hasVisibility && looking(at: "enum", ahead: 1) }

  /// Reads `export` or `local` when it stands here; it has no location, as in protoc.
  mutating func visibility() -> SymbolVisibility? {
    guard hasVisibility else { return nil }
    let result = looking(at: "export") ? SymbolVisibility.export : .local
    advance()
    return result
  }
}

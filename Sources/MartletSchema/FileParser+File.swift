// Statements at the top of a file.

extension FileParser {
  /// Reads the file, or as much of it as can be made sense of.
  mutating func parse() {
    readFirstComments()
    let root = begin(at: current.span)
    defer { end(root) }
    guard parseSyntax() else { return }
    isRead = true
    while !isAtEnd, !sink.isFull {
      do throws(StatementFailure) {
        try topLevelStatement()
      } catch {
        skipStatement()
        if looking(at: "}") {
          if sink.errorCount == 0 { self.error("this \"}\" closes nothing", at: current.span) }
          _ = takeEnd("}", of: nil)
        }
      }
    }
  }

  /// Reads the `syntax` statement; false when the file is in a language that is not read.
  private mutating func parseSyntax() -> Bool {
    if looking(at: "edition") {
      do throws(StatementFailure) {
        return try editionStatement()
      } catch {
        return false
      }
    }
    guard looking(at: "syntax") else {
      sink.warning(
        "the file does not begin with syntax = \"proto3\"; without it, it is read as proto2",
        in: file.name,
        at: current.span
      )
      return true
    }
    do throws(StatementFailure) {
      return try syntaxStatement()
    } catch {
      return false
    }
  }

  private mutating func syntaxStatement() throws(StatementFailure) -> Bool {
    let place = begin(12)
    defer { end(place) }
    advance()
    try expect("=")
    let (name, span) = try text("\"proto3\"")
    try endDeclaration(";", of: place)
    file.comments = comments(of: place)
    switch name {
    case "proto3":
      file.syntax = .proto3
      file.edition = .proto3
      return true
    case "proto2":
      file.syntax = .proto2
      return true
    default:
      error("unknown syntax \"\(name)\"; there are \"proto2\" and \"proto3\"", at: span)
    }
    return false
  }

  private mutating func editionStatement() throws(StatementFailure) -> Bool {
    // protoc gives the place of an edition as that of the syntax.
    let place = begin(12)
    defer { end(place) }
    advance()
    try expect("=")
    let (name, span) = try text("an edition such as \"2023\"")
    try endDeclaration(";", of: place)
    file.comments = comments(of: place)
    file.syntax = .editions
    for edition in Edition.allCases where edition >= .edition2023 && edition.name == name {
      file.edition = edition
      return true
    }
    let isFuture = Edition.future.contains(name)
    error(
      isFuture
        ? "edition \(name) is later than 2024, the newest that martletc reads"
        : "unknown edition \"\(name)\"; there are \"2023\" and \"2024\"",
      at: span
    )
    return false
  }

  private mutating func topLevelStatement() throws(StatementFailure) {
    if takeEnd(";", of: nil) { return }
    if isMessage {
      file.messages.append(try message(4, Int32(file.messages.count)))
    } else if isEnum {
      file.enums.append(try enumeration(5, Int32(file.enums.count)))
    } else if hasVisibility {
      throw fail("only messages and enums are exported or local")
    } else if looking(at: "service") {
      file.services.append(try service())
    } else if looking(at: "extend") {
      try fileExtend()
    } else if looking(at: "import") {
      try importStatement()
    } else if looking(at: "package") {
      try packageStatement()
    } else if looking(at: "option") {
      let option = try optionStatement(8, file.options.written.count)
      file.options.written.append(option)
    } else if looking(at: "syntax") {
      throw fail("\"syntax\" must be the first statement, once")
    } else {
      throw fail(
        "expected a declaration such as \"message\", found \(found)",
        suggestion: misspeltKeyword(Self.topLevelKeywords)
      )
    }
  }

  private static let topLevelKeywords = [
    "message", "enum", "service", "import", "package", "option", "extend",
  ]

  func misspeltKeyword(_ keywords: [String]) -> String? {
    guard current.kind == .identifier else { return nil }
    return didYouMean(text(of: current), among: keywords)
  }

  private mutating func importStatement() throws(StatementFailure) {
    if file.edition >= .edition2024, looking(at: "option", ahead: 1) {
      try optionImport()
      return
    }
    if file.imports.last?.kind == .option {
      error("imports stand before option imports", at: current.span)
    }
    let place = begin(3, Int32(file.imports.count))
    defer { end(place) }
    advance()
    var kind = ImportDescriptor.Kind.normal
    for (word, number, meaning) in Self.importKinds where looking(at: word) {
      kind = meaning
      if meaning == .weak, file.edition >= .edition2024 {
        error(
          "edition 2024 has no weak imports",
          at: current.span,
          suggestion: "there is \"import option\""
        )
      }
      let count = file.imports.count { $0.kind == meaning }
      record([number, Int32(count)], at: current.span)
      advance()
      break
    }
    let (imported, pathSpan) = try text("the path of the file to import, in quotes")
    try endDeclaration(";", of: place)
    file.imports.append(
      ImportDescriptor(path: imported, kind: kind, span: span(of: place), pathSpan: pathSpan)
    )
  }

  /// Reads `import option "path";`.
  private mutating func optionImport() throws(StatementFailure) {
    let count = file.imports.count { $0.kind == .option }
    let place = begin(15, Int32(count))
    defer { end(place) }
    advance()
    advance()
    let (path, pathSpan) = try text("the path of the file to import, in quotes")
    try endDeclaration(";", of: place)
    file.imports.append(
      ImportDescriptor(path: path, kind: .option, span: span(of: place), pathSpan: pathSpan)
    )
  }

  private static let importKinds: [(StaticString, Int32, ImportDescriptor.Kind)] = [
    ("public", 10, .public), ("weak", 11, .weak),
  ]

  private mutating func record(_ wholePath: [Int32], at span: SourceSpan) {
    file.locations.append(SourceLocation(path: wholePath, span: span))
  }

  private mutating func packageStatement() throws(StatementFailure) {
    if !file.package.isEmpty { error("a file has one package", at: current.span) }
    let place = begin(2)
    defer { end(place) }
    advance()
    var (name, span) = try identifier("the name of the package")
    while take(".") {
      let (part, partSpan) = try identifier("a name after \".\"")
      name += "." + part
      span = span.through(partSpan)
    }
    if name.utf8.count > 511 { error("the name of the package is too long", at: span) }
    file.package = name
    file.packageSpan = span
    try endDeclaration(";", of: place)
  }
}

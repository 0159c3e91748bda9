// Ranges of extensions may declare who has which number: ExtensionRangeOptions.declaration.

/// A declaration as it stands in the options of a range.
private struct ExtensionDeclaration {
  var number: Int32 = 0
  var fullName: String?
  var type: String?
  var isReserved = false
  var isRepeated = false

  init(_ fields: [OptionField]) {
    for field in fields {
      switch (field.number, field.value) {
      case (1, .signed(let value)): number = Int32(truncatingIfNeeded: value)
      case (2, .string(let value)): fullName = value
      case (3, .string(let value)): type = value
      case (5, .bool(let value)): isReserved = value
      case (6, .bool(let value)): isRepeated = value
      default: break
      }
    }
  }
}

extension ExtensionRange {
  fileprivate var declarations: [ExtensionDeclaration] {
    guard case .list(let values)? = options.known["declaration"] else { return [] }
    return values.compactMap { value in
      if case .message(let fields) = value { ExtensionDeclaration(fields) } else { nil }
    }
  }

  private var verification: Int32? {
    guard case .enumValue(_, let number)? = options.known["verification"] else { return nil }
    return number
  }

  /// Whether every extension must be declared, by option.
  fileprivate var isVerified: Bool { verification == 0 }
  /// Whether none need be, by option.
  fileprivate var isUnverified: Bool { verification == 1 }
}

// What declarations must keep to.

extension Linker {
  mutating func checkDeclarations(of message: MessageDescriptor) {
    var names: Set<String> = []
    for range in message.extensionRanges where !range.options.known.isEmpty {
      let declarations = range.declarations
      if range.isUnverified, !declarations.isEmpty {
        error("a range with declarations cannot be unverified", at: span(of: range))
      }
      var numbers: Set<Int32> = []
      for declaration in declarations {
        if !range.range.contains(declaration.number) {
          error(
            "the declared extension \(declaration.number) is not in the range",
            at: span(of: range)
          )
        } else if !numbers.insert(declaration.number).inserted {
          error("the extension \(declaration.number) is declared twice", at: span(of: range))
        }
        check(declaration, at: span(of: range))
        if let name = declaration.fullName, !names.insert(name).inserted {
          error("the extension \"\(name)\" is declared twice", at: span(of: range))
        }
      }
    }
  }

  private func span(of range: ExtensionRange) -> SourceSpan {
    range.options.span(of: "declaration") ?? range.range.span
  }

  private mutating func check(_ declaration: ExtensionDeclaration, at span: SourceSpan) {
    guard let name = declaration.fullName, let type = declaration.type else {
      if !declaration.isReserved || declaration.fullName != nil || declaration.type != nil {
        error("the declaration of \(declaration.number) needs both full_name and type", at: span)
      }
      return
    }
    let isScalar = FileParser.scalars[type] != nil
    for text in [name] + (isScalar ? [] : [type]) {
      if !text.hasPrefix(".") {
        error("\"\(text)\" in a declaration begins with a dot: it is a full name", at: span)
      } else if !Self.isQualifiedName(text.dropFirst()) {
        error("\"\(text)\" in a declaration is not a name", at: span)
      }
    }
  }

  private static func isQualifiedName(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy(\.isIdentifierPart)
    }
  }

  /// Whether an extension is the one that its range declares.
  ///
  /// Extensions of descriptor.proto are not held to its declarations, as in protoc.
  mutating func checkDeclaration(of field: FieldDescriptor, in range: ExtensionRange) {
    guard let extendee = field.extendee, !extendee.hasPrefix("google.protobuf.") else { return }
    let declarations = range.declarations
    guard !declarations.isEmpty || range.isVerified else { return }
    guard let declaration = declarations.first(where: { $0.number == field.number }) else {
      error(
        "\"\(extendee)\" declares its extensions, and no \(field.number)",
        at: field.numberSpan
      )
      return
    }
    if declaration.isReserved {
      error("\"\(extendee)\" reserves the extension \(field.number)", at: field.numberSpan)
      return
    }
    check(field, against: declaration)
  }

  private mutating func check(
    _ field: FieldDescriptor,
    against declaration: ExtensionDeclaration
  ) {
    if let name = declaration.fullName, name != "." + field.fullName {
      error("the extension \(field.number) is declared as \"\(name)\"", at: field.nameSpan)
    }
    let type = field.typeName.isEmpty ? field.type.scalarName : "." + field.typeName
    if let declared = declaration.type, declared != type {
      error(
        "the extension \(field.number) is declared with the type \"\(declared)\"",
        at: field.typeSpan
      )
    }
    if declaration.isRepeated != field.isRepeated {
      let kind = declaration.isRepeated ? "repeated" : "single"
      error("the extension \(field.number) is declared as \(kind)", at: field.nameSpan)
    }
  }
}

extension FieldType {
  /// The keyword of a scalar type, "" for the others.
  fileprivate var scalarName: String {
    FileParser.scalars.first { $0.value == self }?.key ?? ""
  }
}

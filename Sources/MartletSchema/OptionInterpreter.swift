/// Why an option has no meaning.
struct OptionFailure: Error {
  var message: String
  var span: SourceSpan
  var suggestion: String?
  /// Whether the error is only one of a declaration that could not be read, which was reported.
  var isConsequence = false
}

/// Gives the options of one element their meaning by the messages that describe options: those of
/// descriptor.proto and the extensions of them that the file can see.
struct OptionInterpreter {
  var linker: Linker
  let kind: OptionKind
  let scope: String
  /// Options whose declarations limit their use.
  var uses: [OptionUse] = []
  /// What the options so far mean.
  private var results: [OptionField] = []

  init(linker: Linker, kind: OptionKind, scope: String) {
    self.linker = linker
    self.linker.looksUpOptions = true
    self.kind = kind
    self.scope = scope
  }

  mutating func interpret(_ option: UninterpretedOption) throws(OptionFailure) -> OptionField {
    guard var message = linker.message(named: kind.messageName) else {
      throw OptionFailure(message: "no options are known here", span: option.nameSpan)
    }
    var fields: [FieldDescriptor] = []
    var path: [Int32] = []
    for (index, part) in option.name.enumerated() {
      let field = try field(part, of: message)
      path.append(field.number)
      fields.append(field)
      use(field, at: option.nameSpan)
      if index + 1 == option.name.count { break }
      message = try submessage(of: field, part)
    }
    try checkFirst(option, fields)
    guard let last = fields.last else {
      throw OptionFailure(message: "an option needs a name", span: option.span)
    }
    try checkIsNew(path, last, option)
    var value = try value(option, for: last)
    for index in fields.indices.reversed().dropFirst() {
      value = .message([optionField(fields[index + 1], value)])
    }
    let result = optionField(fields[0], value)
    results.append(result)
    return result
  }

  func optionField(_ field: FieldDescriptor, _ value: OptionValue) -> OptionField {
    var result = Self.optionField(field, value)
    guard let extendee = field.extendee, !OptionKind.isOptionsMessage(extendee) else {
      return result
    }
    result.isInMessageSet = linker.message(named: extendee)?.isMessageSet ?? false
    return result
  }

  static func optionField(_ field: FieldDescriptor, _ value: OptionValue) -> OptionField {
    OptionField(
      number: field.number,
      name: field.extendee == nil ? field.name : field.fullName,
      isExtension: field.extendee != nil,
      isRepeated: field.isRepeated,
      isPacked: field.isPacked,
      hasPresence: field.hasPresence,
      isSourceOnly: field.options.isSourceOnly,
      type: field.isDelimited ? .group : field.type,
      value: value,
      oneofIndex: field.isProto3Optional ? nil : field.oneofIndex
    )
  }

  /// What a field without a value stands for.
  func zero(of field: FieldDescriptor) -> OptionField? {
    let value: OptionValue
    switch field.type {
    case .bool: value = .bool(false)
    case .int32, .sint32, .sfixed32, .int64, .sint64, .sfixed64: value = .signed(0)
    case .uint32, .fixed32, .uint64, .fixed64: value = .unsigned(0)
    case .float, .double: value = .double(0)
    case .string: value = .string("")
    case .bytes: value = .bytes([])
    case .enum:
      let first = linker.enumeration(named: field.typeName)?.values.first
      value = .enumValue(name: first?.name ?? "", number: first?.number ?? 0)
    case .message, .group: value = .message([])
    case .unresolved: return nil
    }
    var result = optionField(field, value)
    result.hasPresence = true
    return result
  }

  /// Remembers a field whose declaration has more to say.
  mutating func use(_ field: FieldDescriptor, at span: SourceSpan) {
    if field.options.limitsUse {
      uses.append(OptionUse(declaration: field, kind: kind, span: span))
    }
  }

  /// Remembers a value of an enum whose declaration has more to say.
  mutating func use(_ value: EnumValueDescriptor, of field: FieldDescriptor, at span: SourceSpan) {
    if value.options.limitsUse {
      uses.append(OptionUse(declaration: field, value: value, kind: kind, span: span))
    }
  }

  // MARK: - Names

  private mutating func field(
    _ part: UninterpretedOption.NamePart,
    of message: MessageDescriptor
  ) throws(OptionFailure) -> FieldDescriptor {
    if part.isExtension { return try extensionField(part.name, of: message, at: part.span) }
    if let field = message.field(named: part.name) { return field }
    let isCustom = linker.extensions.values.contains { $0.name == part.name }
    throw OptionFailure(
      message: "unknown option \"\(part.name)\"",
      span: part.span,
      suggestion: isCustom
        ? "a custom option stands in parentheses: (\(part.name))"
        : didYouMean(part.name, among: message.fields.map(\.name))
    )
  }

  /// An extension of a message by its name as seen from the element.
  mutating func extensionField(
    _ name: String,
    of message: MessageDescriptor,
    at span: SourceSpan
  ) throws(OptionFailure) -> FieldDescriptor {
    switch linker.lookUp(name, fromElement: scope, typesOnly: false) {
    case .found(let symbol):
      guard symbol.kind == .extension, let field = linker.extensions[symbol.fullName] else {
        let kind = symbol.kind.withArticle
        throw OptionFailure(message: "\"\(name)\" is \(kind), not a custom option", span: span)
      }
      guard field.extendee == message.fullName else {
        throw OptionFailure(
          message: "the option \"\(name)\" extends \"\(field.extendee ?? "")\", not "
            + "\"\(message.fullName)\"",
          span: span
        )
      }
      if message.fullName == "google.protobuf.FeatureSet", symbol.file == linker.current {
        throw OptionFailure(
          message: "the feature \"\(name)\" cannot be used in the file that declares it",
          span: span
        )
      }
      return field
    case .notImported(_, let file):
      throw OptionFailure(
        message: "unknown option \"(\(name))\"",
        span: span,
        suggestion: "it is in \"\(file)\", which is not imported",
        isConsequence: linker.mayBeLost(name)
      )
    case .innerScopeHides, .missing:
      let names = linker.extensions.values.filter { $0.extendee == message.fullName }.map(\.name)
      throw OptionFailure(
        message: "unknown option \"(\(name))\"",
        span: span,
        suggestion: didYouMean(name, among: names),
        isConsequence: linker.mayBeLost(name)
      )
    }
  }

  private func submessage(
    of field: FieldDescriptor,
    _ part: UninterpretedOption.NamePart
  ) throws(OptionFailure) -> MessageDescriptor {
    guard field.type == .message || field.type == .group,
      let message = linker.message(named: field.typeName)
    else {
      throw OptionFailure(message: "the option \"\(part.name)\" has no parts", span: part.span)
    }
    guard !field.isRepeated else {
      throw OptionFailure(
        message: "the option \"\(part.name)\" is repeated; give it whole, in braces",
        span: part.span
      )
    }
    return message
  }

  private func checkFirst(
    _ option: UninterpretedOption,
    _ fields: [FieldDescriptor]
  ) throws(OptionFailure) {
    guard let first = fields.first, first.extendee == nil else { return }
    if first.name == "uninterpreted_option" {
      throw OptionFailure(
        message: "\"uninterpreted_option\" is kept for the compiler itself",
        span: option.nameSpan
      )
    }
  }

  // MARK: - Given once

  /// A part may be given beside others, not twice: not by itself and not in braces.
  private func checkIsNew(
    _ path: [Int32],
    _ field: FieldDescriptor,
    _ option: UninterpretedOption
  ) throws(OptionFailure) {
    guard !field.isRepeated, !results.isEmpty, let last = path.last else { return }
    var parts = results
    for number in path.dropLast() {
      parts = parts.flatMap { part -> [OptionField] in
        guard part.number == number, case .message(let inner) = part.value else { return [] }
        return inner
      }
    }
    if parts.contains(where: { $0.number == last }), let part = option.name.last {
      throw alreadySet(option, part)
    }
  }

  private func alreadySet(
    _ option: UninterpretedOption,
    _ part: UninterpretedOption.NamePart
  ) -> OptionFailure {
    OptionFailure(message: "the option \"\(part.name)\" is given twice", span: option.nameSpan)
  }

  // MARK: - Values

  private mutating func value(
    _ option: UninterpretedOption,
    for field: FieldDescriptor
  ) throws(OptionFailure) -> OptionValue {
    if field.type == .message || field.type == .group {
      guard case .aggregate = option.value else {
        throw OptionFailure(
          message: "the option \"\(field.name)\" is a message; write its fields in braces",
          span: option.valueSpan
        )
      }
      guard let message = linker.message(named: field.typeName) else {
        throw OptionFailure(message: "\"\(field.typeName)\" is not known", span: option.valueSpan)
      }
      var parser = OptionTextParser(interpreter: self, span: option.valueSpan)
      let fields = try parser.parse(message)
      uses = parser.interpreter.uses
      return .message(fields)
    }
    return try scalar(option.value, for: field, at: option.valueSpan)
  }
}

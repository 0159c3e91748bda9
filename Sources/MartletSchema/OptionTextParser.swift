/// Reads the text format between the braces of an option's value.
///
/// Fields are `name: value`, `name { … }` or `[package.extension]: value`, parted by nothing, a
/// comma or a semicolon; repeated ones may be given as a list. The depth of nesting was bounded
/// when the file was parsed.
struct OptionTextParser {
  var interpreter: OptionInterpreter
  let source: SourceText
  private let tokens: [Token]
  private var index = 0
  private var depth = 0

  init(interpreter: OptionInterpreter, span: SourceSpan) {
    self.interpreter = interpreter
    let linker = interpreter.linker
    source = linker.files[linker.current].source
    var lexer = Lexer(source: source, file: "", limits: linker.limits, within: span)
    lexer.run()
    tokens = Self.beforeHash(lexer.tokens, in: source)
  }

  /// protoc hands the value over as one line, in which `#` begins a comment up to the end.
  private static func beforeHash(_ tokens: [Token], in source: SourceText) -> [Token] {
    let hash = tokens.firstIndex {
      $0.kind == .symbol && source.bytes[$0.span.start] == UInt8(ascii: "#")
    }
    guard let hash else { return tokens }
    let end = tokens[hash].span.start
    return tokens[..<hash] + [Token(kind: .end, span: SourceSpan(end, end))]
  }

  /// Reads the whole value.
  mutating func parse(_ message: MessageDescriptor) throws(OptionFailure) -> [OptionField] {
    guard take("{") else { throw unexpected("\"{\"") }
    return try fields(of: message, until: "}", isOutermost: true)
  }

  // MARK: - Tokens

  var current: Token { tokens[index] }

  func text(_ token: Token) -> String {
    String(decoding: source.bytes[token.span.start..<token.span.end], as: UTF8.self)
  }

  func looking(at symbol: Unicode.Scalar) -> Bool {
    current.kind == .symbol && source.bytes[current.span.start] == UInt8(ascii: symbol)
  }

  mutating func take(_ symbol: Unicode.Scalar) -> Bool {
    guard looking(at: symbol) else { return false }
    advance()
    return true
  }

  mutating func advance() {
    if index + 1 < tokens.count { index += 1 }
  }

  func unexpected(_ expected: String) -> OptionFailure {
    let found = current.kind == .end ? "the end of the value" : "\"\(text(current))\""
    return OptionFailure(message: "expected \(expected), found \(found)", span: current.span)
  }

  // MARK: - Fields

  mutating func fields(
    of message: MessageDescriptor,
    until end: Unicode.Scalar,
    isOutermost: Bool = false
  ) throws(OptionFailure) -> [OptionField] {
    depth += 1
    defer { depth -= 1 }
    if depth > interpreter.linker.limits.optionDepth { throw unexpected("less nesting") }
    let start = current.span
    var result: [OptionField] = []
    while !(isOutermost && current.kind == .end), !take(end) {
      if let type = try anyType(in: message) {
        result += try expandedAny(type, after: result)
        if !take(",") { _ = take(";") }
        continue
      }
      let nameSpan = current.span
      if let field = try fieldName(in: message) {
        interpreter.use(field, at: nameSpan)
        try checkIsNew(field, of: message, among: result, at: nameSpan)
        for value in try values(of: field) {
          result.append(interpreter.optionField(field, value))
        }
      } else {
        try skipValue()
      }
      if !take(",") { _ = take(";") }
    }
    try checkRequired(of: message, in: result, at: start)
    return message.isMapEntry ? filled(result, message) : result
  }

  private func checkIsNew(
    _ field: FieldDescriptor,
    of message: MessageDescriptor,
    among fields: [OptionField],
    at span: SourceSpan
  ) throws(OptionFailure) {
    guard !field.isRepeated else { return }
    if fields.contains(where: { $0.number == field.number }) {
      throw OptionFailure(message: "\"\(field.name)\" is given twice", span: span)
    }
    guard let oneof = field.oneofIndex, !message.oneofs[oneof].isSynthetic,
      let other = fields.first(where: { $0.oneofIndex == oneof })
    else { return }
    throw OptionFailure(
      message: "\"\(field.name)\" and \"\(other.name)\" are in one oneof: one of them can be set",
      span: span
    )
  }

  private func checkRequired(
    of message: MessageDescriptor,
    in fields: [OptionField],
    at span: SourceSpan
  ) throws(OptionFailure) {
    for field in message.fields where field.isRequired {
      guard !fields.contains(where: { $0.number == field.number }) else { continue }
      throw OptionFailure(message: "the required field \"\(field.name)\" is missing", span: span)
    }
  }

  /// The entries of maps are written with both key and value.
  private func filled(_ fields: [OptionField], _ entry: MessageDescriptor) -> [OptionField] {
    let missing = entry.fields.filter { field in !fields.contains { $0.number == field.number } }
    return fields + missing.compactMap { interpreter.zero(of: $0) }
  }

  /// The field that is named here; nil when the name is reserved, whose values are passed over.
  private mutating func fieldName(
    in message: MessageDescriptor
  ) throws(OptionFailure) -> FieldDescriptor? {
    let token = current
    if take("[") {
      let name = try qualifiedName()
      let span = token.span.through(current.span)
      guard take("]") else { throw unexpected("\"]\"") }
      return try interpreter.extensionField(name, of: message, at: span)
    }
    guard token.kind == .identifier else { throw unexpected("the name of a field") }
    advance()
    let name = text(token)
    if let field = message.field(named: name) { return field }
    // A group goes by the name of its type.
    let lowercased = name.lowercased()
    if let group = message.field(named: lowercased), group.isDelimited,
      group.typeName.split(separator: ".").last ?? "" == name
    {
      return group
    }
    if message.reservedNames.contains(where: { $0.name == name }) { return nil }
    throw OptionFailure(
      message: "\"\(message.fullName)\" has no field \"\(name)\"",
      span: token.span,
      suggestion: didYouMean(name, among: message.fields.map(\.name))
    )
  }

  mutating func qualifiedName() throws(OptionFailure) -> String {
    var name = ""
    repeat {
      guard current.kind == .identifier else { throw unexpected("a name") }
      name += (name.isEmpty ? "" : ".") + text(current)
      advance()
    } while take(".")
    return name
  }

  private mutating func values(of field: FieldDescriptor) throws(OptionFailure) -> [OptionValue] {
    let hasColon = take(":")
    let isMessage = field.type == .message || field.type == .group
    if !hasColon, !isMessage { throw unexpected("\":\"") }
    guard field.isRepeated, take("[") else { return [try value(of: field)] }
    var result: [OptionValue] = []
    if take("]") { return result }
    repeat { result.append(try value(of: field)) } while take(",")
    guard take("]") else { throw unexpected("\"]\"") }
    return result
  }

  private mutating func value(of field: FieldDescriptor) throws(OptionFailure) -> OptionValue {
    guard field.type == .message || field.type == .group else { return try scalar(of: field) }
    guard let message = interpreter.linker.message(named: field.typeName) else {
      throw OptionFailure(message: "\"\(field.typeName)\" is not known", span: current.span)
    }
    if take("{") { return .message(try fields(of: message, until: "}")) }
    if take("<") { return .message(try fields(of: message, until: ">")) }
    throw unexpected("\"{\"")
  }
}

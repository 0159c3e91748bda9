/// Reads the text format between the braces of an option's value.
///
/// Fields are `name: value`, `name { … }` or `[package.extension]: value`, parted by nothing, a
/// comma or a semicolon; repeated ones may be given as a list. The depth of nesting was bounded
/// when the file was parsed.
struct OptionTextParser {
  var interpreter: OptionInterpreter
  private let source: SourceText
  private let tokens: [Token]
  private var index = 0
  private var depth = 0

  init(interpreter: OptionInterpreter, span: SourceSpan) {
    self.interpreter = interpreter
    let linker = interpreter.linker
    source = linker.files[linker.current].source
    var lexer = Lexer(source: source, file: "", limits: linker.limits, within: span)
    lexer.run()
    tokens = lexer.tokens
  }

  /// Reads the whole value.
  mutating func parse(_ message: MessageDescriptor) throws(OptionFailure) -> [OptionField] {
    guard take("{") else { throw unexpected("\"{\"") }
    return try fields(of: message, until: "}")
  }

  // MARK: - Tokens

  private var current: Token { tokens[index] }

  private func text(_ token: Token) -> String {
    String(decoding: source.bytes[token.span.start..<token.span.end], as: UTF8.self)
  }

  private func looking(at symbol: Character) -> Bool {
    current.kind == .symbol && text(current) == String(symbol)
  }

  private mutating func take(_ symbol: Character) -> Bool {
    guard looking(at: symbol) else { return false }
    advance()
    return true
  }

  private mutating func advance() {
    if index + 1 < tokens.count { index += 1 }
  }

  private func unexpected(_ expected: String) -> OptionFailure {
    let found = current.kind == .end ? "the end of the value" : "\"\(text(current))\""
    return OptionFailure(message: "expected \(expected), found \(found)", span: current.span)
  }

  // MARK: - Fields

  private mutating func fields(
    of message: MessageDescriptor,
    until end: Character
  ) throws(OptionFailure) -> [OptionField] {
    depth += 1
    defer { depth -= 1 }
    if depth > interpreter.linker.limits.optionDepth { throw unexpected("less nesting") }
    var result: [OptionField] = []
    var seen: Set<Int32> = []
    while !take(end) {
      let nameSpan = current.span
      let field = try fieldName(in: message)
      interpreter.use(field, at: nameSpan)
      if !field.isRepeated, !seen.insert(field.number).inserted {
        throw OptionFailure(message: "\"\(field.name)\" is given twice", span: nameSpan)
      }
      for value in try values(of: field) {
        result.append(OptionInterpreter.optionField(field, value))
      }
      if !take(",") { _ = take(";") }
    }
    return result
  }

  private mutating func fieldName(
    in message: MessageDescriptor
  ) throws(OptionFailure) -> FieldDescriptor {
    let token = current
    if take("[") {
      let name = try qualifiedName()
      let span = token.span.through(current.span)
      guard take("]") else { throw unexpected("\"]\"") }
      return try interpreter.extensionField(name, of: message, at: span)
    }
    guard token.kind == .identifier else { throw unexpected("the name of a field") }
    advance()
    if let field = message.field(named: text(token)) { return field }
    throw OptionFailure(
      message: "\"\(message.fullName)\" has no field \"\(text(token))\"",
      span: token.span,
      suggestion: didYouMean(text(token), among: message.fields.map(\.name))
    )
  }

  private mutating func qualifiedName() throws(OptionFailure) -> String {
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

  private mutating func scalar(of field: FieldDescriptor) throws(OptionFailure) -> OptionValue {
    let start = current.span
    let isNegative = take("-")
    let token = current
    let bytes = source.bytes[token.span.start..<token.span.end]
    var written: UninterpretedOption.Value
    switch token.kind {
    case .identifier where !isNegative:
      written = .identifier(text(token))
    case .identifier where ["inf", "infinity", "nan"].contains(text(token).lowercased()):
      written = .double(text(token).lowercased() == "nan" ? .nan : -.infinity)
    case .integer:
      written = try integer(bytes, isNegative: isNegative, at: start.through(token.span))
    case .float:
      let number = FloatLiteral.value(of: bytes)
      written = .double(isNegative ? -number : number)
    case .string where !isNegative:
      return try string(of: field)
    default:
      throw unexpected("a value")
    }
    advance()
    // Enums may be given by number, and bools as 0 or 1, in text format alone.
    written = Self.bool(written, for: field)
    if field.type == .enum, let value = numbered(written, field) { return value }
    return try interpreter.scalar(written, for: field, at: start.through(token.span))
  }

  private mutating func string(of field: FieldDescriptor) throws(OptionFailure) -> OptionValue {
    let start = current.span
    var span = start
    var value: [UInt8] = []
    while current.kind == .string {
      value += StringLiteral.value(of: source.bytes[current.span.start..<current.span.end])
      span = span.through(current.span)
      advance()
    }
    return try interpreter.scalar(.string(value), for: field, at: span)
  }

  private func integer(
    _ bytes: ArraySlice<UInt8>,
    isNegative: Bool,
    at span: SourceSpan
  ) throws(OptionFailure) -> UninterpretedOption.Value {
    let bound = isNegative ? UInt64(1) << 63 : UInt64.max
    guard let number = IntegerLiteral.value(of: bytes), number <= bound else {
      throw OptionFailure(message: "the number is out of range", span: span)
    }
    guard isNegative else { return .positiveInteger(number) }
    return .negativeInteger(Int64(truncatingIfNeeded: 0 &- number))
  }

  private static func bool(
    _ value: UninterpretedOption.Value,
    for field: FieldDescriptor
  ) -> UninterpretedOption.Value {
    guard field.type == .bool else { return value }
    switch value {
    case .positiveInteger(1), .identifier("t"), .identifier("True"): return .identifier("true")
    case .positiveInteger(0), .identifier("f"), .identifier("False"): return .identifier("false")
    default: return value
    }
  }

  private func numbered(
    _ value: UninterpretedOption.Value,
    _ field: FieldDescriptor
  ) -> OptionValue? {
    let number: Int32?
    switch value {
    case .positiveInteger(let positive): number = Int32(exactly: positive)
    case .negativeInteger(let negative): number = Int32(exactly: negative)
    default: number = nil
    }
    guard let number,
      let found = interpreter.linker.enumeration(named: field.typeName)?.values
        .first(where: { $0.number == number })
    else { return nil }
    return .enumValue(name: found.name, number: number)
  }
}

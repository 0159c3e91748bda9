// Numbers, strings and names of values in text format. Bools may be 0 and 1, enums may be numbers,
// and floating-point numbers know more words, unlike in an option by itself.

extension OptionTextParser {
  mutating func scalar(of field: FieldDescriptor) throws(OptionFailure) -> OptionValue {
    let start = current.span
    let isNegative = take("-")
    let token = current
    if field.type == .float || field.type == .double {
      let value = try floating()
      advance()
      return .double(isNegative ? -value : value)
    }
    let written: UninterpretedOption.Value
    switch token.kind {
    case .identifier where !isNegative: written = .identifier(text(token))
    case .integer: written = try integer(isNegative: isNegative, from: start)
    case .string where !isNegative: return try string(of: field)
    case .float, .identifier, .string, .symbol, .end: throw unexpected("a value of \(field.name)")
    }
    advance()
    let span = start.through(token.span)
    if field.type == .enum { return try enumValue(written, of: field, at: span) }
    return try interpreter.scalar(Self.bool(written, for: field), for: field, at: span)
  }

  private func floating() throws(OptionFailure) -> Double {
    let literal = source.bytes[current.span.start..<current.span.end]
    switch current.kind {
    case .float: return FloatLiteral.value(of: literal)
    case .integer where IntegerLiteral.isDecimal(literal): return FloatLiteral.value(of: literal)
    case .identifier:
      switch text(current).lowercased() {
      case "inf", "infinity": return .infinity
      case "nan": return .nan
      default: break
      }
    default: break
    }
    throw unexpected("a decimal number")
  }

  private mutating func string(of field: FieldDescriptor) throws(OptionFailure) -> OptionValue {
    var span = current.span
    var value: [UInt8] = []
    while current.kind == .string {
      value += StringLiteral.value(of: source.bytes[current.span.start..<current.span.end])
      span = span.through(current.span)
      advance()
    }
    return try interpreter.scalar(.string(value), for: field, at: span)
  }

  private func integer(
    isNegative: Bool,
    from start: SourceSpan
  ) throws(OptionFailure) -> UninterpretedOption.Value {
    let literal = source.bytes[current.span.start..<current.span.end]
    let bound = isNegative ? UInt64(1) << 63 : UInt64.max
    guard let number = IntegerLiteral.value(of: literal), number <= bound else {
      let span = start.through(current.span)
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

  /// By name or by number; an open enum takes any number.
  private mutating func enumValue(
    _ value: UninterpretedOption.Value,
    of field: FieldDescriptor,
    at span: SourceSpan
  ) throws(OptionFailure) -> OptionValue {
    let number: Int32?
    switch value {
    case .positiveInteger(let positive): number = Int32(exactly: positive)
    case .negativeInteger(let negative): number = Int32(exactly: negative)
    default: return try interpreter.scalar(value, for: field, at: span)
    }
    guard let number, let type = interpreter.linker.enumeration(named: field.typeName) else {
      throw OptionFailure(message: "the number is out of range", span: span)
    }
    if let found = type.values.first(where: { $0.number == number }) {
      return .enumValue(name: found.name, number: number)
    }
    if !type.isClosed { return .enumValue(name: "", number: number) }
    throw OptionFailure(message: "\"\(type.fullName)\" has no value \(number)", span: span)
  }

  // MARK: - Values of no use

  /// Passes over the value of a field whose name is reserved.
  mutating func skipValue() throws(OptionFailure) {
    let hasColon = take(":")
    if looking(at: "{") || looking(at: "<") {
      try skipBlock()
    } else if hasColon, take("[") {
      while !take("]") {
        if current.kind == .end { throw unexpected("\"]\"") }
        if looking(at: "{") || looking(at: "<") { try skipBlock() } else { try skipScalar() }
        _ = take(",")
      }
    } else if hasColon {
      try skipScalar()
    } else {
      throw unexpected("\":\"")
    }
  }

  private mutating func skipScalar() throws(OptionFailure) {
    _ = take("-")
    switch current.kind {
    case .string: while current.kind == .string { advance() }
    case .identifier, .integer, .float: advance()
    case .symbol, .end: throw unexpected("a value")
    }
  }

  private mutating func skipBlock() throws(OptionFailure) {
    var depth = 0
    repeat {
      if current.kind == .end { throw unexpected("\"}\"") }
      if looking(at: "{") || looking(at: "<") { depth += 1 }
      if looking(at: "}") || looking(at: ">") { depth -= 1 }
      advance()
    } while depth > 0
  }
}

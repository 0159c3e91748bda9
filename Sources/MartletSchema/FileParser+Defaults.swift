// `default`, brought into the form in which descriptors hold it.

extension FileParser {
  mutating func defaultValue(
    of field: inout FieldDescriptor,
    fieldPath: [Int32]
  ) throws(StatementFailure) {
    if file.syntax == .proto3 { error("proto3 has no explicit defaults", at: current.span) }
    if field.defaultValue != nil { error("\"default\" is given twice", at: current.span) }
    advance()
    try expect("=")
    let place = begin(fieldPath + [7])
    defer { end(place) }
    let start = current.span
    field.defaultValue = try defaultText(for: field.type)
    field.defaultSpan = start.through(previous.span)
  }

  private mutating func defaultText(for type: FieldType) throws(StatementFailure) -> String {
    switch type {
    case .int32, .sint32, .sfixed32:
      return try signedDefault(magnitude: UInt64(Int32.max))
    case .int64, .sint64, .sfixed64:
      return try signedDefault(magnitude: UInt64(Int64.max))
    case .uint32, .fixed32:
      return try unsignedDefault(atMost: UInt64(UInt32.max))
    case .uint64, .fixed64:
      return try unsignedDefault(atMost: .max)
    case .float:
      return FloatText.text(of: Float(try floatingDefault()))
    case .double:
      return FloatText.text(of: try floatingDefault())
    case .bool:
      guard looking(at: "true") || looking(at: "false") else {
        throw fail("expected true or false, found \(found)")
      }
      advance()
      return text(of: previous)
    case .string:
      return try text("a default in quotes").0
    case .bytes:
      return BytesText.escaped(try string("a default in quotes").0)
    case .message, .group:
      throw fail("a message has no default")
    case .enum, .unresolved:
      // Whether it is an enum with such a value shows when names are resolved.
      return try identifier("the name of a value").0
    }
  }

  private mutating func signedDefault(magnitude: UInt64) throws(StatementFailure) -> String {
    let isNegative = take("-")
    let bound = isNegative ? magnitude + 1 : magnitude
    let (value, _) = try integer("an integer", atMost: bound)
    return (isNegative && value > 0 ? "-" : "") + String(value)
  }

  private mutating func unsignedDefault(atMost bound: UInt64) throws(StatementFailure) -> String {
    if looking(at: "-") { throw fail("an unsigned field has no negative default") }
    return String(try integer("an integer", atMost: bound).0)
  }

  private mutating func floatingDefault() throws(StatementFailure) -> Double {
    let isNegative = take("-")
    let value = try floating()
    return isNegative ? -value : value
  }

  /// A number of any form without its sign.
  private mutating func floating() throws(StatementFailure) -> Double {
    switch current.kind {
    case .float:
      advance()
      return FloatLiteral.value(of: bytes(of: previous))
    case .integer:
      return try wholeNumber()
    case .identifier where looking(at: "inf"):
      advance()
      return .infinity
    case .identifier where looking(at: "nan"):
      advance()
      return .nan
    default:
      throw fail("expected a number, found \(found)")
    }
  }

  /// An integer where a floating-point number is wanted: a decimal one may have any length.
  private mutating func wholeNumber() throws(StatementFailure) -> Double {
    let literal = bytes(of: current)
    if IntegerLiteral.value(of: literal) == nil, IntegerLiteral.isDecimal(literal) {
      advance()
      return FloatLiteral.value(of: literal)
    }
    return Double(try integer("a number", atMost: .max).0)
  }
}

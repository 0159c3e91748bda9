// Options as written. What they mean is settled when all files are linked.

extension FileParser {
  /// Reads `option name = value;`.
  ///
  /// `number` is of the field that holds the options in the element's descriptor, `position` how
  /// many options the element has already.
  mutating func optionStatement(
    _ number: Int32,
    _ position: Int
  ) throws(StatementFailure) -> UninterpretedOption {
    let outer = begin(number)
    defer { end(outer) }
    let place = begin(Self.uninterpreted, Int32(position))
    defer { end(place) }
    advance()
    let option = try option(at: place)
    try endDeclaration(";", of: place)
    return option
  }

  /// Reads `[name = value, other = value]`.
  mutating func optionList(_ number: Int32) throws(StatementFailure) -> DescriptorOptions {
    var options = DescriptorOptions()
    let outer = begin(number)
    defer { end(outer) }
    try expect("[")
    repeat {
      options.written.append(try listedOption(options.written.count))
    } while take(",")
    try expect("]")
    return options
  }

  private mutating func listedOption(
    _ position: Int
  ) throws(StatementFailure) -> UninterpretedOption {
    let place = begin(Self.uninterpreted, Int32(position))
    defer { end(place) }
    return try option(at: place)
  }

  /// A field's options, among which `default` and `json_name` are the field's own.
  mutating func fieldOptions(of field: inout FieldDescriptor) throws(StatementFailure) {
    let fieldPath = path
    let outer = begin(8)
    defer { end(outer) }
    try expect("[")
    repeat {
      if looking(at: "json_name") {
        try jsonName(of: &field, fieldPath: fieldPath)
      } else if looking(at: "default") {
        try defaultValue(of: &field, fieldPath: fieldPath)
      } else {
        field.options.written.append(try listedOption(field.options.written.count))
      }
    } while take(",")
    try expect("]")
  }

  private mutating func jsonName(
    of field: inout FieldDescriptor,
    fieldPath: [Int32]
  ) throws(StatementFailure) {
    let place = begin(fieldPath + [10])
    defer { end(place) }
    if field.jsonNameSpan != nil { error("\"json_name\" is given twice", at: current.span) }
    advance()
    try expect("=")
    let (name, span) = try text("the JSON name in quotes")
    // protoc records the value under the same path.
    file.locations.append(SourceLocation(path: path, span: span))
    field.jsonName = name
    field.jsonNameSpan = span
  }

  /// The number of `uninterpreted_option` in every message of options.
  static let uninterpreted: Int32 = 999

  // MARK: - Names and values

  private mutating func option(at place: Place) throws(StatementFailure) -> UninterpretedOption {
    let nameStart = current.span
    let name = try optionName()
    let nameSpan = nameStart.through(previous.span)
    try expect("=")
    let valueStart = current.span
    let (value, number) = try optionValue()
    let valueSpan = valueStart.through(previous.span)
    record(number, at: valueSpan)
    return UninterpretedOption(
      name: name,
      value: value,
      span: span(of: place),
      nameSpan: nameSpan,
      valueSpan: valueSpan
    )
  }

  private mutating func optionName() throws(StatementFailure) -> [UninterpretedOption.NamePart] {
    let place = begin(2)
    defer { end(place) }
    var parts: [UninterpretedOption.NamePart] = []
    repeat {
      let partPlace = begin(Int32(parts.count))
      defer { end(partPlace) }
      parts.append(try optionNamePart())
    } while take(".")
    return parts
  }

  private mutating func optionNamePart() throws(StatementFailure) -> UninterpretedOption.NamePart {
    let start = current.span
    guard take("(") else {
      let (name, span) = try identifier("the name of an option")
      return UninterpretedOption.NamePart(name: name, isExtension: false, span: span)
    }
    let (name, _) = try qualifiedName("the name of a custom option")
    try expect(")")
    return UninterpretedOption.NamePart(
      name: name,
      isExtension: true,
      span: start.through(previous.span)
    )
  }

  /// The value, and the number of the field of UninterpretedOption that holds it.
  private mutating func optionValue() throws(StatementFailure) -> (
    UninterpretedOption.Value, Int32
  ) {
    let isNegative = take("-")
    let token = current
    switch token.kind {
    case .identifier:
      return try identifierValue(isNegative: isNegative)
    case .integer:
      return try integerValue(isNegative: isNegative)
    case .float:
      advance()
      let value = FloatLiteral.value(of: bytes(of: token))
      return (.double(isNegative ? -value : value), 6)
    case .string where !isNegative:
      return (.string(try string("a string").0), 7)
    case .symbol where looking(at: "{") && !isNegative:
      return (.aggregate(try aggregate()), 8)
    case .string, .symbol, .end:
      throw fail("expected the value of the option, found \(found)")
    }
  }

  private mutating func identifierValue(
    isNegative: Bool
  ) throws(StatementFailure) -> (UninterpretedOption.Value, Int32) {
    let token = current
    let name = text(of: token)
    guard isNegative else {
      advance()
      return (.identifier(name), 3)
    }
    guard name == "inf" || name == "nan" else {
      throw fail("only a number, \"inf\" or \"nan\" may follow \"-\"")
    }
    advance()
    return (.double(name == "inf" ? -.infinity : .nan), 6)
  }

  private mutating func integerValue(
    isNegative: Bool
  ) throws(StatementFailure) -> (UninterpretedOption.Value, Int32) {
    let bound = isNegative ? UInt64(1) << 63 : UInt64.max
    let literal = bytes(of: current)
    if current.kind == .integer, IntegerLiteral.isDecimal(literal),
      IntegerLiteral.value(of: literal).map({ $0 > bound }) ?? true
    {
      // Beyond 64 bits it can still be a floating-point number.
      advance()
      let value = FloatLiteral.value(of: literal)
      return (.double(isNegative ? -value : value), 6)
    }
    let (value, _) = try integer("a number", atMost: bound)
    guard isNegative else { return (.positiveInteger(value), 4) }
    return (.negativeInteger(Int64(truncatingIfNeeded: 0 &- value)), 5)
  }

  /// Text format between braces, kept as its tokens.
  private mutating func aggregate() throws(StatementFailure) -> String {
    let opening = current.span
    advance()
    var depth = 1
    var words: [String] = []
    while !isAtEnd {
      if looking(at: "{") { depth += 1 }
      if looking(at: "}") { depth -= 1 }
      if depth > limits.optionDepth {
        throw fail("the value is nested more than \(limits.optionDepth) deep")
      }
      if depth == 0 {
        advance()
        return words.joined(separator: " ")
      }
      words.append(text(of: current))
      advance()
    }
    error("this \"{\" is not closed", at: opening)
    throw StatementFailure()
  }
}

// Values of options against the types of their fields.

extension OptionInterpreter {
  /// The checked value of a field that is not a message.
  func scalar(
    _ value: UninterpretedOption.Value,
    for field: FieldDescriptor,
    at span: SourceSpan
  ) throws(OptionFailure) -> OptionValue {
    func wrong(_ expected: String) -> OptionFailure {
      OptionFailure(message: "the option \"\(field.name)\" needs \(expected)", span: span)
    }
    switch field.type {
    case .bool:
      if value == .identifier("true") { return .bool(true) }
      if value == .identifier("false") { return .bool(false) }
      throw wrong("true or false")
    case .int32, .sint32, .sfixed32:
      guard let number = Self.signed(value), let small = Int32(exactly: number) else {
        throw wrong("an integer of 32 bits")
      }
      return .signed(Int64(small))
    case .int64, .sint64, .sfixed64:
      guard let number = Self.signed(value) else { throw wrong("an integer of 64 bits") }
      return .signed(number)
    case .uint32, .fixed32:
      guard case .positiveInteger(let number) = value, number <= UInt32.max else {
        throw wrong("a positive integer of 32 bits")
      }
      return .unsigned(number)
    case .uint64, .fixed64:
      guard case .positiveInteger(let number) = value else {
        throw wrong("a positive integer of 64 bits")
      }
      return .unsigned(number)
    case .float, .double:
      guard let number = Self.floating(value) else { throw wrong("a number") }
      return .double(number)
    case .string:
      guard case .string(let bytes) = value else { throw wrong("a string in quotes") }
      guard let text = String(validating: bytes, as: UTF8.self) else { throw wrong("UTF-8") }
      return .string(text)
    case .bytes:
      guard case .string(let bytes) = value else { throw wrong("bytes in quotes") }
      return .bytes(bytes)
    case .enum:
      return try enumValue(value, for: field, at: span)
    case .message, .group, .unresolved:
      throw wrong("a message")
    }
  }

  private static func signed(_ value: UninterpretedOption.Value) -> Int64? {
    switch value {
    case .positiveInteger(let number): Int64(exactly: number)
    case .negativeInteger(let number): number
    default: nil
    }
  }

  private static func floating(_ value: UninterpretedOption.Value) -> Double? {
    switch value {
    case .positiveInteger(let number): Double(number)
    case .negativeInteger(let number): Double(number)
    case .double(let number): number
    case .identifier("inf"): .infinity
    case .identifier("nan"): .nan
    default: nil
    }
  }

  private func enumValue(
    _ value: UninterpretedOption.Value,
    for field: FieldDescriptor,
    at span: SourceSpan
  ) throws(OptionFailure) -> OptionValue {
    guard let enumeration = linker.enumeration(named: field.typeName),
      case .identifier(let name) = value
    else {
      throw OptionFailure(
        message: "the option \"\(field.name)\" needs a value of \"\(field.typeName)\"",
        span: span
      )
    }
    if let found = enumeration.values.first(where: { $0.name == name }) {
      return .enumValue(name: name, number: found.number)
    }
    throw OptionFailure(
      message: "\"\(field.typeName)\" has no value \"\(name)\"",
      span: span,
      suggestion: didYouMean(name, among: enumeration.values.map(\.name))
    )
  }
}

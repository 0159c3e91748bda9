public import MartletWire

// Enums, messages, lists and maps, for generated code.

extension JSONReader {
  /// Reads an enum's value by name or number.
  ///
  /// - Returns: The number; nil when the name is unknown and to be ignored.
  /// - Throws: `.unknownEnumValue`, `.outOfRange`, `.wrongType`.
  @usableFromInline
  mutating func enumNumber(_ names: JSONEnumNames) throws(JSONError.Reason) -> Int32? {
    let table = unsafe names.contents
    switch try peekKind() {
    case .number: return try int32()
    case .null where unsafe table.pointee.isNull:
      try null()
      return 0
    case .string:
      switch try name(in: unsafe table.pointee.index) {
      case .known(let number): return number
      case .unknown, .type:
        guard ignoresUnknownFields else { throw .unknownEnumValue }
        return nil
      }
    default: throw mismatch()
    }
  }

  /// Reads an enum into a field.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: JSONEnum>(
    into field: inout Value
  ) throws(JSONError.Reason) {
    if let number = try enumNumber(Value.jsonNames) { field = Value(rawValue: number) }
  }

  /// Reads an enum into a field with presence.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: JSONEnum>(
    into field: inout Value?
  ) throws(JSONError.Reason) {
    if let number = try enumNumber(Value.jsonNames) { field = Value(rawValue: number) }
  }

  /// Reads an enum; nil when its name is unknown and to be ignored.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: JSONEnum>() throws(JSONError.Reason) -> Value? {
    try enumNumber(Value.jsonNames).map(Value.init(rawValue:))
  }

  /// Reads a message.
  @inlinable
  @inline(__always)
  public mutating func message<Value: JSONMessage>() throws(JSONError.Reason) -> Value {
    var message = Value()
    try message.readJSON(from: &self)
    return message
  }

  /// Reads a list.
  @inlinable
  @inline(__always)
  public mutating func list<Value: JSONFieldValue>(
    into list: inout [Value]
  ) throws(JSONError.Reason) {
    try openBracket()
    var isFirst = true
    while try nextElement(isFirst: &isFirst) {
      if let value = try Value.jsonValue(from: &self) { list.append(value) }
    }
  }

  /// Reads a map.
  @inlinable
  public mutating func map<Key: JSONMapKey, Value: JSONFieldValue>(
    into map: inout [Key: Value]
  ) throws(JSONError.Reason) {
    try openBrace()
    var isFirst = true
    while try nextMember(isFirst: &isFirst) {
      let key = try Key.jsonKey(from: &self)
      try colon()
      guard let value = try Value.jsonValue(from: &self) else { continue }
      guard map.updateValue(value, forKey: key) == nil else { throw .duplicateKey }
    }
  }
}

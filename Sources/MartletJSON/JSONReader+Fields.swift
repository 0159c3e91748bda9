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

  /// Reads a list of messages.
  @inlinable
  public mutating func list<Value: JSONMessage>(
    into list: inout [Value]
  ) throws(JSONError.Reason) {
    try openBracket()
    var isFirst = true
    while try nextElement(isFirst: &isFirst) {
      try takeElement(MemoryLayout<Value>.stride)
      var message = Value()
      try message.readJSON(from: &self)
      list.append(message)
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
      guard key.isUsable else { throw .tooManyMarks }
      try takeElement(MemoryLayout<(Key, Value)>.stride)
      try colon()
      guard let value = try Value.jsonValue(from: &self) else { continue }
      guard map.updateValue(value, forKey: key) == nil else { throw .duplicateKey }
    }
  }
}

// The commonest map and the lists of scalars have code that is shared.

extension JSONReader {
  /// Reads a map of strings.
  public mutating func map(into map: inout [String: String]) throws(JSONError.Reason) {
    try openBrace()
    var isFirst = true
    while try nextMember(isFirst: &isFirst) {
      let key = try string()
      guard key.isUsable else { throw .tooManyMarks }
      try takeElement(MemoryLayout<(String, String)>.stride)
      try colon()
      guard map.updateValue(try string(), forKey: key) == nil else { throw .duplicateKey }
    }
  }

  /// Reads a list of `string`.
  public mutating func list(into list: inout [String]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.string() }
  }

  /// Reads a list of `bytes`.
  public mutating func list(into list: inout [[UInt8]]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.bytes() }
  }

  /// Reads a list of `int32`, `sint32` or `sfixed32`.
  public mutating func list(into list: inout [Int32]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.int32() }
  }

  /// Reads a list of `int64`, `sint64` or `sfixed64`.
  public mutating func list(into list: inout [Int64]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.int64() }
  }

  /// Reads a list of `uint32` or `fixed32`.
  public mutating func list(into list: inout [UInt32]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.uint32() }
  }

  /// Reads a list of `uint64` or `fixed64`.
  public mutating func list(into list: inout [UInt64]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.uint64() }
  }

  /// Reads a list of `float`.
  public mutating func list(into list: inout [Float]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.float() }
  }

  /// Reads a list of `double`.
  public mutating func list(into list: inout [Double]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.double() }
  }

  /// Reads a list of `bool`.
  public mutating func list(into list: inout [Bool]) throws(JSONError.Reason) {
    try scalars(into: &list) { reader throws(JSONError.Reason) in try reader.bool() }
  }

  @inline(__always)
  private mutating func scalars<Value>(
    into list: inout [Value],
    _ read: (inout JSONReader) throws(JSONError.Reason) -> Value
  ) throws(JSONError.Reason) {
    try openBracket()
    var isFirst = true
    while try nextElement(isFirst: &isFirst) { list.append(try read(&self)) }
  }
}

public import MartletWellKnown
internal import MartletWire

// JSON's own values as messages.

extension ProtoNullValue: JSONEnum {
  /// For generated code: the name, which only reading needs.
  public static let jsonNames = JSONEnumNames("NULL_VALUE", isNull: true)
}

extension ProtoValue: JSONMessage {
  /// True: any JSON.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value; one of no kind, NaN and the infinities have no JSON.
  public func writeJSON(to writer: inout JSONWriter) {
    switch kind {
    case .nullValue?: writer.null()
    case .boolValue(let bool)?: writer.value(bool)
    case .numberValue(let number)? where number.isFinite: writer.value(number)
    case .stringValue(let string)?: writer.value(string)
    case .structValue(let object)?: object.writeJSON(to: &writer)
    case .listValue(let list)?: list.writeJSON(to: &writer)
    case .numberValue?, nil: writer.fail(.invalidValue)
    }
  }

  /// For generated code: reads any JSON value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    switch try reader.peekKind() {
    case .null:
      try reader.null()
      self = .null
    case .bool: kind = .boolValue(try reader.bool())
    case .number: kind = .numberValue(try reader.double())
    case .string: kind = .stringValue(try reader.string())
    case .object:
      var object = ProtoStruct()
      try object.readJSON(from: &reader)
      kind = .structValue(object)
    case .array:
      var list = ProtoListValue()
      try list.readJSON(from: &reader)
      kind = .listValue(list)
    }
  }

  /// For generated code: writes an element; only lists and objects are a level deeper, as when
  /// they are read.
  public func writeJSONValue(to writer: inout JSONWriter) {
    switch kind {
    case .structValue?, .listValue?: writer.nested(self)
    default: writeJSON(to: &writer)
    }
  }
}

extension ProtoStruct: JSONMessage {
  /// True: an object of any fields.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes an object.
  public func writeJSON(to writer: inout JSONWriter) {
    writer.beginObject()
    if writer.isDeterministic {
      for (name, value) in fields.sorted(by: { String.precedes($0.key, $1.key) }) {
        writer.entry(name, value)
      }
    } else {
      for (name, value) in fields { writer.entry(name, value) }
    }
    writer.endObject()
  }

  /// For generated code: reads an object.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    try reader.map(into: &fields)
  }
}

extension ProtoListValue: JSONMessage {
  /// True: an array.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes an array.
  public func writeJSON(to writer: inout JSONWriter) {
    writer.beginArray()
    for value in values {
      writer.element()
      value.writeJSONValue(to: &writer)
    }
    writer.endArray()
  }

  /// For generated code: reads an array.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    // Arrays of a schema's fields do not nest; these do.
    guard reader.depth > 0 else { throw .tooDeep }
    reader.depth &-= 1
    try reader.list(into: &values)
    reader.depth &+= 1
  }
}

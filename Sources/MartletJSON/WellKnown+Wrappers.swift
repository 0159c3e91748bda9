public import MartletWellKnown

// Wrappers, whose JSON is that of the value they hold.

extension ProtoDoubleValue: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.double()
  }
}

extension ProtoFloatValue: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.float()
  }
}

extension ProtoInt64Value: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.int64()
  }
}

extension ProtoUInt64Value: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.uint64()
  }
}

extension ProtoInt32Value: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.int32()
  }
}

extension ProtoUInt32Value: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.uint32()
  }
}

extension ProtoBoolValue: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.bool()
  }
}

extension ProtoStringValue: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.string()
  }
}

extension ProtoBytesValue: JSONMessage {
  /// True: the value alone.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the value.
  public func writeJSON(to writer: inout JSONWriter) { writer.value(value) }

  /// For generated code: reads the value.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    value = try reader.bytes()
  }
}

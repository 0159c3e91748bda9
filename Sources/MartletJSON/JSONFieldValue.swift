/// What can stand in a list or as a map's value: scalars, bytes, enums and messages.
///
/// For generated code, which conforms messages and enums.
public protocol JSONFieldValue {
  /// For generated code: writes the value, null never.
  func writeJSONValue(to writer: inout JSONWriter)

  /// For generated code: reads a value; nil for an enum's name that is unknown and to be ignored.
  static func jsonValue(from reader: inout JSONReader) throws(JSONError.Reason) -> Self?
}

extension Int32: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Int32? { try reader.int32() }
}

extension Int64: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Int64? { try reader.int64() }
}

extension UInt32: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> UInt32? { try reader.uint32() }
}

extension UInt64: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> UInt64? { try reader.uint64() }
}

extension Float: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Float? { try reader.float() }
}

extension Double: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Double? { try reader.double() }
}

extension Bool: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Bool? { try reader.bool() }
}

extension String: JSONFieldValue {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> String? { try reader.string() }
}

extension Array: JSONFieldValue where Element == UInt8 {
  /// For generated code.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> [UInt8]? { try reader.bytes() }
}

public import MartletWire

/// A map's key, which is a string in JSON.
///
/// For generated code.
public protocol JSONMapKey: MapKey {
  /// For generated code: writes the key between quotes.
  func writeJSONKey(to writer: inout JSONWriter)

  /// For generated code: reads the key from a string.
  static func jsonKey(from reader: inout JSONReader) throws(JSONError.Reason) -> Self
}

extension Int32: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.quoted(Int64(self)) }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Int32 { try reader.int32() }
}

extension Int64: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.quoted(self) }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Int64 { try reader.int64() }
}

extension UInt32: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.quoted(Int64(self)) }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> UInt32 { try reader.uint32() }
}

extension UInt64: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.quoted(self) }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> UInt64 { try reader.uint64() }
}

extension Bool: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.value(self ? "true" : "false") }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Bool {
    let key = try reader.string()
    if key.isExactly("true") { return true }
    guard key.isExactly("false") else { throw .wrongType }
    return false
  }
}

extension String: JSONMapKey {
  /// For generated code.
  public func writeJSONKey(to writer: inout JSONWriter) { writer.value(self) }
  /// For generated code.
  public static func jsonKey(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> String { try reader.string() }
}

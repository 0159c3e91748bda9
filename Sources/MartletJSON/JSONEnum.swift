public import MartletWire

/// An enum that also has protobuf's canonical JSON form: its name, or its number.
///
/// `martletc generate --json` makes the conformance.
public protocol JSONEnum: OpenEnum, JSONFieldValue {
  /// For generated code: the names of the schema.
  static var jsonNames: JSONEnumNames { get }
}

extension JSONEnum {
  /// For generated code: writes the value as an element of a list or a map's value.
  @inlinable
  public func writeJSONValue(to writer: inout JSONWriter) {
    writer.value(rawValue, named: Self.jsonNames)
  }

  /// For generated code: reads an element of a list or a map's value.
  @inlinable
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Self? {
    try reader.enumNumber(Self.jsonNames).map(Self.init(rawValue:))
  }
}

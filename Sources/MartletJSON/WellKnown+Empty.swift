public import MartletWellKnown

extension ProtoEmpty: JSONMessage {
  private static let jsonFields = JSONFields("")

  /// For generated code: writes an empty object.
  public func writeJSON(to writer: inout JSONWriter) {
    writer.beginObject(Self.jsonFields)
    writer.endObject()
  }

  /// For generated code: reads an empty object.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    var object = try reader.beginObject(Self.jsonFields)
    while try reader.nextField(of: &object) != nil {}
  }
}

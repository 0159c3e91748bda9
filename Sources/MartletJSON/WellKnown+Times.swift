public import MartletWellKnown

// Times and field masks, which are strings in JSON.

extension ProtoTimestamp: JSONMessage {
  /// True: an RFC 3339 string.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the time in UTC.
  public func writeJSON(to writer: inout JSONWriter) {
    guard let text = rfc3339Text else { return writer.fail(.invalidTimestamp) }
    writer.value(text)
  }

  /// For generated code: reads a time with any offset.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    guard let time = try reader.time(ProtoTimestamp.init(rfc3339:)) else {
      throw .invalidTimestamp
    }
    self = time
  }
}

extension ProtoDuration: JSONMessage {
  /// True: a string of seconds.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the seconds.
  public func writeJSON(to writer: inout JSONWriter) {
    guard let text = timeText else { return writer.fail(.invalidDuration) }
    writer.value(text)
  }

  /// For generated code: reads seconds.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    guard let duration = try reader.time(ProtoDuration.init(text:)) else {
      throw .invalidDuration
    }
    self = duration
  }
}

extension ProtoFieldMask: JSONMessage {
  /// True: a string of paths.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes the paths in lowerCamelCase.
  public func writeJSON(to writer: inout JSONWriter) {
    guard let text = jsonText else { return writer.fail(.invalidFieldMask) }
    writer.value(text)
  }

  /// For generated code: reads paths in lowerCamelCase.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    guard let mask = ProtoFieldMask(jsonText: try reader.string()) else {
      throw .invalidFieldMask
    }
    self = mask
  }
}

extension JSONWriter {
  /// Writes a text that needs no escapes.
  fileprivate mutating func value(_ text: TimeText) {
    reserve(TimeText.capacity)
    byte("\"")
    for index in 0..<text.count { store(text[index]) }
    byte("\"")
  }
}

extension JSONReader {
  /// Reads a string by what understands its bytes.
  fileprivate mutating func time<Value>(
    _ parse: (TimeScanner) -> Value?
  ) throws(JSONError.Reason) -> Value? {
    if let text = try plainText() { return unsafe parse(TimeScanner(text.bytes)) }
    let text = try escapedText()
    return unsafe text.withUnsafeBytes { bytes in unsafe parse(TimeScanner(bytes)) }
  }
}

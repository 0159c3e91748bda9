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
    guard let time = try reader.timeText().flatMap(ProtoTimestamp.init(rfc3339:)) else {
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
    guard let duration = try reader.timeText().flatMap(ProtoDuration.init(text:)) else {
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
  /// Reads a string that may be a time; nil when it is too long for one.
  fileprivate mutating func timeText() throws(JSONError.Reason) -> TimeScanner? {
    guard let text = try plainText() else { return TimeScanner(try escapedText()) }
    return unsafe TimeScanner(text.bytes)
  }
}

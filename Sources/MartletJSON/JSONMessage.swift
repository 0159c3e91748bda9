public import MartletWire

/// A message that also has protobuf's canonical JSON form.
///
/// `martletc generate --json` makes the conformance. Types whose JSON is not an object of their
/// fields, `google.protobuf.Timestamp` among them, have hand-written ones here.
///
/// The mapping: <https://protobuf.dev/programming-guides/json/>.
public protocol JSONMessage: Message, JSONFieldValue {
  /// For generated code: writes the message as one JSON value.
  ///
  /// What cannot be written is reported with `JSONWriter.fail`, not thrown: code that writes
  /// fields stays free of checks.
  func writeJSON(to writer: inout JSONWriter)

  /// For generated code: reads one JSON value into this message, in which nothing is set.
  ///
  /// Null never comes here, except for types that have a meaning for it.
  mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason)

  /// Whether the JSON is something else than an object of the fields; inside an `Any` it then
  /// stands under "value". False unless a type says otherwise.
  static var hasSpecialJSON: Bool { get }
}

extension JSONMessage {
  /// False: the JSON is an object of the fields.
  @inlinable public static var hasSpecialJSON: Bool { false }

  // Not inlinable, and so shared by all messages: lists of messages have functions of their own.

  /// For generated code: writes the message as a map's value.
  public func writeJSONValue(to writer: inout JSONWriter) { writer.nested(self) }

  /// For generated code: reads a map's value.
  public static func jsonValue(
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> Self? {
    var message = Self()
    try message.readJSON(from: &reader)
    return message
  }
}

extension JSONMessage {
  /// The message as JSON, UTF-8.
  ///
  /// - Parameter options: How to write what the mapping leaves open.
  /// - Returns: One JSON value without a line end; compact unless asked otherwise.
  /// - Throws: `JSONError` when a value has no JSON: an `Any` of a type that the registry does not
  ///   know, a timestamp outside the years 1 to 9999.
  public func jsonBytes(
    options: JSONEncodingOptions = JSONEncodingOptions()
  ) throws(JSONError) -> [UInt8] {
    try unsafe JSONWriter.write(self, options: options) { bytes in unsafe [UInt8](bytes) }
  }

  /// The message as JSON.
  ///
  /// - Parameter options: How to write what the mapping leaves open.
  /// - Returns: One JSON value without a line end; compact unless asked otherwise.
  /// - Throws: `JSONError` when a value has no JSON.
  public func jsonString(
    options: JSONEncodingOptions = JSONEncodingOptions()
  ) throws(JSONError) -> String {
    try unsafe JSONWriter.write(self, options: options) { bytes in
      unsafe String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Reads a message from JSON.
  ///
  /// - Parameters:
  ///   - bytes: One JSON value in UTF-8, all of it.
  ///   - options: What to accept.
  /// - Throws: `JSONError` when the text is not JSON or not of this message.
  public init(
    json bytes: UnsafeRawBufferPointer,
    options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(JSONError) {
    self.init()
    unsafe try JSONReader.read(into: &self, from: bytes, options: options)
  }

  /// Reads a message from JSON.
  ///
  /// - Parameters:
  ///   - bytes: One JSON value in UTF-8, all of it.
  ///   - options: What to accept.
  /// - Throws: `JSONError` when the text is not JSON or not of this message.
  public init(
    json bytes: [UInt8],
    options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(JSONError) {
    self.init()
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
      let bytes = UnsafeRawBufferPointer(buffer)
      unsafe try JSONReader.read(into: &self, from: bytes, options: options)
    }
  }

  /// Reads a message from JSON.
  ///
  /// - Parameters:
  ///   - text: One JSON value, all of it.
  ///   - options: What to accept.
  /// - Throws: `JSONError` when the text is not JSON or not of this message.
  public init(
    json text: String,
    options: JSONDecodingOptions = JSONDecodingOptions()
  ) throws(JSONError) {
    self.init()
    var text = text
    var failure: JSONError?
    // It only rethrows without a type.
    text.withUTF8 { buffer in
      let bytes = UnsafeRawBufferPointer(buffer)
      do throws(JSONError) {
        unsafe try JSONReader.read(into: &self, from: bytes, options: options)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}

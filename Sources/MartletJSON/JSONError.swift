/// Why a text is not the JSON of a message, or a message has no JSON.
///
/// An error names the place, never the value: a log or a status message must not repeat what a
/// peer sent. Keys in `path` are cut short.
public struct JSONError: Error, Hashable, Sendable {
  /// What is wrong.
  public var reason: Reason
  /// Where, from the outermost message: `activities[3].title`; empty for that message itself.
  public var path: String
  /// Where in the text, bytes from its start; nil when writing failed.
  public var offset: Int?

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - reason: What is wrong.
  ///   - path: Where, from the outermost message.
  ///   - offset: Where in the text that was read.
  public init(_ reason: Reason, path: String = "", offset: Int? = nil) {
    self.reason = reason
    self.path = path
    self.offset = offset
  }

  /// What is wrong with a text or a message.
  @frozen
  public enum Reason: Error, Hashable, Sendable {
    /// The text is not JSON: RFC 8259 as written, without comments or trailing commas.
    case malformed
    /// The text ends inside a value.
    case truncated
    /// More than white space follows the value.
    case trailingText
    /// The text is not UTF-8.
    case invalidUTF8
    /// A string has an escape that does not exist or half of a surrogate pair.
    case invalidEscape
    /// The JSON value is of another kind than the field: an object for a number, for example.
    case wrongType
    /// Null stands in a list or a map.
    case unexpectedNull
    /// A string holds no number, or not as JSON writes it.
    case invalidNumber
    /// A number is not integral or does not fit into the field's type.
    case outOfRange
    /// A string for `bytes` is not base64.
    case invalidBase64
    /// No field of the message has this name.
    case unknownField
    /// No value of the enum has this name.
    case unknownEnumValue
    /// A field stands twice, perhaps under both of its names.
    case duplicateField
    /// Two fields of one oneof are set.
    case duplicateOneof
    /// Two keys of a map are the same.
    case duplicateKey
    /// A map's key has more combining marks in a row than `DecodingLimits.maximumMarks`.
    case tooManyMarks
    /// The messages in lists and the entries of maps take more memory than the limit.
    case tooManyElements
    /// Objects nest deeper than the limit.
    case tooDeep
    /// The text is longer than the limit.
    case tooLarge
    /// A string is no timestamp, or a timestamp is outside the years 1 to 9999.
    case invalidTimestamp
    /// A string is no duration, or a duration is out of range.
    case invalidDuration
    /// A field mask's path has no JSON, or a string is no such path.
    case invalidFieldMask
    /// A `google.protobuf.Value` holds nothing, or a number that JSON does not have.
    case invalidValue
    /// An `Any` has no type, or its content is not of that type.
    case invalidAny
    /// The registry does not know the type of an `Any`.
    case unknownType
  }
}

extension JSONError: CustomStringConvertible {
  /// One English sentence part without a full stop, for a status message or a log.
  public var description: String {
    let place = offset.map { " (byte \($0))" } ?? ""
    return path.isEmpty ? "\(reason)\(place)" : "\(path): \(reason)\(place)"
  }
}

extension JSONError.Reason: CustomStringConvertible {
  /// One English sentence part without a full stop.
  public var description: String {
    switch self {
    case .malformed: "the text is not JSON"
    case .truncated: "the text ends too early"
    case .trailingText: "text follows the value"
    case .invalidUTF8: "the text is not UTF-8"
    case .invalidEscape: "an escape in a string is invalid"
    case .wrongType: "the value is of the wrong type"
    case .unexpectedNull: "null is not allowed here"
    case .invalidNumber: "the text is not a number"
    case .outOfRange: "the number does not fit"
    case .invalidBase64: "the text is not base64"
    case .unknownField: "there is no such field"
    case .unknownEnumValue: "the enum has no such value"
    case .duplicateField: "the field is set twice"
    case .duplicateOneof: "another field of its oneof is set"
    case .duplicateKey: "the key is there twice"
    case .tooManyMarks: "a key has too many combining marks"
    case .tooManyElements: "there are too many elements"
    case .tooDeep: "objects nest too deeply"
    case .tooLarge: "the text is too long"
    case .invalidTimestamp: "the timestamp is invalid"
    case .invalidDuration: "the duration is invalid"
    case .invalidFieldMask: "the field mask is invalid"
    case .invalidValue: "the value has no JSON"
    case .invalidAny: "the Any has no type or no content of its type"
    case .unknownType: "the type of the Any is not registered"
    }
  }
}

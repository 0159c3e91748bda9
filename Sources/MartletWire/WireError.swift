/// Why bytes are not a message, or a message does not fit where it was to go.
///
/// Errors carry no position and no bytes: they are made for a peer's bytes, and a log or a status
/// message must not repeat what a peer sent.
@frozen
public enum WireError: Error, Hashable, Sendable {
  /// The bytes end inside a tag, a value or a group, or a length points past the end.
  case truncated
  /// A varint is longer than ten bytes or does not fit into 64 bits; a tag or a length is longer
  /// than five bytes or does not fit into 32.
  case malformedVarint
  /// A tag has field number 0 or one of the two wire types that do not exist.
  case invalidTag
  /// An end-group tag closes a group that is not open.
  case unmatchedEndGroup
  /// A `string` field holds bytes that are not UTF-8.
  case invalidUTF8
  /// Messages or groups nest deeper than `DecodingLimits.maximumDepth`.
  case tooDeep
  /// The message is longer than `DecodingLimits.maximumBytes`.
  case tooLarge
  /// The messages in lists and maps take more memory than `DecodingLimits.maximumElementBytes`.
  case tooManyElements
  /// A map's key has more combining marks in a row than `DecodingLimits.maximumMarks`.
  case tooManyMarks
  /// A message does not fit into the buffer that it was to be encoded into.
  case noRoom
}

extension WireError: CustomStringConvertible {
  /// One English sentence part without a full stop, for a status message or a log.
  public var description: String {
    switch self {
    case .truncated: "the message ends too early"
    case .malformedVarint: "a varint is too long"
    case .invalidTag: "a tag has no valid field number or wire type"
    case .unmatchedEndGroup: "a group ends that did not start"
    case .invalidUTF8: "a string is not valid UTF-8"
    case .tooDeep: "messages nest too deeply"
    case .tooLarge: "the message is too large"
    case .tooManyElements: "the message holds too many elements"
    case .tooManyMarks: "a map's key has too many combining marks"
    case .noRoom: "the buffer is too small for the message"
    }
  }
}

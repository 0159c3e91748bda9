/// Reads the JSON of one message.
///
/// For generated code and for hand-written JSON of special types; valid only inside `readJSON`.
///
/// The text is read in place, without a tree between it and the message. `end` is the end of
/// the bytes given and each load is checked against it first, so no input reads outside of them.
@safe
public struct JSONReader: ~Copyable {
  var position: UnsafeRawPointer
  let end: UnsafeRawPointer
  private let start: UnsafeRawPointer
  /// How many levels may still open.
  var depth: Int
  /// How many bytes the elements of lists and maps may still take.
  private var elementBytes: Int
  /// The options given.
  package let options: JSONDecodingOptions
  let ignoresUnknownFields: Bool
  /// Whether the next object may name its type.
  var skipsType = false
  /// The "is set" bits beyond 64 of the open objects, outermost first.
  var moreBits: [UInt64] = []

  private init(_ bytes: UnsafeRawBufferPointer, options: JSONDecodingOptions) {
    // An empty buffer may have no address; any will do, for nothing is read from it.
    unsafe start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    unsafe position = start
    unsafe end = start + bytes.count
    // One more, for the outermost; `Int.max` is no limit.
    depth = max(options.maximumDepth, options.maximumDepth &+ 1)
    elementBytes = options.maximumElementBytes
    self.options = options
    ignoresUnknownFields = options.ignoresUnknownFields
  }

  /// Reads a message from bytes that are all of it.
  static func read<M: JSONMessage>(
    into message: inout M,
    from bytes: UnsafeRawBufferPointer,
    options: JSONDecodingOptions
  ) throws(JSONError) {
    guard bytes.count <= options.maximumBytes else { throw JSONError(.tooLarge) }
    var reader = unsafe JSONReader(bytes, options: options)
    do throws(JSONError.Reason) {
      try reader.skipSpace()
      try message.readJSON(from: &reader)
      try reader.finish()
    } catch {
      let offset = unsafe reader.position - reader.start
      let read = unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(offset))
      throw JSONError(error, path: unsafe JSONPath.path(in: read), offset: offset)
    }
  }

  /// Takes memory for an element from what the options allow.
  @usableFromInline
  mutating func takeElement(_ stride: Int) throws(JSONError.Reason) {
    elementBytes &-= stride
    guard elementBytes >= 0 else { throw .tooManyElements }
  }

  /// Checks that only white space is left.
  private mutating func finish() throws(JSONError.Reason) {
    skipSpaceToEnd()
    guard unsafe position == end else { throw .trailingText }
  }
}

// Bytes and white space. Between tokens the position is on the first byte of the next one.

extension JSONReader {
  /// The next byte; an error at the end.
  @inline(__always)
  func peek() throws(JSONError.Reason) -> UInt8 {
    guard unsafe position < end else { throw .truncated }
    return unsafe position.load(as: UInt8.self)
  }

  @inline(__always)
  var remaining: Int { unsafe end - position }

  @inline(__always)
  mutating func advance(_ count: Int = 1) { unsafe position += count }

  /// Goes to the next byte that is no white space; an error when there is none.
  @inline(__always)
  mutating func skipSpace() throws(JSONError.Reason) {
    if try peek() > 0x20 { return }
    skipSpaceToEnd()
    _ = try peek()
  }

  @inline(never)
  mutating func skipSpaceToEnd() {
    while unsafe position < end {
      switch unsafe position.load(as: UInt8.self) {
      case 0x20, 0x09, 0x0a, 0x0d: unsafe position += 1
      default: return
      }
    }
  }

  /// What stands here is not of the kind that is wanted.
  @inline(never)
  func mismatch() -> JSONError.Reason {
    guard let kind = try? peekKind() else { return remaining == 0 ? .truncated : .malformed }
    return kind == .null ? .unexpectedNull : .wrongType
  }

  /// The kind of the value that is next.
  ///
  /// - Returns: The kind that its first byte tells.
  /// - Throws: `.malformed` when no value begins so, `.truncated` at the end.
  package func peekKind() throws(JSONError.Reason) -> JSONKind {
    switch try peek() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    case UInt8(ascii: "n"): .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    default: throw .malformed
    }
  }

  /// Reads `null`.
  package mutating func null() throws(JSONError.Reason) { try word("null") }

  /// Reads `true` or `false`.
  public mutating func bool() throws(JSONError.Reason) -> Bool {
    switch try peek() {
    case UInt8(ascii: "t"):
      try word("true")
      return true
    case UInt8(ascii: "f"):
      try word("false")
      return false
    default: throw mismatch()
    }
  }

  private mutating func word(_ word: StaticString) throws(JSONError.Reason) {
    for index in 0..<word.utf8CodeUnitCount {
      guard remaining > index else { throw .truncated }
      let byte = unsafe position.load(fromByteOffset: index, as: UInt8.self)
      guard unsafe byte == word.utf8Start[index] else { throw .malformed }
    }
    advance(word.utf8CodeUnitCount)
  }
}

/// The kinds of JSON values.
package enum JSONKind {
  case object
  case array
  case string
  case number
  case bool
  case null
}

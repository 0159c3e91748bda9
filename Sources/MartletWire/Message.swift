/// A message of a `.proto` schema, as a Swift value.
///
/// The compiler makes the conforming types. Messages are equal when they are the same on the wire,
/// unknown fields included.
public protocol Message: Sendable, Hashable, CustomStringConvertible {
  /// Makes a message in which no field is set.
  init()

  /// The full name in the schema, `martlet.v1.Activity`.
  static var protoName: String { get }

  /// Fields that came from a newer or different schema.
  var unknownFields: UnknownFields { get set }

  /// For generated code: reads fields up to the end of the message into this one.
  mutating func readFields(from reader: inout WireReader)

  /// For generated code: at least as many bytes as `writeFields` writes.
  var encodedSizeBound: Int { get }

  /// For generated code: writes fields in order of their numbers, then unknown ones.
  func writeFields(to writer: inout WireWriter)
}

/// A message all of whose fields are single numbers: the kind that comes by the thousand.
///
/// For generated code, which is in line where such messages fill a list.
public protocol FlatMessage: Message {
  /// For generated code: the most bytes that its fields can take, tags and ten bytes for each
  /// varint, well formed or not.
  static var mostFieldBytes: Int { get }

  /// For generated code: reads fields that follow each other in their usual order.
  mutating func readFields(in window: inout WireWindow)

  /// For generated code: writes what `writeFields(to:)` does.
  ///
  /// The window comes and goes by value, in a register.
  func writeFields(in start: WriteWindow) -> WriteWindow
}

extension Message {
  /// Reads a message from bytes that are all of it.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message, without any length before it.
  ///   - limits: What to refuse.
  /// - Throws: `WireError` when the bytes are not such a message or a limit is met.
  @inlinable
  public init(
    decoding bytes: UnsafeRawBufferPointer,
    limits: DecodingLimits = .default
  ) throws(WireError) {
    self.init()
    try unsafe merge(decoding: bytes, limits: limits)
  }

  /// Reads a message from bytes that are all of it.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message, without any length before it.
  ///   - limits: What to refuse.
  /// - Throws: `WireError` when the bytes are not such a message or a limit is met.
  public init(decoding bytes: [UInt8], limits: DecodingLimits = .default) throws(WireError) {
    self.init()
    try merge(decoding: bytes, limits: limits)
  }

  /// Adds the fields in `bytes` to this message: single values replace, messages merge, lists
  /// and maps grow.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message, without any length before it.
  ///   - limits: What to refuse.
  /// - Throws: `WireError`; this message is then unspecified but valid.
  @inlinable
  public mutating func merge(
    decoding bytes: UnsafeRawBufferPointer,
    limits: DecodingLimits = .default
  ) throws(WireError) {
    var reader = unsafe WireReader(bytes, limits: limits)
    readFields(from: &reader)
    if let failure = reader.failure { throw failure }
  }

  /// Adds the fields in `bytes` to this message: single values replace, messages merge, lists
  /// and maps grow.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message, without any length before it.
  ///   - limits: What to refuse.
  /// - Throws: `WireError`; this message is then unspecified but valid.
  public mutating func merge(
    decoding bytes: [UInt8],
    limits: DecodingLimits = .default
  ) throws(WireError) {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
      try unsafe merge(decoding: UnsafeRawBufferPointer(buffer), limits: limits)
    }
  }

  /// Makes a message and fills it in: `User.with { $0.id = "1" }`.
  ///
  /// - Parameter fill: Sets the fields.
  /// - Returns: The message.
  /// - Throws: What `fill` throws.
  public static func with<Failure: Error>(
    _ fill: (inout Self) throws(Failure) -> Void
  ) throws(Failure) -> Self {
    var message = Self()
    try fill(&message)
    return message
  }

  /// The field names and values that are not empty, for logs and debuggers; not a format.
  public var description: String { debugText(of: self) }
}

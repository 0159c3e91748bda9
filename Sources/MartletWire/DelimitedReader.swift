/// Takes messages out of a stream in which each follows its length, a varint.
///
/// The format of `writeDelimitedTo` of protobuf's other libraries. The reader does no I/O: bytes go
/// in as they come, in pieces of any size, messages come out as soon as they are whole.
///
/// ```swift
/// var reader = DelimitedReader()
/// while let chunk = try file.read() {
///   reader.append(chunk)
///   while let sample = try reader.next(Sample.self) { use(sample) }
/// }
/// try reader.finish()
/// ```
public struct DelimitedReader: Sendable {
  /// What to refuse, of each message by itself.
  public let limits: DecodingLimits
  private var buffer: [UInt8] = []
  /// Where in the buffer the next length begins.
  private var start = 0
  /// Why the stream cannot be read on: a length that is none or too large.
  private var failure: WireError?

  /// Starts on an empty stream.
  ///
  /// - Parameter limits: What to refuse, of each message by itself.
  public init(limits: DecodingLimits = .default) { self.limits = limits }

  /// How many bytes wait for the rest of their message.
  public var waitingBytes: Int { buffer.count - start }

  /// Adds bytes to the end of the stream.
  ///
  /// - Parameter bytes: The next bytes, in a piece of any size.
  public mutating func append(_ bytes: some Collection<UInt8>) {
    // What was read goes when it is half of the buffer, so that a byte moves once on average.
    if start > buffer.count / 2 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// Takes the next message.
  ///
  /// A message that is malformed is passed over; the one after it can be read. A malformed length
  /// ends the stream: each further call throws the same error.
  ///
  /// - Parameter type: The message's type.
  /// - Returns: The message, or nil when it is not whole yet.
  /// - Throws: `WireError` when the length or the message is malformed or a limit is met:
  ///   `.tooLarge` as soon as the length is there.
  public mutating func next<M: Message>(_ type: M.Type = M.self) throws(WireError) -> M? {
    guard let (width, count) = try nextLength(), waitingBytes - width >= count else { return nil }
    let first = start + width
    start = first + count
    return try unsafe buffer.withUnsafeBufferPointer { (bytes) throws(WireError) in
      let message = unsafe UnsafeBufferPointer(rebasing: bytes[first..<start])
      return unsafe try M(decoding: UnsafeRawBufferPointer(message), limits: limits)
    }
  }

  /// Says that no more bytes will come.
  ///
  /// - Throws: `WireError.truncated` when a message has begun and is not whole; what made the
  ///   stream unreadable before.
  public func finish() throws(WireError) {
    if let failure { throw failure }
    if waitingBytes > 0 { throw .truncated }
  }

  /// The bytes of the next length and its value; nil when it is not whole yet.
  private mutating func nextLength() throws(WireError) -> (width: Int, count: Int)? {
    if let failure { throw failure }
    var count: UInt64 = 0
    for (width, byte) in buffer[start...].prefix(5).enumerated() {
      count |= UInt64(byte & 0x7f) << UInt64(7 * width)
      guard byte < 0x80 else { continue }
      if count > UInt32.max { throw fail(.malformedVarint) }
      if count > limits.maximumBytes { throw fail(.tooLarge) }
      return (width + 1, Int(count))
    }
    if waitingBytes >= 5 { throw fail(.malformedVarint) }
    return nil
  }

  private mutating func fail(_ error: WireError) -> WireError {
    failure = error
    return error
  }
}

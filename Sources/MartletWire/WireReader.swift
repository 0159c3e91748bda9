/// Reads the fields of one message.
///
/// For generated code; valid only inside `readFields`.
///
/// Reading functions are inlined into generated code and keep the position in a register; what is
/// rare or long stands in functions of its own. `end` never lies past the bytes given, each
/// read is checked against it first, so no input reads outside of them.
@frozen
@safe
public struct WireReader {
  @usableFromInline var position: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer
  /// Where the last tag began, for unknown fields, which are kept with their tags.
  @usableFromInline var tagStart: UnsafeRawPointer
  /// How many levels of messages and groups may still open.
  @usableFromInline let depth: Int

  @inlinable
  @inline(__always)
  init(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer, depth: Int) {
    unsafe position = start
    unsafe self.end = end
    unsafe tagStart = start
    self.depth = depth
  }

  /// Starts on the bytes of an outermost message.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message; must outlive the reader.
  ///   - limits: What to refuse.
  /// - Throws: `WireError.tooLarge`.
  @inlinable
  @inline(__always)
  public init(_ bytes: UnsafeRawBufferPointer, limits: DecodingLimits) throws(WireError) {
    guard bytes.count <= limits.maximumBytes else { throw .tooLarge }
    // An empty buffer may have no address; any will do, for nothing is read from it.
    let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    unsafe self.init(start, start + bytes.count, depth: limits.maximumDepth)
  }

  @inlinable var remaining: Int {
    @inline(__always) get { unsafe end - position }
  }

  /// The next field's tag, or nil at the end of the message.
  ///
  /// Tags that no field has, 0 and bad wire types among them, are for `unknownField` to judge.
  ///
  /// - Returns: Field number times 8 plus wire type.
  /// - Throws: `WireError.truncated`, `WireError.malformedVarint`.
  @inlinable
  @inline(__always)
  public mutating func nextTag() throws(WireError) -> UInt32? {
    guard unsafe position < end else { return nil }
    unsafe tagStart = position
    let byte = unsafe position.load(as: UInt8.self)
    if byte < 0x80 {
      unsafe position += 1
      return UInt32(byte)
    }
    let (value, next) = unsafe try shortVarint(position, end)
    unsafe position = next
    return value
  }

  @inlinable
  @inline(__always)
  mutating func varint() throws(WireError) -> UInt64 {
    guard unsafe position < end else { throw .truncated }
    let byte = unsafe position.load(as: UInt8.self)
    if byte < 0x80 {
      unsafe position += 1
      return UInt64(byte)
    }
    let (value, next) = unsafe try longVarint(position, end)
    unsafe position = next
    return value
  }

  /// A value's length, checked against the bytes that are left.
  @inlinable
  @inline(__always)
  mutating func length() throws(WireError) -> Int {
    guard unsafe position < end else { throw .truncated }
    var length = unsafe UInt32(position.load(as: UInt8.self))
    if length < 0x80 {
      unsafe position += 1
    } else {
      (length, unsafe position) = unsafe try shortVarint(position, end)
    }
    guard Int(length) <= remaining else { throw .truncated }
    return Int(length)
  }

  @inlinable
  @inline(__always)
  mutating func fixed<Value: BitwiseCopyable>(_ type: Value.Type) throws(WireError) -> Value {
    guard remaining >= MemoryLayout<Value>.size else { throw .truncated }
    let value = unsafe position.loadUnaligned(as: Value.self)
    unsafe position += MemoryLayout<Value>.size
    return value
  }
}

// Free functions: a static one would pass its type and cost a thunk across modules.

/// A varint of two to ten bytes, and what follows it.
@inlinable
@inline(never)
func longVarint(
  _ start: UnsafeRawPointer,
  _ end: UnsafeRawPointer
) throws(WireError) -> (UInt64, UnsafeRawPointer) {
  guard unsafe end - start >= 8 else { return unsafe try slowVarint(start, end) }
  let word = unsafe start.loadUnaligned(as: UInt64.self)
  let stop = ~word & continuationBits
  if stop != 0 {
    let below = (stop & (0 &- stop)) &- 1
    return unsafe (joinSevens(word & below), start + (stop.trailingZeroBitCount &>> 3 &+ 1))
  }
  return unsafe try slowVarint(start, end)
}

/// The same, a byte at a time: near the end of the bytes, and of nine or ten bytes.
@usableFromInline
func slowVarint(
  _ start: UnsafeRawPointer,
  _ end: UnsafeRawPointer
) throws(WireError) -> (UInt64, UnsafeRawPointer) {
  var value: UInt64 = 0
  var next = unsafe start
  for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
    guard unsafe next < end else { throw .truncated }
    let byte = unsafe next.load(as: UInt8.self)
    unsafe next += 1
    value |= UInt64(byte & 0x7f) &<< shift
    if byte < 0x80 {
      // Of the tenth byte, one bit fits.
      guard shift < 63 || byte <= 1 else { throw .malformedVarint }
      return unsafe (value, next)
    }
  }
  throw .malformedVarint
}

/// A tag or a length of two to five bytes, and what follows it.
@usableFromInline
func shortVarint(
  _ start: UnsafeRawPointer,
  _ end: UnsafeRawPointer
) throws(WireError) -> (UInt32, UnsafeRawPointer) {
  var value: UInt64 = 0
  var next = unsafe start
  for shift in stride(from: 0 as UInt64, through: 28, by: 7) {
    guard unsafe next < end else { throw .truncated }
    let byte = unsafe next.load(as: UInt8.self)
    unsafe next += 1
    value |= UInt64(byte & 0x7f) &<< shift
    if byte < 0x80 {
      guard value <= UInt32.max else { throw .malformedVarint }
      return unsafe (UInt32(truncatingIfNeeded: value), next)
    }
  }
  throw .malformedVarint
}

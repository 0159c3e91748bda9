/// Reads the fields of one message, and of the messages in it.
///
/// For generated code; valid only inside `readFields`.
///
/// `end` never lies past the bytes given and each read is checked against it first, so no input
/// reads outside of them. The first failure is kept and moves the position to the end: what is
/// read after it is empty, and generated code, which has no test for errors, stops at the next tag.
@frozen
@safe
public struct WireReader {
  @usableFromInline var position: UnsafeRawPointer
  /// Where the message that is being read ends.
  @usableFromInline var end: UnsafeRawPointer
  /// Where the outermost message ends: the bytes up to here may be looked at.
  @usableFromInline let limit: UnsafeRawPointer
  /// Where the last tag began, for unknown fields, which are kept with their tags.
  @usableFromInline var tagStart: UnsafeRawPointer
  /// How many levels of messages and groups may still open.
  @usableFromInline var depth: Int
  /// How many bytes the elements of lists and maps of messages may still take.
  @usableFromInline var elementBytes: Int
  /// Why nothing more is read.
  @usableFromInline var failure: WireError?

  /// Starts on the bytes of an outermost message.
  ///
  /// - Parameters:
  ///   - bytes: The encoded message; must outlive the reader.
  ///   - limits: What to refuse.
  @usableFromInline
  init(_ bytes: UnsafeRawBufferPointer, limits: DecodingLimits) {
    // An empty buffer may have no address; any will do, for nothing is read from it.
    let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    unsafe position = start
    unsafe end = start + bytes.count
    unsafe limit = start + bytes.count
    unsafe tagStart = start
    depth = limits.maximumDepth
    elementBytes = limits.maximumElementBytes
    if bytes.count > limits.maximumBytes { fail(.tooLarge) }
  }

  @inlinable var remaining: Int {
    @inline(__always) get { unsafe end - position }
  }

  /// Stops reading; the first failure is the one that counts.
  @usableFromInline
  mutating func fail(_ error: WireError) {
    if failure == nil { failure = error }
    unsafe position = end
  }

  /// The next field's tag; 0 at the end of the message.
  ///
  /// Tags that no field has, bad wire types among them, are for `unknownField` to judge.
  ///
  /// - Returns: Field number times 8 plus wire type.
  public mutating func nextTag() -> UInt32 {
    guard unsafe position < end else { return 0 }
    unsafe tagStart = position
    let byte = unsafe position.load(as: UInt8.self)
    if byte &- 1 < 0x7f {
      unsafe position += 1
      return UInt32(byte)
    }
    let tag = shortVarint()
    if tag == 0 { fail(.invalidTag) }
    return tag
  }

  /// A value's length, checked against the bytes that are left; 0 when it is malformed.
  @inlinable
  @inline(__always)
  mutating func length() -> Int {
    guard unsafe position < end else {
      fail(.truncated)
      return 0
    }
    var length = unsafe UInt32(position.load(as: UInt8.self))
    if length < 0x80 { unsafe position += 1 } else { length = shortVarint() }
    guard Int(length) <= remaining else {
      fail(.truncated)
      return 0
    }
    return Int(length)
  }

  @inlinable
  @inline(__always)
  mutating func fixed<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ type: Value.Type
  ) -> Value {
    guard remaining >= MemoryLayout<Value>.size else {
      fail(.truncated)
      return 0
    }
    let value = unsafe position.loadUnaligned(as: Value.self)
    unsafe position += MemoryLayout<Value>.size
    return value
  }

  @inlinable
  @inline(__always)
  mutating func varint() -> UInt64 {
    if unsafe position < end {
      let byte = unsafe position.load(as: UInt8.self)
      if byte < 0x80 {
        unsafe position += 1
        return UInt64(byte)
      }
    }
    return longVarint()
  }

  /// A varint of two to ten bytes.
  @usableFromInline
  mutating func longVarint() -> UInt64 {
    guard remaining >= 8 else { return slowVarint() }
    let word = unsafe position.loadUnaligned(as: UInt64.self)
    let stop = ~word & continuationBits
    guard stop != 0 else { return slowVarint() }
    unsafe position += stop.trailingZeroBitCount &>> 3 &+ 1
    return joinSevens(word & (stop ^ (stop &- 1)))
  }

  /// The same, a byte at a time: near the end of the bytes, and of nine or ten bytes.
  @usableFromInline
  @inline(never)
  mutating func slowVarint() -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
      guard unsafe position < end else {
        fail(.truncated)
        return 0
      }
      let byte = unsafe position.load(as: UInt8.self)
      unsafe position += 1
      value |= UInt64(byte & 0x7f) &<< shift
      // Of the tenth byte, one bit fits.
      if byte < 0x80 && (shift < 63 || byte <= 1) { return value }
    }
    fail(.malformedVarint)
    return 0
  }

  /// A tag or a length of up to five bytes; 0 when it is malformed.
  @usableFromInline
  @inline(never)
  mutating func shortVarint() -> UInt32 {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, through: 28, by: 7) {
      guard unsafe position < end else {
        fail(.truncated)
        return 0
      }
      let byte = unsafe position.load(as: UInt8.self)
      unsafe position += 1
      value |= UInt64(byte & 0x7f) &<< shift
      if byte < 0x80 && value <= UInt32.max { return UInt32(truncatingIfNeeded: value) }
    }
    fail(.malformedVarint)
    return 0
  }
}

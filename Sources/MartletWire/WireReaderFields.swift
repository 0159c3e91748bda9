// One function per scalar type of protobuf, for generated code. Each reads the value after the tag
// and moves past it. All throw `WireError.truncated`; varints also `.malformedVarint`.

extension WireReader {
  /// Reads a `uint32`; higher bits are dropped, as protobuf does.
  @inlinable
  @inline(__always)
  public mutating func uint32() throws(WireError) -> UInt32 {
    UInt32(truncatingIfNeeded: try varint())
  }

  /// Reads a `uint64`.
  @inlinable
  @inline(__always)
  public mutating func uint64() throws(WireError) -> UInt64 { try varint() }

  /// Reads an `int32`; higher bits are dropped.
  @inlinable
  @inline(__always)
  public mutating func int32() throws(WireError) -> Int32 {
    Int32(truncatingIfNeeded: try varint())
  }

  /// Reads an `int64`.
  @inlinable
  @inline(__always)
  public mutating func int64() throws(WireError) -> Int64 { Int64(bitPattern: try varint()) }

  /// Reads a `sint32`; higher bits are dropped before zigzag is undone.
  @inlinable
  @inline(__always)
  public mutating func sint32() throws(WireError) -> Int32 {
    unzigzag(UInt32(truncatingIfNeeded: try varint()))
  }

  /// Reads a `sint64`.
  @inlinable
  @inline(__always)
  public mutating func sint64() throws(WireError) -> Int64 { unzigzag(try varint()) }

  /// Reads a `bool`: any bit set is true.
  @inlinable
  @inline(__always)
  public mutating func bool() throws(WireError) -> Bool { try varint() != 0 }

  /// Reads an enum's number, named or not.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>() throws(WireError) -> Value {
    Value(rawValue: try int32())
  }

  /// Reads a `fixed32`.
  @inlinable
  @inline(__always)
  public mutating func fixed32() throws(WireError) -> UInt32 { try fixed(UInt32.self) }

  /// Reads a `fixed64`.
  @inlinable
  @inline(__always)
  public mutating func fixed64() throws(WireError) -> UInt64 { try fixed(UInt64.self) }

  /// Reads a `sfixed32`.
  @inlinable
  @inline(__always)
  public mutating func sfixed32() throws(WireError) -> Int32 { try fixed(Int32.self) }

  /// Reads a `sfixed64`.
  @inlinable
  @inline(__always)
  public mutating func sfixed64() throws(WireError) -> Int64 { try fixed(Int64.self) }

  /// Reads a `float`, a NaN's bits included.
  @inlinable
  @inline(__always)
  public mutating func float() throws(WireError) -> Float {
    Float(bitPattern: try fixed(UInt32.self))
  }

  /// Reads a `double`, a NaN's bits included.
  @inlinable
  @inline(__always)
  public mutating func double() throws(WireError) -> Double {
    Double(bitPattern: try fixed(UInt64.self))
  }

  /// Reads a `string`.
  ///
  /// - Returns: The text, of exactly the bytes given.
  /// - Throws: `WireError.truncated`, `.malformedVarint`; `.invalidUTF8`, for nothing is repaired.
  @inlinable
  @inline(__always)
  public mutating func string() throws(WireError) -> String {
    let count = try length()
    let start = unsafe position
    unsafe position += count
    return unsafe try makeString(start, count)
  }

  /// Reads `bytes`.
  @inlinable
  @inline(__always)
  public mutating func bytes() throws(WireError) -> [UInt8] {
    let count = try length()
    let start = unsafe position
    unsafe position += count
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Opens a nested message, a map's entry among them, and moves past it.
  ///
  /// - Returns: A reader of the nested message's bytes.
  /// - Throws: `WireError.truncated`, `.malformedVarint`, `.tooDeep`.
  @inlinable
  @inline(__always)
  public mutating func message() throws(WireError) -> WireReader {
    let count = try length()
    guard depth > 0 else { throw .tooDeep }
    let start = unsafe position
    unsafe position += count
    return unsafe WireReader(start, start + count, depth: depth &- 1)
  }

  /// Reads a nested message into a field, merging with what it holds.
  ///
  /// - Parameter field: The field; its value is moved out and back, never copied.
  /// - Throws: `WireError` when the nested message is malformed.
  @inlinable
  @inline(__always)
  public mutating func message<M: Message>(into field: inout M?) throws(WireError) {
    let nested = try message()
    var value = field.take() ?? M()
    try value.readFields(from: nested)
    field = consume value
  }

  /// Reads a nested message into a field of a message that may contain itself.
  ///
  /// - Parameter field: The field.
  /// - Throws: `WireError` when the nested message is malformed.
  @inlinable
  public mutating func message<M: Message>(into field: inout Indirect<M>?) throws(WireError) {
    let nested = try message()
    var value = field.take()?.value ?? M()
    try value.readFields(from: nested)
    field = Indirect(value)
  }

  /// Reads a nested message and adds it to a list.
  ///
  /// - Parameter list: The list.
  /// - Throws: `WireError` when the nested message is malformed.
  @inlinable
  @inline(__always)
  public mutating func message<M: Message>(appendingTo list: inout [M]) throws(WireError) {
    let nested = try message()
    if list.isEmpty {
      // Room for as many as would fit if all were like the first, within reason.
      let others = remaining / (nested.remaining &+ 2)
      if others > 0 { list.reserveCapacity(1 &+ min(others, 63)) }
    }
    var value = M()
    try value.readFields(from: nested)
    list.append(consume value)
  }
}

/// Text that is exactly the bytes given.
@usableFromInline
func makeString(_ start: UnsafeRawPointer, _ count: Int) throws(WireError) -> String {
  if count == 0 { return "" }
  let bytes = unsafe Span<UInt8>(
    _unsafeStart: start.assumingMemoryBound(to: UInt8.self),
    count: count
  )
  do {
    return String(copying: try UTF8Span(validating: bytes))
  } catch {
    throw .invalidUTF8
  }
}

// One function per scalar type of protobuf, for generated code: each reads the value after a tag
// and moves past it. Not inlined, so that a field costs generated code no more than a call; what
// must be faster reads through a `WireWindow`.

extension WireReader {
  /// Reads a `uint32`; higher bits are dropped, as protobuf does.
  public mutating func uint32() -> UInt32 { UInt32(truncatingIfNeeded: varint()) }

  /// Reads a `uint64`.
  public mutating func uint64() -> UInt64 { varint() }

  /// Reads an `int32`, or an enum's number; higher bits are dropped.
  public mutating func int32() -> Int32 { Int32(truncatingIfNeeded: varint()) }

  /// Reads an `int64`.
  public mutating func int64() -> Int64 { Int64(bitPattern: varint()) }

  /// Reads a `sint32`; higher bits are dropped before zigzag is undone.
  public mutating func sint32() -> Int32 { unzigzag(UInt32(truncatingIfNeeded: varint())) }

  /// Reads a `sint64`.
  public mutating func sint64() -> Int64 { unzigzag(varint()) }

  /// Reads a `bool`: any bit set is true.
  public mutating func bool() -> Bool { varint() != 0 }

  /// Reads an enum's number, named or not.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>() -> Value { Value(rawValue: int32()) }

  /// Reads a `fixed32`.
  public mutating func fixed32() -> UInt32 { fixed(UInt32.self) }

  /// Reads a `fixed64`.
  public mutating func fixed64() -> UInt64 { fixed(UInt64.self) }

  /// Reads a `sfixed32`.
  public mutating func sfixed32() -> Int32 { fixed(Int32.self) }

  /// Reads a `sfixed64`.
  public mutating func sfixed64() -> Int64 { fixed(Int64.self) }

  /// Reads a `float`, a NaN's bits included.
  public mutating func float() -> Float { Float(bitPattern: fixed(UInt32.self)) }

  /// Reads a `double`, a NaN's bits included.
  public mutating func double() -> Double { Double(bitPattern: fixed(UInt64.self)) }

  /// Reads a `string`.
  ///
  /// - Returns: The text, of exactly the bytes given; nothing is repaired.
  public mutating func string() -> String { text() }

  /// Reads a `string` into a field.
  public mutating func string(into field: inout String) { field = text() }

  /// Reads a `string` into a field with presence.
  public mutating func string(into field: inout String?) { field = text() }

  /// Reads `bytes`.
  public mutating func bytes() -> [UInt8] { unsafe [UInt8](span()) }

  /// Reads `bytes` into a field.
  public mutating func bytes(into field: inout [UInt8]) { field = unsafe [UInt8](span()) }

  /// Reads `bytes` into a field with presence.
  public mutating func bytes(into field: inout [UInt8]?) { field = unsafe [UInt8](span()) }

  /// The bytes of a length-prefixed value.
  @usableFromInline
  @inline(__always)
  mutating func span() -> UnsafeRawBufferPointer {
    let count = length()
    let start = unsafe position
    unsafe position += count
    return unsafe UnsafeRawBufferPointer(start: start, count: count)
  }

  @inline(__always)
  mutating func text() -> String {
    let bytes = unsafe span()
    if let text = unsafe makeString(bytes) { return text }
    fail(.invalidUTF8)
    return ""
  }
}

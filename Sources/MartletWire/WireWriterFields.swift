// One function per scalar type of protobuf, for generated code. Each writes a tag and a value, with
// `unlessDefault` only a value that a field without presence shows. Not inlined, so that a field
// costs generated code no more than a call; what must be faster writes through a `WriteWindow`.

extension WireWriter {
  @inlinable
  @inline(__always)
  mutating func write(tag: UInt32) { varint(UInt64(tag)) }

  /// Writes a `uint32`.
  public mutating func uint32(_ value: UInt32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(value))
  }

  /// Writes a `uint32` that is not zero.
  public mutating func uint32(unlessDefault value: UInt32, tag: UInt32) {
    if value != 0 { uint32(value, tag: tag) }
  }

  /// Writes a `uint64`.
  public mutating func uint64(_ value: UInt64, tag: UInt32) {
    write(tag: tag)
    varint(value)
  }

  /// Writes a `uint64` that is not zero.
  public mutating func uint64(unlessDefault value: UInt64, tag: UInt32) {
    if value != 0 { uint64(value, tag: tag) }
  }

  /// Writes an `int32`: ten bytes when negative, as protobuf has it.
  public mutating func int32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Writes an `int32` that is not zero.
  public mutating func int32(unlessDefault value: Int32, tag: UInt32) {
    if value != 0 { int32(value, tag: tag) }
  }

  /// Writes an `int64`.
  public mutating func int64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(bitPattern: value))
  }

  /// Writes an `int64` that is not zero.
  public mutating func int64(unlessDefault value: Int64, tag: UInt32) {
    if value != 0 { int64(value, tag: tag) }
  }

  /// Writes a `sint32`.
  public mutating func sint32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(zigzag(value)))
  }

  /// Writes a `sint32` that is not zero.
  public mutating func sint32(unlessDefault value: Int32, tag: UInt32) {
    if value != 0 { sint32(value, tag: tag) }
  }

  /// Writes a `sint64`.
  public mutating func sint64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    varint(zigzag(value))
  }

  /// Writes a `sint64` that is not zero.
  public mutating func sint64(unlessDefault value: Int64, tag: UInt32) {
    if value != 0 { sint64(value, tag: tag) }
  }

  /// Writes a `bool`.
  public mutating func bool(_ value: Bool, tag: UInt32) {
    write(tag: tag)
    store(value ? 1 as UInt8 : 0)
  }

  /// Writes a `bool` that is not false.
  public mutating func bool(unlessDefault value: Bool, tag: UInt32) {
    if value { bool(value, tag: tag) }
  }

  /// Writes a `fixed32`.
  public mutating func fixed32(_ value: UInt32, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `fixed32` that is not zero.
  public mutating func fixed32(unlessDefault value: UInt32, tag: UInt32) {
    if value != 0 { fixed32(value, tag: tag) }
  }

  /// Writes a `fixed64`.
  public mutating func fixed64(_ value: UInt64, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `fixed64` that is not zero.
  public mutating func fixed64(unlessDefault value: UInt64, tag: UInt32) {
    if value != 0 { fixed64(value, tag: tag) }
  }

  /// Writes a `sfixed32`.
  public mutating func sfixed32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `sfixed32` that is not zero.
  public mutating func sfixed32(unlessDefault value: Int32, tag: UInt32) {
    if value != 0 { sfixed32(value, tag: tag) }
  }

  /// Writes a `sfixed64`.
  public mutating func sfixed64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `sfixed64` that is not zero.
  public mutating func sfixed64(unlessDefault value: Int64, tag: UInt32) {
    if value != 0 { sfixed64(value, tag: tag) }
  }

  /// Writes a `float`.
  public mutating func float(_ value: Float, tag: UInt32) {
    write(tag: tag)
    store(value.bitPattern)
  }

  /// Writes a `float` that is not zero; minus zero is not.
  public mutating func float(unlessDefault value: Float, tag: UInt32) {
    if value.bitPattern != 0 { float(value, tag: tag) }
  }

  /// Writes a `double`.
  public mutating func double(_ value: Double, tag: UInt32) {
    write(tag: tag)
    store(value.bitPattern)
  }

  /// Writes a `double` that is not zero; minus zero is not.
  public mutating func double(unlessDefault value: Double, tag: UInt32) {
    if value.bitPattern != 0 { double(value, tag: tag) }
  }

  /// Writes an enum's number.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>(_ value: Value, tag: UInt32) {
    int32(value.rawValue, tag: tag)
  }

  /// Writes an enum's number that is not zero.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>(unlessDefault value: Value, tag: UInt32) {
    int32(unlessDefault: value.rawValue, tag: tag)
  }

  /// Writes a `string`.
  public mutating func string(_ value: String, tag: UInt32) {
    write(tag: tag)
    unsafe position = copyText(value, to: position)
  }

  /// Writes a `string` that is not empty.
  public mutating func string(unlessDefault value: String, tag: UInt32) {
    if !value.isEmpty { string(value, tag: tag) }
  }

  /// Writes `bytes`.
  public mutating func bytes(_ value: [UInt8], tag: UInt32) {
    write(tag: tag)
    varint(UInt64(value.count))
    unsafe position = copyBytes(value, to: position)
  }

  /// Writes `bytes` that are not empty.
  public mutating func bytes(unlessDefault value: [UInt8], tag: UInt32) {
    if !value.isEmpty { bytes(value, tag: tag) }
  }
}

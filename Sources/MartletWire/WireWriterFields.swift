// One function per scalar type of protobuf, for generated code. Each writes a tag and a value;
// whether the value is to be written at all, generated code decides.

extension WireWriter {
  @inlinable
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value) {
    unsafe position.storeBytes(of: value, as: Value.self)
    unsafe position += MemoryLayout<Value>.size
  }

  /// One byte, two in one store, or a loop.
  @inlinable
  @inline(__always)
  mutating func varint(_ value: UInt64) {
    if value < 0x80 {
      store(UInt8(truncatingIfNeeded: value))
    } else if value < 0x4000 {
      store(UInt16(truncatingIfNeeded: value & 0x7f | 0x80 | value &<< 1 & 0x7f00))
    } else {
      longVarint(value)
    }
  }

  @inlinable
  @inline(__always)
  mutating func longVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      store(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest &>>= 7
    }
    store(UInt8(truncatingIfNeeded: rest))
  }

  /// A tag: a constant in generated code, so no more than a store.
  @inlinable
  @inline(__always)
  mutating func write(tag: UInt32) { varint(UInt64(tag)) }

  /// Writes a `uint32`.
  @inlinable
  @inline(__always)
  public mutating func uint32(_ value: UInt32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(value))
  }

  /// Writes a `uint64`.
  @inlinable
  @inline(__always)
  public mutating func uint64(_ value: UInt64, tag: UInt32) {
    write(tag: tag)
    varint(value)
  }

  /// Writes an `int32`: ten bytes when negative, as protobuf has it.
  @inlinable
  @inline(__always)
  public mutating func int32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Writes an `int64`.
  @inlinable
  @inline(__always)
  public mutating func int64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(bitPattern: value))
  }

  /// Writes a `sint32`.
  @inlinable
  @inline(__always)
  public mutating func sint32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    varint(UInt64(zigzag(value)))
  }

  /// Writes a `sint64`.
  @inlinable
  @inline(__always)
  public mutating func sint64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    varint(zigzag(value))
  }

  /// Writes a `bool`.
  @inlinable
  @inline(__always)
  public mutating func bool(_ value: Bool, tag: UInt32) {
    write(tag: tag)
    store(value ? 1 as UInt8 : 0)
  }

  /// Writes an enum's number.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>(_ value: Value, tag: UInt32) {
    int32(value.rawValue, tag: tag)
  }

  /// Writes a `fixed32`.
  @inlinable
  @inline(__always)
  public mutating func fixed32(_ value: UInt32, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `fixed64`.
  @inlinable
  @inline(__always)
  public mutating func fixed64(_ value: UInt64, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `sfixed32`.
  @inlinable
  @inline(__always)
  public mutating func sfixed32(_ value: Int32, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `sfixed64`.
  @inlinable
  @inline(__always)
  public mutating func sfixed64(_ value: Int64, tag: UInt32) {
    write(tag: tag)
    store(value)
  }

  /// Writes a `float`.
  @inlinable
  @inline(__always)
  public mutating func float(_ value: Float, tag: UInt32) {
    write(tag: tag)
    store(value.bitPattern)
  }

  /// Writes a `double`.
  @inlinable
  @inline(__always)
  public mutating func double(_ value: Double, tag: UInt32) {
    write(tag: tag)
    store(value.bitPattern)
  }

  /// Writes a `string`.
  @inlinable
  @inline(__always)
  public mutating func string(_ value: String, tag: UInt32) {
    write(tag: tag)
    unsafe position = copyText(value, to: position)
  }

  /// Writes `bytes`.
  @inlinable
  @inline(__always)
  public mutating func bytes(_ value: [UInt8], tag: UInt32) {
    write(tag: tag)
    varint(UInt64(value.count))
    unsafe position = copyBytes(value, to: position)
  }

  /// Writes a nested message.
  ///
  /// One byte is kept for the length; a message of 128 bytes or more is moved up when it is
  /// written, which costs less than asking for its size beforehand.
  @inlinable
  @inline(__always)
  public mutating func message<M: Message>(_ value: M, tag: UInt32) {
    write(tag: tag)
    let start = unsafe position + 1
    unsafe position = start
    value.writeFields(to: &self)
    unsafe closeLength(start, reserved: 1)
  }

  /// Writes each message of a list.
  ///
  /// The list's elements are read where they lie: a loop over the array would copy each, with a
  /// retain and a release for every string and list in it.
  @inlinable
  @inline(__always)
  public mutating func messages<M: Message>(_ list: [M], tag: UInt32) {
    unsafe list.withUnsafeBufferPointer { values in
      guard var value = values.baseAddress else { return }
      for _ in 0..<values.count {
        write(tag: tag)
        let start = unsafe position + 1
        unsafe position = start
        unsafe value.pointee.writeFields(to: &self)
        unsafe closeLength(start, reserved: 1)
        unsafe value += 1
      }
    }
  }

  /// At least as many bytes as `messages` writes.
  ///
  /// - Parameters:
  ///   - list: The messages.
  ///   - overhead: The bytes of each one's tag and of the longest length.
  /// - Returns: The sum of the messages' bounds with their overhead.
  @inlinable
  @inline(__always)
  public static func sizeBound<M: Message>(of list: [M], overhead: Int) -> Int {
    let values = list.span
    var bound = values.count &* overhead
    for index in values.indices { bound += values[index].encodedSizeBound }
    return bound
  }

  /// Writes the entries of a map, sorted by key where the output is to be deterministic.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - tag: Of the map's field.
  ///   - writeEntry: Writes the key with tag number 1 and the value with number 2.
  @inlinable
  @inline(__always)
  public mutating func map<Key: MapKey, Value>(
    _ map: [Key: Value],
    tag: UInt32,
    _ writeEntry: (inout WireWriter, Key, Value) -> Void
  ) {
    if isDeterministic {
      for (key, value) in map.sorted(by: { Key.precedes($0.key, $1.key) }) {
        entry(key, value, tag: tag, writeEntry)
      }
    } else {
      for (key, value) in map { entry(key, value, tag: tag, writeEntry) }
    }
  }

  @inlinable
  @inline(__always)
  mutating func entry<Key, Value>(
    _ key: Key,
    _ value: Value,
    tag: UInt32,
    _ writeEntry: (inout WireWriter, Key, Value) -> Void
  ) {
    write(tag: tag)
    let start = unsafe position + 1
    unsafe position = start
    writeEntry(&self, key, value)
    unsafe closeLength(start, reserved: 1)
  }

  /// Writes unknown fields as they came.
  @inlinable
  @inline(__always)
  public mutating func unknownFields(_ fields: UnknownFields) {
    if let bytes = fields.storage { unsafe position = copyBytes(bytes, to: position) }
  }

  /// Writes the length of what begins at `start`, before which `reserved` bytes are kept for it.
  @inlinable
  @inline(__always)
  mutating func closeLength(_ start: UnsafeMutableRawPointer, reserved: Int) {
    let count = unsafe UnsafeRawPointer(position) - UnsafeRawPointer(start)
    if count < 0x80 && reserved == 1 {
      unsafe (start - 1).storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    } else {
      unsafe position = closeLongLength(start, count, reserved: reserved)
    }
  }
}

@usableFromInline
func closeLongLength(
  _ start: UnsafeMutableRawPointer,
  _ count: Int,
  reserved: Int
) -> UnsafeMutableRawPointer {
  let moved = unsafe start + (varintLength(UInt64(count)) - reserved)
  if unsafe moved != start { unsafe moved.copyMemory(from: start, byteCount: count) }
  var writer = unsafe WireWriter(start - reserved, deterministic: false)
  writer.varint(UInt64(count))
  return unsafe moved + count
}

@usableFromInline
func copyBytes(
  _ bytes: [UInt8],
  to position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  unsafe bytes.withUnsafeBytes { source in
    if let base = source.baseAddress {
      unsafe position.copyMemory(from: base, byteCount: source.count)
    }
    return unsafe position + source.count
  }
}

/// Length and text.
@usableFromInline
func copyText(
  _ text: String,
  to position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  var text = text
  return text.withUTF8 { source in
    var writer = unsafe WireWriter(position, deterministic: false)
    writer.varint(UInt64(source.count))
    if let base = source.baseAddress {
      unsafe writer.position.copyMemory(from: base, byteCount: source.count)
    }
    return unsafe writer.position + source.count
  }
}

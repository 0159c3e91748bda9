// Lists of scalars. A packed list is one length, then the values without tags; nothing is written
// for an empty list.

extension WireWriter {
  /// Writes a packed list of `uint32`.
  public mutating func uint32(packed list: [UInt32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64($0) }
  }

  /// Writes a packed list of `uint64`.
  public mutating func uint64(packed list: [UInt64], tag: UInt32) {
    packedVarints(list, tag: tag) { $0 }
  }

  /// Writes a packed list of `int32`.
  public mutating func int32(packed list: [Int32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: Int64($0)) }
  }

  /// Writes a packed list of `int64`.
  public mutating func int64(packed list: [Int64], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: $0) }
  }

  /// Writes a packed list of `sint32`.
  public mutating func sint32(packed list: [Int32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(zigzag($0)) }
  }

  /// Writes a packed list of `sint64`.
  public mutating func sint64(packed list: [Int64], tag: UInt32) {
    packedVarints(list, tag: tag) { zigzag($0) }
  }

  /// Writes a packed list of `bool`.
  public mutating func bool(packed list: [Bool], tag: UInt32) {
    packedVarints(list, tag: tag) { $0 ? 1 : 0 }
  }

  /// Writes a packed list of `fixed32`.
  public mutating func fixed32(packed list: [UInt32], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of `fixed64`.
  public mutating func fixed64(packed list: [UInt64], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of `sfixed32`.
  public mutating func sfixed32(packed list: [Int32], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of `sfixed64`.
  public mutating func sfixed64(packed list: [Int64], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of `float`.
  public mutating func float(packed list: [Float], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of `double`.
  public mutating func double(packed list: [Double], tag: UInt32) {
    packedFixed(list, tag: tag)
  }

  /// Writes a packed list of an enum's values.
  ///
  /// For each enum a function of its own: a generic one asks for the type's metadata all along.
  @inlinable
  @inline(never)
  public mutating func openEnum<Value: OpenEnum>(packed list: [Value], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: Int64($0.rawValue)) }
  }

  /// Writes a list of `string`.
  public mutating func strings(_ list: [String], tag: UInt32) {
    let values = list.span
    for index in values.indices { string(unsafe values[unchecked: index], tag: tag) }
  }

  /// Writes a list of `bytes`.
  public mutating func bytes(_ list: [[UInt8]], tag: UInt32) {
    for value in list { bytes(value, tag: tag) }
  }

  /// The length's own width is guessed from the count, which it can only exceed; a wrong guess
  /// moves the list by a byte or two.
  @inlinable
  @inline(__always)
  mutating func packedVarints<Value>(
    _ list: [Value],
    tag: UInt32,
    _ convert: (Value) -> UInt64
  ) {
    guard !list.isEmpty else { return }
    write(tag: tag)
    let reserved = varintLength(UInt64(list.count))
    let start = unsafe position + reserved
    var next = unsafe start
    let values = list.span
    for index in values.indices {
      unsafe next = storeVarint(convert(unsafe values[unchecked: index]), at: next)
    }
    unsafe position = next
    unsafe closeLength(start, reserved: reserved)
  }

  @inline(__always)
  private mutating func packedFixed<Value: BitwiseCopyable>(_ list: [Value], tag: UInt32) {
    guard !list.isEmpty else { return }
    write(tag: tag)
    varint(UInt64(list.count &* MemoryLayout<Value>.size))
    unsafe list.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      unsafe position.copyMemory(from: base, byteCount: source.count)
      unsafe position += source.count
    }
  }
}

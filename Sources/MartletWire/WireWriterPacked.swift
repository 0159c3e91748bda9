// Packed lists: one length, then the values without tags. Nothing is written for an empty list.

extension WireWriter {
  /// Writes a packed list of `uint32`.
  public mutating func packedUInt32(_ list: [UInt32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64($0) }
  }

  /// Writes a packed list of `uint64`.
  public mutating func packedUInt64(_ list: [UInt64], tag: UInt32) {
    packedVarints(list, tag: tag) { $0 }
  }

  /// Writes a packed list of `int32`.
  public mutating func packedInt32(_ list: [Int32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: Int64($0)) }
  }

  /// Writes a packed list of `int64`.
  public mutating func packedInt64(_ list: [Int64], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: $0) }
  }

  /// Writes a packed list of `sint32`.
  public mutating func packedSInt32(_ list: [Int32], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(zigzag($0)) }
  }

  /// Writes a packed list of `sint64`.
  public mutating func packedSInt64(_ list: [Int64], tag: UInt32) {
    packedVarints(list, tag: tag) { zigzag($0) }
  }

  /// Writes a packed list of `bool`.
  public mutating func packedBool(_ list: [Bool], tag: UInt32) {
    packedVarints(list, tag: tag) { $0 ? 1 : 0 }
  }

  /// Writes a packed list of an enum's values.
  @inlinable
  public mutating func packedOpenEnum<Value: OpenEnum>(_ list: [Value], tag: UInt32) {
    packedVarints(list, tag: tag) { UInt64(bitPattern: Int64($0.rawValue)) }
  }

  /// Writes a packed list of `fixed32`.
  public mutating func packedFixed32(_ list: [UInt32], tag: UInt32) { packedFixed(list, tag: tag) }

  /// Writes a packed list of `fixed64`.
  public mutating func packedFixed64(_ list: [UInt64], tag: UInt32) { packedFixed(list, tag: tag) }

  /// Writes a packed list of `sfixed32`.
  public mutating func packedSFixed32(_ list: [Int32], tag: UInt32) { packedFixed(list, tag: tag) }

  /// Writes a packed list of `sfixed64`.
  public mutating func packedSFixed64(_ list: [Int64], tag: UInt32) { packedFixed(list, tag: tag) }

  /// Writes a packed list of `float`.
  public mutating func packedFloat(_ list: [Float], tag: UInt32) { packedFixed(list, tag: tag) }

  /// Writes a packed list of `double`.
  public mutating func packedDouble(_ list: [Double], tag: UInt32) { packedFixed(list, tag: tag) }

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
    var writer = unsafe WireWriter(start, deterministic: false)
    let values = list.span
    for index in values.indices { writer.varint(convert(unsafe values[unchecked: index])) }
    unsafe position = writer.position
    unsafe closeLength(start, reserved: reserved)
  }

  @inlinable
  @inline(__always)
  mutating func packedFixed<Value: BitwiseCopyable>(_ list: [Value], tag: UInt32) {
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

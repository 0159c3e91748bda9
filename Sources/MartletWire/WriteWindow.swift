/// Writes a message's scalar fields with the position in a register.
///
/// For generated code: `WireWriter.messages` opens one for a list of flat messages.
@frozen
@safe
public struct WriteWindow {
  @usableFromInline var position: UnsafeMutableRawPointer

  @inlinable
  @inline(__always)
  init(_ position: UnsafeMutableRawPointer) { unsafe self.position = position }

  @inlinable
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value) {
    unsafe position.storeBytes(of: value, as: Value.self)
    unsafe position += MemoryLayout<Value>.size
  }

  @inlinable
  @inline(__always)
  mutating func varint(_ value: UInt64) {
    if value < 0x80 {
      store(UInt8(truncatingIfNeeded: value))
    } else if value < 0x4000 {
      store(UInt16(truncatingIfNeeded: value & 0x7f | 0x80 | value &<< 1 & 0x7f00))
    } else {
      // In line, too: a call for each field costs more. Four bytes in one store, the last of which
      // may be too many.
      let four = spreadSevens(UInt32(truncatingIfNeeded: value))
      if value < 0x1000_0000 {
        let isThree = value < 0x20_0000
        unsafe position.storeBytes(of: four | (isThree ? 0x8080 : 0x80_8080), as: UInt32.self)
        unsafe position += isThree ? 3 : 4
        return
      }
      store(four | 0x8080_8080)
      let rest = value &>> 28
      if rest < 0x80 {
        store(UInt8(truncatingIfNeeded: rest))
      } else if rest < 0x4000 {
        store(UInt16(truncatingIfNeeded: rest & 0x7f | 0x80 | rest &<< 1 & 0x7f00))
      } else {
        unsafe position = storeLongVarint(rest, at: position)
      }
    }
  }

  /// A tag: a constant in generated code, so no more than a store.
  @inlinable
  @inline(__always)
  mutating func write(tag: UInt32) { varint(UInt64(tag)) }
}

extension WriteWindow {
  /// Writes the length of what begins at `start`, before which one byte is kept for it.
  @inlinable
  @inline(__always)
  mutating func closeLength(_ start: UnsafeMutableRawPointer) {
    let count = unsafe UnsafeRawPointer(position) - UnsafeRawPointer(start)
    if count < 0x80 {
      unsafe (start - 1).storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    } else {
      unsafe position = closeLongLength(start, count, reserved: 1)
    }
  }

  /// Writes unknown fields as they came.
  @inlinable
  @inline(__always)
  public mutating func unknownFields(_ fields: UnknownFields) {
    if let bytes = fields.storage { unsafe position = copyBytes(bytes, to: position) }
  }
}

extension WireWriter {
  /// Opens a window where the next field goes.
  @inlinable var window: WriteWindow {
    @inline(__always) get { unsafe WriteWindow(position) }
  }

  /// Goes on where a window ended.
  @inlinable
  @inline(__always)
  mutating func close(_ window: WriteWindow) { unsafe position = window.position }
}

extension WriteWindow {
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

  /// Writes an enum's number.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>(_ value: Value, tag: UInt32) {
    int32(value.rawValue, tag: tag)
  }
}

/// Reads a flat message's fields in their usual order, while more bytes follow than they can take.
///
/// For generated code: `WireReader.messages` checks once that so many bytes may be looked at as all
/// the fields together can have; then only the message's end is compared, and only with a field's
/// start. A field that ran past the end shows afterwards: the window then ends elsewhere.
@frozen
@safe
public struct WireWindow {
  @usableFromInline var position: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer

  @inlinable
  @inline(__always)
  init(_ position: UnsafeRawPointer, _ end: UnsafeRawPointer) {
    unsafe self.position = position
    unsafe self.end = end
  }

  /// Whether the next field has this tag; moves past the tag if so.
  ///
  /// - Parameter tag: A constant of one or two bytes.
  /// - Returns: False at the end of the message, too.
  @inlinable
  @inline(__always)
  public mutating func holds(_ tag: UInt32) -> Bool {
    guard unsafe position < end else { return false }
    if tag < 0x80 {
      guard unsafe position.load(as: UInt8.self) == UInt8(truncatingIfNeeded: tag) else {
        return false
      }
      unsafe position += 1
    } else {
      let bytes = UInt16(truncatingIfNeeded: tag & 0x7f | 0x80 | tag &<< 1 & 0x7f00)
      guard unsafe position.loadUnaligned(as: UInt16.self) == bytes else { return false }
      unsafe position += 2
    }
    return true
  }

  @inlinable
  @inline(__always)
  mutating func varint() -> UInt64 {
    let bytes = unsafe position.loadUnaligned(as: UInt16.self)
    if bytes & 0x80 == 0 {
      unsafe position += 1
      return UInt64(bytes & 0x7f)
    }
    if bytes & 0x8000 == 0 {
      unsafe position += 2
      return UInt64(bytes & 0x7f | bytes &>> 1 & 0x3f80)
    }
    // In line up to eight bytes: a call takes as long as the rest.
    let word = unsafe position.loadUnaligned(as: UInt64.self)
    let stop = ~word & continuationBits
    if stop != 0 {
      unsafe position += stop.trailingZeroBitCount &>> 3 &+ 1
      return joinSevens(word & (stop ^ (stop &- 1)))
    }
    let (value, next) = unsafe longestVarint(position)
    unsafe position = next
    return value
  }

  @inlinable
  @inline(__always)
  mutating func fixed<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
    let value = unsafe position.loadUnaligned(as: Value.self)
    unsafe position += MemoryLayout<Value>.size
    return value
  }
}

extension WireWindow {
  /// Reads a `uint32`.
  @inlinable
  @inline(__always)
  public mutating func uint32() -> UInt32 { UInt32(truncatingIfNeeded: varint()) }

  /// Reads a `uint64`.
  @inlinable
  @inline(__always)
  public mutating func uint64() -> UInt64 { varint() }

  /// Reads an `int32`.
  @inlinable
  @inline(__always)
  public mutating func int32() -> Int32 { Int32(truncatingIfNeeded: varint()) }

  /// Reads an `int64`.
  @inlinable
  @inline(__always)
  public mutating func int64() -> Int64 { Int64(bitPattern: varint()) }

  /// Reads a `sint32`.
  @inlinable
  @inline(__always)
  public mutating func sint32() -> Int32 { unzigzag(UInt32(truncatingIfNeeded: varint())) }

  /// Reads a `sint64`.
  @inlinable
  @inline(__always)
  public mutating func sint64() -> Int64 { unzigzag(varint()) }

  /// Reads a `bool`.
  @inlinable
  @inline(__always)
  public mutating func bool() -> Bool { varint() != 0 }

  /// Reads an enum's number.
  @inlinable
  @inline(__always)
  public mutating func openEnum<Value: OpenEnum>() -> Value { Value(rawValue: int32()) }

  /// Reads a `fixed32`.
  @inlinable
  @inline(__always)
  public mutating func fixed32() -> UInt32 { fixed(UInt32.self) }

  /// Reads a `fixed64`.
  @inlinable
  @inline(__always)
  public mutating func fixed64() -> UInt64 { fixed(UInt64.self) }

  /// Reads a `sfixed32`.
  @inlinable
  @inline(__always)
  public mutating func sfixed32() -> Int32 { fixed(Int32.self) }

  /// Reads a `sfixed64`.
  @inlinable
  @inline(__always)
  public mutating func sfixed64() -> Int64 { fixed(Int64.self) }

  /// Reads a `float`.
  @inlinable
  @inline(__always)
  public mutating func float() -> Float { Float(bitPattern: fixed(UInt32.self)) }

  /// Reads a `double`.
  @inlinable
  @inline(__always)
  public mutating func double() -> Double { Double(bitPattern: fixed(UInt64.self)) }
}

/// A varint of nine or ten bytes, all of which may be looked at, and what follows it.
///
/// A malformed one is followed by the end of memory, which is past the end of any message.
@usableFromInline
@inline(never)
func longestVarint(_ start: UnsafeRawPointer) -> (UInt64, UnsafeRawPointer) {
  let value = unsafe joinSevens(start.loadUnaligned(as: UInt64.self))
  let ninth = unsafe UInt64(start.load(fromByteOffset: 8, as: UInt8.self))
  if ninth < 0x80 { return unsafe (value | ninth &<< 56, start + 9) }
  let tenth = unsafe UInt64(start.load(fromByteOffset: 9, as: UInt8.self))
  if tenth > 1 { return unsafe (0, UnsafeRawPointer(bitPattern: UInt.max).unsafelyUnwrapped) }
  return unsafe (value | (ninth & 0x7f) &<< 56 | tenth &<< 63, start + 10)
}

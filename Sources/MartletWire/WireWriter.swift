/// Writes the fields of one message, and of the messages in it.
///
/// For generated code; valid only inside `writeFields`.
///
/// The space is taken once, by the message's `encodedSizeBound`, and single writes are not
/// checked: a bound and the fields written come from one borrowed value that cannot change between.
/// The end is checked once more when the message is complete.
@frozen
@safe
public struct WireWriter {
  @usableFromInline var position: UnsafeMutableRawPointer
  /// Whether maps are to be written in order of their keys.
  @usableFromInline let isDeterministic: Bool

  @usableFromInline
  init(_ start: UnsafeMutableRawPointer, deterministic: Bool) {
    unsafe position = start
    isDeterministic = deterministic
  }

  /// How far a write may reach beyond its bound for a moment: a length may keep a byte too many.
  @inlinable static var slack: Int { 16 }

  /// Writes a message where its bound, and `slack` more bytes, fit.
  ///
  /// - Returns: How many bytes it is.
  @inlinable
  static func write<M: Message>(
    _ message: M,
    to start: UnsafeMutableRawPointer,
    bound: Int,
    deterministic: Bool
  ) -> Int {
    var writer = unsafe WireWriter(start, deterministic: deterministic)
    message.writeFields(to: &writer)
    let count = unsafe UnsafeRawPointer(writer.position) - UnsafeRawPointer(start)
    precondition(count <= bound, "encodedSizeBound is too small")
    return count
  }

  /// Encodes a message into scratch space and hands it to `body`.
  ///
  /// One pass and a copy of what was written: cheaper than adding up exact sizes first.
  static func withEncoded<M: Message, Result: ~Copyable>(
    _ message: M,
    deterministic: Bool,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    let bound = message.encodedSizeBound
    return unsafe withUnsafeTemporaryAllocation(byteCount: bound &+ slack, alignment: 8) {
      let start = unsafe $0.baseAddress.unsafelyUnwrapped
      let count = unsafe write(message, to: start, bound: bound, deterministic: deterministic)
      return unsafe body(UnsafeRawBufferPointer(start: start, count: count))
    }
  }
}

extension WireWriter {
  @inlinable
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value) {
    unsafe position.storeBytes(of: value, as: Value.self)
    unsafe position += MemoryLayout<Value>.size
  }

  @inlinable
  @inline(__always)
  mutating func varint(_ value: UInt64) {
    unsafe position = storeVarint(value, at: position)
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

  /// Writes unknown fields as they came.
  public mutating func unknownFields(_ fields: UnknownFields) {
    if let bytes = fields.storage { unsafe position = copyBytes(bytes, to: position) }
  }
}

// What stands for a varint: one byte, two in one store, or more.

@inlinable
@inline(__always)
func storeVarint(
  _ value: UInt64,
  at position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  if value < 0x80 {
    unsafe position.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    return unsafe position + 1
  }
  if value < 0x4000 {
    let bytes = UInt16(truncatingIfNeeded: value & 0x7f | 0x80 | value &<< 1 & 0x7f00)
    unsafe position.storeBytes(of: bytes, as: UInt16.self)
    return unsafe position + 2
  }
  return unsafe storeLongVarint(value, at: position)
}

/// A varint of three bytes or more.
///
/// Byte by byte after the first two: spreading a word out takes fewer instructions from five bytes
/// on, but finding its last byte costs more time than they do.
@usableFromInline
@inline(never)
func storeLongVarint(
  _ value: UInt64,
  at position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  let bytes = UInt16(truncatingIfNeeded: value & 0x7f | (value & 0x3f80) &<< 1 | 0x8080)
  unsafe position.storeBytes(of: bytes, as: UInt16.self)
  var target = unsafe position + 2
  var rest = value &>> 14
  while rest >= 0x80 {
    unsafe target.storeBytes(of: UInt8(truncatingIfNeeded: rest | 0x80), as: UInt8.self)
    unsafe target += 1
    rest &>>= 7
  }
  unsafe target.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
  return unsafe target + 1
}

/// Writes a length that was not foreseen, and moves what it belongs to if it must.
@usableFromInline
func closeLongLength(
  _ start: UnsafeMutableRawPointer,
  _ count: Int,
  reserved: Int
) -> UnsafeMutableRawPointer {
  let width = varintLength(UInt64(count))
  let moved = unsafe start + (width - reserved)
  if unsafe moved != start { unsafe moved.copyMemory(from: start, byteCount: count) }
  unsafe storeLength(count, width: width, at: start - reserved)
  return unsafe moved + count
}

/// Stores a length byte by byte: a whole word would reach into what follows.
func storeLength(_ length: Int, width: Int, at position: UnsafeMutableRawPointer) {
  var rest = length
  for index in 0..<width {
    let byte = UInt8(truncatingIfNeeded: rest & 0x7f | (index < width - 1 ? 0x80 : 0))
    unsafe position.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    rest &>>= 7
  }
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
@inline(__always)
func copyText(
  _ text: String,
  to position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  let end: UnsafeMutableRawPointer?? = unsafe text.utf8.withContiguousStorageIfAvailable {
    unsafe copyText($0, to: position)
  }
  if let end = unsafe end ?? nil { return unsafe end }
  var native = text
  return native.withUTF8 { unsafe copyText($0, to: position) }
}

@inline(__always)
private func copyText(
  _ source: UnsafeBufferPointer<UInt8>,
  to position: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
  let target = unsafe storeVarint(UInt64(source.count), at: position)
  if let base = source.baseAddress {
    unsafe target.copyMemory(from: base, byteCount: source.count)
  }
  return unsafe target + source.count
}

/// Writes the fields of one message.
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

  @inlinable
  @inline(__always)
  init(_ start: UnsafeMutableRawPointer, deterministic: Bool) {
    unsafe position = start
    isDeterministic = deterministic
  }

  /// Encodes a message into an array of exactly its size.
  ///
  /// One pass: into scratch space of the message's bound, then one copy of what was written. That
  /// is cheaper than adding up exact sizes first.
  @inlinable
  static func encode<M: Message>(_ message: M, prefix: Int, deterministic: Bool) -> [UInt8] {
    let bound = message.encodedSizeBound
    return unsafe withUnsafeTemporaryAllocation(byteCount: bound &+ 1, alignment: 8) { scratch in
      let start = unsafe scratch.baseAddress.unsafelyUnwrapped
      var writer = unsafe WireWriter(start, deterministic: deterministic)
      message.writeFields(to: &writer)
      let count = unsafe UnsafeRawPointer(writer.position) - UnsafeRawPointer(start)
      precondition(count <= bound, "encodedSizeBound is too small")
      return unsafe makeArray(start, count, prefix: prefix)
    }
  }
}

/// An array of `prefix` zero bytes and the bytes that begin at `start`.
@usableFromInline
func makeArray(_ start: UnsafeMutableRawPointer, _ count: Int, prefix: Int) -> [UInt8] {
  var array: [UInt8] = []
  unsafe grow(&array, by: prefix + count) { output in
    let raw = UnsafeMutableRawPointer(output)
    unsafe raw.initializeMemory(as: UInt8.self, repeating: 0, count: prefix)
    unsafe (raw + prefix).copyMemory(from: start, byteCount: count)
  }
  return array
}

// UTF-8 in: checked here, so that the standard library's initialisers need not.

/// Text of exactly these bytes; nil when they are not UTF-8 (RFC 3629, section 4).
func makeString(_ bytes: UnsafeRawBufferPointer) -> String? {
  let count = bytes.count
  guard let start = bytes.baseAddress, count > 0 else { return "" }
  guard unsafe isUTF8(start, count) else { return nil }
  if count <= 15 {
    // Kept in the value itself: the standard library copies straight into it.
    return unsafe String(unsafeUninitializedCapacity: count) { buffer in
      if let target = buffer.baseAddress {
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: count)
      }
      return count
    }
  }
  let span = unsafe Span<UInt8>(
    _unsafeStart: start.assumingMemoryBound(to: UInt8.self),
    count: count
  )
  return unsafe String(copying: UTF8Span(unchecked: span))
}

/// Whether bytes are UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
@inline(__always)
func isUTF8(_ start: UnsafeRawPointer, _ count: Int) -> Bool {
  var next = unsafe start
  let end = unsafe start + count
  while unsafe end - next >= 8 {
    guard unsafe next.loadUnaligned(as: UInt64.self) & continuationBits == 0 else {
      return unsafe isMixedUTF8(next, end)
    }
    unsafe next += 8
  }
  var rest: UInt8 = 0
  var tail = unsafe next
  while unsafe tail < end {
    rest |= unsafe tail.load(as: UInt8.self)
    unsafe tail += 1
  }
  return unsafe rest < 0x80 || isMixedUTF8(next, end)
}

/// The same, a scalar at a time, eight bytes of ASCII at once.
func isMixedUTF8(_ start: UnsafeRawPointer, _ end: UnsafeRawPointer) -> Bool {
  var next = unsafe start
  while unsafe next < end {
    let first = unsafe next.load(as: UInt8.self)
    if first < 0x80 {
      let isWord =
        unsafe end - next >= 8
        && next.loadUnaligned(as: UInt64.self) & continuationBits == 0
      unsafe next += isWord ? 8 : 1
      continue
    }
    let length = unsafe scalarLength(first, next, end)
    if length == 0 { return false }
    unsafe next += length
  }
  return true
}

/// The bytes of the well-formed scalar that begins here with a byte beyond ASCII; 0 when there
/// is none.
@inline(__always)
private func scalarLength(
  _ first: UInt8,
  _ next: UnsafeRawPointer,
  _ end: UnsafeRawPointer
) -> Int {
  let left = unsafe end - next
  func continues(_ offset: Int) -> Bool {
    unsafe next.load(fromByteOffset: offset, as: UInt8.self) & 0xc0 == 0x80
  }
  guard left >= 2, first >= 0xc2, continues(1) else { return 0 }
  if first < 0xe0 { return 2 }
  let second = unsafe next.load(fromByteOffset: 1, as: UInt8.self)
  guard left >= 3, continues(2) else { return 0 }
  if first < 0xf0 {
    // E0 begins at A0, for less fits in two bytes; after ED, A0 to BF are the surrogates.
    return first == 0xe0 && second < 0xa0 || first == 0xed && second > 0x9f ? 0 : 3
  }
  guard left >= 4, continues(3), first < 0xf5 else { return 0 }
  // F0 begins at 90, for less fits in three bytes; F4 8F is the end of Unicode.
  return first == 0xf0 && second < 0x90 || first == 0xf4 && second > 0x8f ? 0 : 4
}

// Packed lists: one length, then the values without tags.
//
// A list's varints are counted first, by their last bytes, so that the array is made once at its
// size; a count is never larger than the bytes that are there.

extension WireReader {
  /// Reads a packed list of `uint32`, adding to the list.
  public mutating func packedUInt32(into list: inout [UInt32]) throws(WireError) {
    try packedVarints(into: &list) { UInt32(truncatingIfNeeded: $0) }
  }

  /// Reads a packed list of `uint64`, adding to the list.
  public mutating func packedUInt64(into list: inout [UInt64]) throws(WireError) {
    try packedVarints(into: &list) { $0 }
  }

  /// Reads a packed list of `int32`, adding to the list.
  public mutating func packedInt32(into list: inout [Int32]) throws(WireError) {
    try packedVarints(into: &list) { Int32(truncatingIfNeeded: $0) }
  }

  /// Reads a packed list of `int64`, adding to the list.
  public mutating func packedInt64(into list: inout [Int64]) throws(WireError) {
    try packedVarints(into: &list) { Int64(bitPattern: $0) }
  }

  /// Reads a packed list of `sint32`, adding to the list.
  public mutating func packedSInt32(into list: inout [Int32]) throws(WireError) {
    try packedVarints(into: &list) { unzigzag(UInt32(truncatingIfNeeded: $0)) }
  }

  /// Reads a packed list of `sint64`, adding to the list.
  public mutating func packedSInt64(into list: inout [Int64]) throws(WireError) {
    try packedVarints(into: &list) { unzigzag($0) }
  }

  /// Reads a packed list of `bool`, adding to the list.
  public mutating func packedBool(into list: inout [Bool]) throws(WireError) {
    try packedVarints(into: &list) { $0 != 0 }
  }

  /// Reads a packed list of an enum's values, adding to the list.
  @inlinable
  public mutating func packedOpenEnum<Value: OpenEnum>(
    into list: inout [Value]
  ) throws(WireError) {
    try packedVarints(into: &list) { Value(rawValue: Int32(truncatingIfNeeded: $0)) }
  }

  /// Reads a packed list of `fixed32`, adding to the list.
  public mutating func packedFixed32(into list: inout [UInt32]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// Reads a packed list of `fixed64`, adding to the list.
  public mutating func packedFixed64(into list: inout [UInt64]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// Reads a packed list of `sfixed32`, adding to the list.
  public mutating func packedSFixed32(into list: inout [Int32]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// Reads a packed list of `sfixed64`, adding to the list.
  public mutating func packedSFixed64(into list: inout [Int64]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// Reads a packed list of `float`, adding to the list.
  public mutating func packedFloat(into list: inout [Float]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// Reads a packed list of `double`, adding to the list.
  public mutating func packedDouble(into list: inout [Double]) throws(WireError) {
    try packedFixed(into: &list)
  }

  /// The bytes of a packed list.
  @inlinable
  @inline(__always)
  mutating func packedBytes() throws(WireError) -> UnsafeRawBufferPointer {
    let count = try length()
    let start = unsafe position
    unsafe position += count
    return unsafe UnsafeRawBufferPointer(start: start, count: count)
  }

  @inlinable
  @inline(__always)
  mutating func packedVarints<Value>(
    into list: inout [Value],
    _ convert: (UInt64) -> Value
  ) throws(WireError) {
    let bytes = unsafe try packedBytes()
    guard let last = unsafe bytes.last else { return }
    guard last < 0x80 else { throw .truncated }
    let count = unsafe countVarints(bytes)
    var isComplete = true
    unsafe grow(&list, by: count) { (output: UnsafeMutablePointer<Value>) in
      isComplete = unsafe readVarints(bytes, to: output, count: count, convert)
    }
    guard isComplete else { throw .malformedVarint }
  }

  @inlinable
  @inline(__always)
  mutating func packedFixed<Value: BitwiseCopyable>(
    into list: inout [Value]
  ) throws(WireError) {
    let bytes = unsafe try packedBytes()
    let size = MemoryLayout<Value>.size
    guard bytes.count % size == 0 else { throw .truncated }
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    unsafe grow(&list, by: bytes.count / size) { (output: UnsafeMutablePointer<Value>) in
      unsafe UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: bytes.count)
    }
  }
}

/// Adds `count` values to a list that `fill` writes, all of them.
@inlinable
@inline(__always)
func grow<Value>(
  _ list: inout [Value],
  by count: Int,
  _ fill: (UnsafeMutablePointer<Value>) -> Void
) {
  list.append(addingCapacity: count) { (output: inout OutputSpan<Value>) in
    unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
      guard let start = buffer.baseAddress else { return }
      unsafe fill(start)
      initializedCount = count
    }
  }
}

/// How many varints end in the bytes.
@inlinable
@inline(__always)
func countVarints(_ bytes: UnsafeRawBufferPointer) -> Int {
  var count = 0
  var index = 0
  while index &+ 8 <= bytes.count {
    let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    count &+= (~word & continuationBits).nonzeroBitCount
    index &+= 8
  }
  while index < bytes.count {
    count &+= unsafe bytes[index] < 0x80 ? 1 : 0
    index &+= 1
  }
  return count
}

/// Reads exactly `count` varints, the last of which ends with the bytes.
///
/// - Returns: False when one is malformed; all `count` values are then written all the same.
@inlinable
@inline(__always)
func readVarints<Value>(
  _ bytes: UnsafeRawBufferPointer,
  to output: UnsafeMutablePointer<Value>,
  count: Int,
  _ convert: (UInt64) -> Value
) -> Bool {
  guard var next = bytes.baseAddress else { return true }
  let end = unsafe next + bytes.count
  var isComplete = true
  var index = 0
  while unsafe end - next >= 8 {
    let word = unsafe next.loadUnaligned(as: UInt64.self)
    if word & continuationBits == 0 {
      for byte in 0..<8 as Range<UInt64> {
        let value = convert(word &>> (8 &* byte) & 0x7f)
        unsafe (output + (index &+ Int(byte))).initialize(to: value)
      }
      index &+= 8
      unsafe next += 8
    } else if word & 0x80 == 0 {
      unsafe (output + index).initialize(to: convert(word & 0x7f))
      index &+= 1
      unsafe next += 1
    } else if word & 0x8000 == 0 {
      unsafe (output + index).initialize(to: convert(word & 0x7f | word &>> 1 & 0x3f80))
      index &+= 1
      unsafe next += 2
    } else {
      let (value, after, isGood) = unsafe varintOfMany(next, end)
      unsafe (output + index).initialize(to: convert(value))
      isComplete = isComplete && isGood
      index &+= 1
      unsafe next = after
    }
  }
  while index < count {
    let (value, after, isGood) = unsafe varintOfMany(next, end)
    unsafe (output + index).initialize(to: convert(value))
    isComplete = isComplete && isGood
    index &+= 1
    unsafe next = after
  }
  return isComplete
}

/// One varint that is known to end before `end`: its value, what follows, whether it is well formed.
///
/// A malformed one is stepped over to its end, so that the count of varints stays true.
@inlinable
@inline(__always)
func varintOfMany(
  _ start: UnsafeRawPointer,
  _ end: UnsafeRawPointer
) -> (UInt64, UnsafeRawPointer, Bool) {
  var value: UInt64 = 0
  var shift: UInt64 = 0
  var next = unsafe start
  while true {
    let byte = unsafe next.load(as: UInt8.self)
    unsafe next += 1
    if shift <= 63 { value |= UInt64(byte & 0x7f) &<< shift }
    if byte < 0x80 { return unsafe (value, next, shift < 63 || shift == 63 && byte <= 1) }
    shift &+= 7
  }
}

// Lists of scalars, packed or not: the wire type of the tag just read tells, whatever the schema
// says.
//
// A packed list's varints are counted first, by their last bytes, so that the array is made once
// at its size; a count is never larger than the bytes that are there.

extension WireReader {
  /// Reads `uint32` values and adds them to a list.
  public mutating func uint32(into list: inout [UInt32]) {
    varints(into: &list) { UInt32(truncatingIfNeeded: $0) }
  }

  /// Reads `uint64` values and adds them to a list.
  public mutating func uint64(into list: inout [UInt64]) {
    varints(into: &list) { $0 }
  }

  /// Reads `int32` values and adds them to a list.
  public mutating func int32(into list: inout [Int32]) {
    varints(into: &list) { Int32(truncatingIfNeeded: $0) }
  }

  /// Reads `int64` values and adds them to a list.
  public mutating func int64(into list: inout [Int64]) {
    varints(into: &list) { Int64(bitPattern: $0) }
  }

  /// Reads `sint32` values and adds them to a list.
  public mutating func sint32(into list: inout [Int32]) {
    varints(into: &list) { unzigzag(UInt32(truncatingIfNeeded: $0)) }
  }

  /// Reads `sint64` values and adds them to a list.
  public mutating func sint64(into list: inout [Int64]) {
    varints(into: &list) { unzigzag($0) }
  }

  /// Reads `bool` values and adds them to a list.
  public mutating func bool(into list: inout [Bool]) {
    varints(into: &list) { $0 != 0 }
  }

  /// Reads `fixed32` values and adds them to a list.
  public mutating func fixed32(into list: inout [UInt32]) {
    fixed(into: &list)
  }

  /// Reads `fixed64` values and adds them to a list.
  public mutating func fixed64(into list: inout [UInt64]) {
    fixed(into: &list)
  }

  /// Reads `sfixed32` values and adds them to a list.
  public mutating func sfixed32(into list: inout [Int32]) {
    fixed(into: &list)
  }

  /// Reads `sfixed64` values and adds them to a list.
  public mutating func sfixed64(into list: inout [Int64]) {
    fixed(into: &list)
  }

  /// Reads `float` values and adds them to a list.
  public mutating func float(into list: inout [Float]) {
    fixed(into: &list)
  }

  /// Reads `double` values and adds them to a list.
  public mutating func double(into list: inout [Double]) {
    fixed(into: &list)
  }

  /// Reads an enum's values and adds them to a list.
  ///
  /// For each enum a function of its own: a generic one asks for the type's metadata all along.
  @inlinable
  @inline(never)
  public mutating func openEnum<Value: OpenEnum>(into list: inout [Value]) {
    var numbers: [Int32] = []
    int32(into: &numbers)
    list.append(addingCapacity: numbers.count) { (output: inout OutputSpan<Value>) in
      for number in numbers { output.append(Value(rawValue: number)) }
    }
  }

  /// Whether the field just begun is length-prefixed.
  @inline(__always)
  private var isPacked: Bool { unsafe tagStart.load(as: UInt8.self) & 7 == 2 }

  @inline(__always)
  private mutating func varints<Value>(into list: inout [Value], _ convert: (UInt64) -> Value) {
    guard isPacked else { return list.append(convert(varint())) }
    let bytes = unsafe span()
    guard let last = unsafe bytes.last else { return }
    guard last < 0x80 else { return fail(.truncated) }
    let count = unsafe countVarints(bytes)
    var isComplete = true
    unsafe grow(&list, by: count) { (output: UnsafeMutablePointer<Value>) in
      isComplete = unsafe readVarints(bytes, to: output, count: count, convert)
    }
    if !isComplete { fail(.malformedVarint) }
  }

  @inline(__always)
  private mutating func fixed<Value: BitwiseCopyable>(into list: inout [Value]) {
    let size = MemoryLayout<Value>.size
    var bytes = unsafe UnsafeRawBufferPointer(start: position, count: size)
    if isPacked {
      unsafe bytes = span()
      guard bytes.count % size == 0 else { return fail(.truncated) }
    } else {
      guard remaining >= size else { return fail(.truncated) }
      unsafe position += size
    }
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    unsafe grow(&list, by: bytes.count / size) { (output: UnsafeMutablePointer<Value>) in
      unsafe UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: bytes.count)
    }
  }
}

/// Adds `count` values to a list that `fill` writes, all of them.
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

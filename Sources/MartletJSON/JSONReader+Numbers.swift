// Numbers. Integers come as numbers or strings, with or without fraction and exponent as long as
// they are integral; floating point comes as numbers, as strings of them, or by name.

extension JSONReader {
  /// Reads an `int32`, `sint32` or `sfixed32`.
  public mutating func int32() throws(JSONError.Reason) -> Int32 {
    guard let value = Int32(exactly: try int64()) else { throw .outOfRange }
    return value
  }

  /// Reads a `uint32` or `fixed32`.
  public mutating func uint32() throws(JSONError.Reason) -> UInt32 {
    guard let value = UInt32(exactly: try int64()) else { throw .outOfRange }
    return value
  }

  /// Reads an `int64`, `sint64` or `sfixed64`.
  public mutating func int64() throws(JSONError.Reason) -> Int64 {
    let (magnitude, isNegative) = try integer()
    let bits = Int64(bitPattern: isNegative ? 0 &- magnitude : magnitude)
    guard isNegative ? bits <= 0 : bits >= 0 else { throw .outOfRange }
    return bits
  }

  /// Reads a `uint64` or `fixed64`.
  public mutating func uint64() throws(JSONError.Reason) -> UInt64 {
    let (magnitude, isNegative) = try integer()
    guard !isNegative || magnitude == 0 else { throw .outOfRange }
    return magnitude
  }

  /// Reads an integer, in quotes or not.
  private mutating func integer() throws(JSONError.Reason) -> (UInt64, isNegative: Bool) {
    let isQuoted = try peek() == UInt8(ascii: "\"")
    let first = unsafe position + (isQuoted ? 1 : 0)
    var number = unsafe JSONNumber(first, end)
    guard let value = number.simpleInteger(), unsafe number.position < end else {
      return try slowInteger()
    }
    let stop = unsafe number.position.load(as: UInt8.self)
    if isQuoted {
      guard stop == UInt8(ascii: "\"") else { return try slowInteger() }
      unsafe position = number.position + 1
    } else {
      guard !JSONNumber.continues(stop) else { return try slowInteger() }
      unsafe position = number.position
    }
    return (value, number.isNegative)
  }

  /// An integer with a fraction, an exponent, escapes or mistakes.
  @inline(never)
  private mutating func slowInteger() throws(JSONError.Reason) -> (UInt64, isNegative: Bool) {
    try number { number throws(JSONError.Reason) in
      let value = try number.integer()
      return (value, number.isNegative)
    }
  }

  /// Reads a `double`.
  public mutating func double() throws(JSONError.Reason) -> Double {
    if let name = try specialName() { return name }
    return try number { number throws(JSONError.Reason) in try number.double() }
  }

  /// Reads a `float`, rounded once.
  public mutating func float() throws(JSONError.Reason) -> Float {
    if let name = try specialName() { return Float(name) }
    return try number { number throws(JSONError.Reason) in try number.float() }
  }

  /// Goes past a number.
  mutating func skipNumber() throws(JSONError.Reason) {
    try number { number throws(JSONError.Reason) in try number.skip() }
  }

  /// Reads a number, in quotes or not, of which all must be understood.
  @inline(__always)
  private mutating func number<Value>(
    _ parse: (inout JSONNumber) throws(JSONError.Reason) -> Value
  ) throws(JSONError.Reason) -> Value {
    switch try peek() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      var number = unsafe JSONNumber(position, end)
      let value = try parse(&number)
      if unsafe number.position < end {
        let stop = unsafe number.position.load(as: UInt8.self)
        guard !JSONNumber.continues(stop) else { throw .malformed }
      }
      unsafe position = number.position
      return value
    case UInt8(ascii: "\""):
      let start = unsafe position
      do throws(JSONError.Reason) {
        if let text = try plainText() { return unsafe try Self.number(in: text.bytes, parse) }
        let text = try escapedText()
        return try unsafe text.withUnsafeBufferPointer { (text) throws(JSONError.Reason) in
          unsafe try Self.number(in: UnsafeRawBufferPointer(text), parse)
        }
      } catch {
        if error == .outOfRange || error == .invalidNumber { unsafe position = start }
        throw error
      }
    default: throw mismatch()
    }
  }

  /// A number that is all of a string.
  private static func number<Value>(
    in text: UnsafeRawBufferPointer,
    _ parse: (inout JSONNumber) throws(JSONError.Reason) -> Value
  ) throws(JSONError.Reason) -> Value {
    guard let start = text.baseAddress else { throw .invalidNumber }
    var number = unsafe JSONNumber(start, start + text.count)
    let value: Value
    do throws(JSONError.Reason) {
      value = try parse(&number)
    } catch {
      throw error == .outOfRange ? error : .invalidNumber
    }
    guard unsafe number.position == start + text.count else { throw .invalidNumber }
    return value
  }

  /// Reads "NaN", "Infinity" or "-Infinity"; nil when something else stands here.
  private mutating func specialName() throws(JSONError.Reason) -> Double? {
    guard remaining >= 5, unsafe position.load(as: UInt8.self) == UInt8(ascii: "\"") else {
      return nil
    }
    let second = unsafe position.load(fromByteOffset: 1, as: UInt8.self)
    let third = unsafe position.load(fromByteOffset: 2, as: UInt8.self)
    guard second > UInt8(ascii: "9") || third > UInt8(ascii: "9") else { return nil }
    let start = unsafe position
    let name = try string()
    if name.isExactly("NaN") { return .nan }
    if name.isExactly("Infinity") { return .infinity }
    if name.isExactly("-Infinity") { return -.infinity }
    unsafe position = start
    return nil
  }
}

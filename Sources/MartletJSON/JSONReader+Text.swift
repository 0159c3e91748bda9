// Strings.

extension JSONReader {
  /// Reads a `string`.
  ///
  /// - Returns: The text, unescaped; of exactly the bytes given otherwise.
  /// - Throws: `.invalidUTF8`, `.invalidEscape`; `.malformed` for a control character.
  public mutating func string() throws(JSONError.Reason) -> String {
    guard let text = try plainText() else { return try JSONText.string(escapedText()) }
    return try text.string()
  }

  /// Reads `bytes`.
  ///
  /// - Throws: `.invalidBase64`.
  public mutating func bytes() throws(JSONError.Reason) -> [UInt8] {
    let bytes =
      if let text = try plainText() {
        unsafe JSONBase64.decode(text.bytes)
      } else {
        unsafe try escapedText().withUnsafeBytes { text in unsafe JSONBase64.decode(text) }
      }
    guard let bytes else { throw .invalidBase64 }
    return bytes
  }

  /// A string's bytes where they lie, when it has no escapes.
  ///
  /// - Returns: the bytes, with the position behind the closing quote; or nil, with the position
  ///   on the opening one.
  @inline(__always)
  mutating func plainText() throws(JSONError.Reason) -> JSONPlainText? {
    guard try peek() == UInt8(ascii: "\"") else { throw mismatch() }
    let first = unsafe position + 1
    var next = unsafe first
    var seen: UInt64 = 0
    while unsafe end - next >= 8 {
      let word = unsafe next.loadUnaligned(as: UInt64.self)
      let marks = JSONBytes.specials(in: word)
      if marks != 0 {
        let bits = UInt64(truncatingIfNeeded: marks.trailingZeroBitCount &- 7)
        seen |= word & ((1 &<< bits) &- 1)
        unsafe next += Int(truncatingIfNeeded: bits &>> 3)
        break
      }
      seen |= word
      unsafe next += 8
    }
    while true {
      guard unsafe next < end else {
        unsafe position = end
        throw .truncated
      }
      let byte = unsafe next.load(as: UInt8.self)
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        return nil
      }
      if byte < 0x20 {
        unsafe position = next
        throw .malformed
      }
      seen |= UInt64(byte)
      unsafe next += 1
    }
    unsafe position = next + 1
    let isASCII = seen & 0x8080_8080_8080_8080 == 0
    return unsafe JSONPlainText(start: first, count: next - first, isASCII: isASCII)
  }

  /// A string with escapes, unescaped into bytes of its own; the position is on its opening quote.
  @inline(never)
  mutating func escapedText() throws(JSONError.Reason) -> [UInt8] {
    advance()
    var text: [UInt8] = []
    while true {
      let byte = try peek()
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 { throw .malformed }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &text)
      } else {
        text.append(byte)
        advance()
      }
    }
    advance()
    return text
  }

  /// One escape, or the two of a surrogate pair.
  private mutating func escape(into text: inout [UInt8]) throws(JSONError.Reason) {
    guard remaining >= 2 else { throw .truncated }
    let mark = unsafe position.load(fromByteOffset: 1, as: UInt8.self)
    if mark == UInt8(ascii: "u") {
      text += Array(String(Character(try scalar())).utf8)
      return
    }
    guard let byte = JSONText.unescaped(mark) else { throw .invalidEscape }
    text.append(byte)
    advance(2)
  }

  private mutating func scalar() throws(JSONError.Reason) -> Unicode.Scalar {
    let unit = try codeUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xdc00, remaining >= 2,
      unsafe position.load(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "\\"),
      unsafe position.load(fromByteOffset: 1, as: UInt8.self) == UInt8(ascii: "u")
    else { throw .invalidEscape }
    let low = try codeUnit()
    guard (0xdc00...0xdfff).contains(low),
      let scalar = Unicode.Scalar(0x1_0000 &+ (unit &- 0xd800) &<< 10 &+ (low &- 0xdc00))
    else { throw .invalidEscape }
    return scalar
  }

  /// `\u` and four digits.
  private mutating func codeUnit() throws(JSONError.Reason) -> UInt32 {
    guard remaining >= 6 else { throw .truncated }
    var unit: UInt32 = 0
    for index in 2..<6 {
      let byte = unsafe position.load(fromByteOffset: index, as: UInt8.self)
      guard let digit = JSONText.hexDigit(byte) else { throw .invalidEscape }
      unit = unit &<< 4 | digit
    }
    advance(6)
    return unit
  }
}

/// A string without escapes, where it lies in the text.
@safe
struct JSONPlainText {
  var start: UnsafeRawPointer
  var count: Int
  var isASCII: Bool

  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }

  /// Text that is exactly these bytes.
  @inline(__always)
  func string() throws(JSONError.Reason) -> String {
    let span = unsafe Span<UInt8>(
      _unsafeStart: start.assumingMemoryBound(to: UInt8.self),
      count: count
    )
    if isASCII { return unsafe String(copying: UTF8Span(unchecked: span, isKnownASCII: true)) }
    guard let text = JSONText.validated(span) else { throw .invalidUTF8 }
    return text
  }
}

extension String {
  /// Whether this is the same text, byte for byte.
  ///
  /// `==` compares what texts mean, in quadratic time when one has many combining marks in a row.
  func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

/// Bytes of strings.
enum JSONText {
  /// Text that is exactly the bytes given.
  static func string(_ bytes: [UInt8]) throws(JSONError.Reason) -> String {
    guard let text = validated(bytes.span) else { throw .invalidUTF8 }
    return text
  }

  /// Text that is exactly the bytes given; nil when they are not UTF-8.
  @inline(never)
  static func validated(_ bytes: Span<UInt8>) -> String? {
    guard let text = try? UTF8Span(validating: bytes) else { return nil }
    return String(copying: text)
  }

  /// What a backslash and this character stand for; nil when there is no such escape.
  static func unescaped(_ mark: UInt8) -> UInt8? {
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): mark
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
  }

  static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
    default: nil
    }
  }
}

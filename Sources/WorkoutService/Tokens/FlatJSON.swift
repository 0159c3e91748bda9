/// A JSON object (RFC 8259) of strings and integers without nesting.
///
/// That is all that the headers and claims of our tokens need. Anything else is refused, duplicate
/// names too.
package struct FlatJSON: Sendable, Equatable {
  /// A member's value.
  package enum Value: Sendable, Equatable {
    case string(String)
    case integer(Int64)
  }

  /// More members than this are refused.
  private static let maximumMembers = 16

  private var members: [String: Value] = [:]

  /// Reads an object, or nothing when the bytes are anything else; the caller bounds their number.
  ///
  /// - Complexity: O(n).
  package init?(_ bytes: [UInt8]) {
    var scanner = JSONScanner(bytes)
    guard scanner.take("{") else { return nil }
    if !scanner.take("}") {
      repeat {
        guard members.count < Self.maximumMembers, let name = scanner.string(),
          scanner.take(":"), let value = scanner.value(),
          members.updateValue(value, forKey: name) == nil
        else { return nil }
      } while scanner.take(",")
      guard scanner.take("}") else { return nil }
    }
    guard scanner.isAtEnd else { return nil }
  }

  /// The names of all members.
  package var names: Set<String> { Set(members.keys) }

  /// The member of that name if it is a string.
  package func string(_ name: String) -> String? {
    if case .string(let value)? = members[name] { value } else { nil }
  }

  /// The member of that name if it is an integer.
  package func integer(_ name: String) -> Int64? {
    if case .integer(let value)? = members[name] { value } else { nil }
  }

  /// Writes an object with its members in the order given.
  package static func write(_ members: KeyValuePairs<String, Value>) -> [UInt8] {
    var text = "{"
    for (index, member) in members.enumerated() {
      if index > 0 { text += "," }
      text += quoted(member.key) + ":"
      switch member.value {
      case .string(let value): text += quoted(value)
      case .integer(let value): text += String(value)
      }
    }
    return [UInt8]((text + "}").utf8)
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

/// Reads the tokens of JSON; each method leaves out white space before what it reads.
private struct JSONScanner {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool {
    mutating get {
      skipWhiteSpace()
      return index == bytes.count
    }
  }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipWhiteSpace()
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  mutating func value() -> FlatJSON.Value? {
    skipWhiteSpace()
    guard index < bytes.count else { return nil }
    return bytes[index] == UInt8(ascii: "\"")
      ? string().map(FlatJSON.Value.string) : integer().map(FlatJSON.Value.integer)
  }

  mutating func string() -> String? {
    guard take("\"") else { return nil }
    var text: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        text += [UInt8](String(Character(scalar)).utf8)
      case ..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// RFC 8259, section 6, without fraction and exponent.
  private mutating func integer() -> Int64? {
    let start = index
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
    let digits = index
    while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) {
      index += 1
    }
    let isPadded = index - digits > 1 && bytes[digits] == UInt8(ascii: "0")
    guard index > digits, index - digits <= 19, !isPadded else { return nil }
    return Int64(String(decoding: bytes[start..<index], as: UTF8.self))
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard index < bytes.count else { return nil }
    index += 1
    switch bytes[index - 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return unicodeEscape()
    default: return nil
    }
  }

  private mutating func unicodeEscape() -> Unicode.Scalar? {
    guard let first = hexQuad() else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    index += 2
    guard let second = hexQuad(), (0xDC00..<0xE000).contains(second) else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func hexQuad() -> UInt32? {
    guard bytes.count - index >= 4 else { return nil }
    let digits = bytes[index..<index + 4]
    guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
    index += 4
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private mutating func skipWhiteSpace() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }
}

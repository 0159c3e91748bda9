/// The encoding of `grpc-message`: UTF-8, with every byte outside printable ASCII, and `%`, as
/// `%XX`.
///
/// See PROTOCOL-HTTP2.md, "Status-Message".
package enum PercentEncoding {
  /// Encodes a message for `grpc-message`, or as many of its first characters as fit into
  /// `maxBytes`.
  package static func encode(_ text: String, maxBytes: Int = .max) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(text.utf8.count, maxBytes))
    for character in text.unicodeScalars {
      let start = bytes.count
      append(character, to: &bytes)
      guard bytes.count <= maxBytes else {
        bytes.removeSubrange(start...)
        break
      }
    }
    return bytes
  }

  private static func append(_ character: Unicode.Scalar, to bytes: inout [UInt8]) {
    for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter {
      if byte >= 0x20, byte <= 0x7e, byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 0xf))
      }
    }
  }

  /// Decodes `grpc-message`, leaving broken escapes as they are and replacing what is not UTF-8:
  /// a status message must never be lost for being malformed.
  package static func decode(_ bytes: some Collection<UInt8>) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let escaped = escapedByte(rest.prefix(2)) {
        decoded.append(escaped)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func escapedByte(_ digits: some Collection<UInt8>) -> UInt8? {
    guard digits.count == 2 else { return nil }
    var value: UInt8 = 0
    for digit in digits {
      guard let nibble = hexValue(digit) else { return nil }
      value = value << 4 | nibble
    }
    return value
  }

  private static func hexDigit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// The descriptions in generated code, and what tables keep of them.
enum JSONWords {
  /// Zero bytes behind each kept text: writing copies and reading compares whole words.
  static let padding = 32

  /// The words of a description.
  static func split(_ description: StaticString) -> [[UInt8]] {
    let bytes = unsafe UnsafeBufferPointer(
      start: description.utf8Start,
      count: description.utf8CodeUnitCount
    )
    return unsafe Array(bytes).split { $0 <= UInt8(ascii: " ") }.map(Array.init)
  }

  /// A copy that stays until the process ends, with padding behind it.
  static func immortal(_ bytes: [UInt8]) -> UnsafeRawPointer {
    let storage = UnsafeMutableRawPointer.allocate(
      byteCount: bytes.count + padding,
      alignment: 8
    )
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count + padding)
    unsafe UnsafeMutableRawBufferPointer(start: storage, count: bytes.count).copyBytes(from: bytes)
    return UnsafeRawPointer(storage)
  }

  /// A name as it stands between quotes.
  static func escaped(_ name: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in name {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: result += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: result.append(byte)
      }
    }
    return result
  }

  /// A name in which `%20` stands for a space.
  static func percentDecoded(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      if byte == UInt8(ascii: "%"), let value = UInt8(digits, radix: 16) {
        result.append(value)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

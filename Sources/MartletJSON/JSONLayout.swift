/// Lays compact JSON out for people.
enum JSONLayout {
  /// The same text with each member and element on a line of its own.
  ///
  /// - Parameter compact: well-formed JSON without white space between tokens.
  /// - Returns: the text, indented by two spaces a level, without a line end.
  static func indented(_ compact: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(2 * compact.count)
    var depth = 0
    var isInString = false
    var isEscaped = false
    func isClosing(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") }
    func newLine() {
      text.append(UInt8(ascii: "\n"))
      text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }
    for (index, byte) in compact.enumerated() {
      if isInString {
        text.append(byte)
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        text.append(byte)
        depth += 1
        if !isClosing(compact[index + 1]) { newLine() }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        let before = compact[index - 1]
        if before != UInt8(ascii: "{") && before != UInt8(ascii: "[") { newLine() }
        text.append(byte)
      case UInt8(ascii: ","):
        text.append(byte)
        newLine()
      case UInt8(ascii: ":"):
        text += ": ".utf8
      default:
        isInString = byte == UInt8(ascii: "\"")
        text.append(byte)
      }
    }
    return text
  }
}

/// The smallest meaningful piece of a file.
struct Token {
  enum Kind: UInt8 {
    case identifier
    case integer
    case float
    case string
    case symbol
    case end
  }

  var kind: Kind
  var span: SourceSpan
}

/// Cuts a file into tokens.
///
/// Comments are not tokens: they are read from the gaps between tokens
/// where the parser needs them (Comments.swift).
struct Lexer {
  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private let limit: Int
  private(set) var tokens: [Token] = []
  private(set) var sink: DiagnosticSink

  /// Makes a lexer of a file, or of the part of it `within` a span.
  init(source: SourceText, file: String, limits: SchemaLimits, within part: SourceSpan? = nil) {
    bytes = source.bytes
    self.file = file
    position = part?.start ?? 0
    limit = part?.end ?? source.bytes.count
    sink = DiagnosticSink(errorLimit: limits.errors)
  }

  /// Reads the whole file; the last token is `end`.
  mutating func run() {
    if position == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    while skipBlanks(), !sink.isFull {
      let start = position
      let kind = nextToken(start)
      if let kind { tokens.append(Token(kind: kind, span: SourceSpan(start, position))) }
    }
    tokens.append(Token(kind: .end, span: SourceSpan(limit, limit)))
  }

  private func peek(_ ahead: Int = 0) -> UInt8 {
    position + ahead < limit ? bytes[position + ahead] : 0
  }

  private mutating func error(_ message: String, _ start: Int, _ end: Int) {
    sink.error(message, in: file, at: SourceSpan(start, end))
  }

  private mutating func nextToken(_ start: Int) -> Token.Kind? {
    let byte = bytes[start]
    if byte.isIdentifierStart {
      while peek().isIdentifierPart { position += 1 }
      return .identifier
    }
    if byte.isDigit || (byte == UInt8(ascii: ".") && peek(1).isDigit) { return number(start) }
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return string(start, quote: byte) }
    if byte > 0x20, byte < 0x7F {
      position += 1
      return .symbol
    }
    return stray(start)
  }

  /// Bytes that may stand only in strings and comments: one error for a run of them.
  private mutating func stray(_ start: Int) -> Token.Kind? {
    let isControl = bytes[start] < 0x20 || bytes[start] == 0x7F
    func belongs(_ byte: UInt8) -> Bool {
      isControl ? (byte < 0x20 && !byte.isBlank) || byte == 0x7F : byte >= 0x80
    }
    repeat { position += 1 } while position < limit && belongs(bytes[position])
    error(
      isControl
        ? "control characters may not stand in a schema"
        : "characters beyond ASCII may stand only in strings and comments",
      start,
      position
    )
    return nil
  }

  // MARK: - Blanks and comments

  /// Moves to the next token; false at the end of the file.
  private mutating func skipBlanks() -> Bool {
    while position < limit {
      let byte = bytes[position]
      if byte.isBlank {
        position += 1
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while position < limit, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        skipBlockComment()
      } else {
        return true
      }
    }
    return false
  }

  private mutating func skipBlockComment() {
    let start = position
    position += 2
    while position < limit {
      if bytes[position] == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
        position += 2
        return
      }
      if bytes[position] == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
        error("block comments cannot be nested", position, position + 2)
      }
      position += 1
    }
    error("this comment is not closed", start, start + 2)
  }

  // MARK: - Numbers

  private mutating func number(_ start: Int) -> Token.Kind {
    if let last = tokens.last, last.kind == .identifier, last.span.end == start {
      error("a space is needed between a name and a number", start, start + 1)
    }
    if bytes[start] == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
      return hexadecimal(start)
    }
    var isFloat = false
    while peek().isDigit { position += 1 }
    if peek() == UInt8(ascii: ".") {
      isFloat = true
      position += 1
      while peek().isDigit { position += 1 }
    }
    if peek() | 0x20 == UInt8(ascii: "e") {
      isFloat = true
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      if !peek().isDigit { error("an exponent needs digits", start, position) }
      while peek().isDigit { position += 1 }
    }
    checkOctal(start, isFloat: isFloat)
    checkNumberEnd(start, isFloat: isFloat)
    return isFloat ? .float : .integer
  }

  private mutating func hexadecimal(_ start: Int) -> Token.Kind {
    position += 2
    if peek().hexValue == nil { error("\"0x\" needs hexadecimal digits", start, position) }
    while peek().hexValue != nil { position += 1 }
    checkNumberEnd(start, isFloat: false)
    return .integer
  }

  private mutating func checkOctal(_ start: Int, isFloat: Bool) {
    guard !isFloat, bytes[start] == UInt8(ascii: "0"), position > start + 1 else { return }
    if bytes[start..<position].contains(where: { $0 > UInt8(ascii: "7") }) {
      error("a number that starts with 0 is octal: digits 8 and 9 cannot be in it", start, position)
    }
  }

  private mutating func checkNumberEnd(_ start: Int, isFloat: Bool) {
    if peek().isIdentifierPart {
      let end = position
      while peek().isIdentifierPart { position += 1 }
      error("a space is needed between a number and a name", end, position)
    } else if peek() == UInt8(ascii: ".") {
      error(
        isFloat ? "a number has one decimal point" : "only decimal numbers have a decimal point",
        start,
        position + 1
      )
      position += 1
    }
  }

  // MARK: - Strings

  private mutating func string(_ start: Int, quote: UInt8) -> Token.Kind {
    position += 1
    while position < limit {
      switch bytes[position] {
      case quote:
        position += 1
        return .string
      case UInt8(ascii: "\n"):
        error("this string is not closed on its line", start, position)
        return .string
      case 0:
        error("control characters may not stand in a schema", position, position + 1)
        position += 1
      case UInt8(ascii: "\\"):
        escape()
      default:
        position += 1
      }
    }
    error("this string is not closed", start, position)
    return .string
  }

  private mutating func escape() {
    let start = position
    position += 1
    let kind = peek()
    if kind != UInt8(ascii: "\n"), position < limit { position += 1 }
    switch kind {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      if peek().hexValue == nil { error("\"\\x\" needs hexadecimal digits", start, position) }
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      unicodeEscape(start, digits: kind == UInt8(ascii: "u") ? 4 : 8)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      break
    default:
      if StringLiteral.simpleEscapes[kind] == nil {
        error("unknown escape in a string", start, position)
      }
    }
  }

  private mutating func unicodeEscape(_ start: Int, digits: Int) {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = peek().hexValue else {
        error("this escape needs \(digits) hexadecimal digits", start, position)
        return
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    if value > 0x10FFFF { error("not a Unicode code point", start, position) }
  }
}

extension UInt8 {
  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  var isIdentifierStart: Bool {
    let lower = self | 0x20
    return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) || self == UInt8(ascii: "_")
  }

  var isIdentifierPart: Bool { isIdentifierStart || isDigit }

  /// Space, tab, line feed, vertical tab, form feed, carriage return.
  var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

  var hexValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

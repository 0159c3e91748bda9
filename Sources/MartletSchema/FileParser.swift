/// A statement could not be read; its error has been reported and the parser goes on after it.
struct StatementFailure: Error {}

/// Reads one file's tokens into a FileDescriptor.
///
/// Recursive descent, one function a production (FileParser+….swift). An error ends its statement;
/// parsing goes on at the next one, so that one run tells of many. Every element's path and span are
/// recorded on the way as protoc records them: SourceCodeInfo is part of what tools expect.
struct FileParser {
  let limits: SchemaLimits
  let tokens: [Token]
  var index = 0
  var file: FileDescriptor
  var sink: DiagnosticSink
  /// Where the file stands in descriptor.proto's terms: the path of the element being read.
  var path: [Int32] = []
  /// Comments read at the last `;`, `{` or `}` for the element to come.
  var upcoming = GapComments()
  /// Whether the language of the file is known, and so its statements were read.
  var isRead = false
  private var mayLackImports = false
  private var statementsLost: [SourceSpan] = []
  private var namesLost: Set<String> = []
  /// Messages around the current place, groups included.
  var messageDepth = 0

  init(name: String, source: SourceText, limits: SchemaLimits) {
    var lexer = Lexer(source: source, file: name, limits: limits)
    lexer.run()
    tokens = lexer.tokens
    sink = lexer.sink
    self.limits = limits
    file = FileDescriptor(name: name, source: source)
  }

  // MARK: - Tokens

  var current: Token { tokens[index] }
  var previous: Token { tokens[max(0, index - 1)] }
  var isAtEnd: Bool { current.kind == .end }

  func bytes(of token: Token) -> ArraySlice<UInt8> {
    file.source.bytes[token.span.start..<token.span.end]
  }

  func text(of token: Token) -> String {
    String(decoding: bytes(of: token), as: UTF8.self)
  }

  mutating func advance() {
    if index + 1 < tokens.count { index += 1 }
  }

  func looking(at text: StaticString, ahead: Int = 0) -> Bool {
    let place = min(index + ahead, tokens.count - 1)
    let token = tokens[place]
    guard token.kind == .identifier || token.kind == .symbol,
      token.span.end - token.span.start == text.utf8CodeUnitCount
    else { return false }
    return bytes(of: token).elementsEqual(text.description.utf8)
  }

  mutating func take(_ text: StaticString) -> Bool {
    guard looking(at: text) else { return false }
    advance()
    return true
  }

  /// What stands here, for a message.
  var found: String {
    switch current.kind {
    case .end: "the end of the file"
    case .string: "a string"
    default: "\"\(text(of: current))\""
    }
  }

  // MARK: - Errors

  mutating func error(_ message: String, at span: SourceSpan, suggestion: String? = nil) {
    sink.error(message, in: file.name, at: span, suggestion: suggestion)
  }

  mutating func fail(_ message: String, suggestion: String? = nil) -> StatementFailure {
    error(message, at: current.span, suggestion: suggestion)
    return StatementFailure()
  }

  /// Leaves the rest of a broken statement: up to its `;`, over its block, or before the `}` of
  /// the block around it.
  mutating func skipStatement() {
    let first = startOfStatement()
    defer { recordLoss(from: first) }
    while !isAtEnd {
      if take("{", andComments: true) {
        skipRestOfBlock()
        return
      }
      if take(";", andComments: true) || looking(at: "}") { return }
      advance()
    }
  }

  /// The first token behind the last `;` or brace.
  private func startOfStatement() -> Int {
    var start = index
    while start > 0 {
      let token = tokens[start - 1]
      if token.kind == .symbol, ";{}".utf8.contains(file.source.bytes[token.span.start]) { break }
      start -= 1
    }
    return start
  }

  /// Keeps what the skipped tokens may have declared, so that it is not called missing.
  private mutating func recordLoss(from first: Int) {
    guard first < index else { return }
    let lost = tokens[first..<index]
    statementsLost.append(SourceSpan(tokens[first].span.start, tokens[index - 1].span.end))
    for token in lost where token.kind == .identifier {
      let name = text(of: token)
      if name == "import" { mayLackImports = true }
      namesLost.insert(name)
    }
  }

  /// What could not be read.
  var damage: FileDamage {
    var damage = FileDamage()
    guard sink.errorCount > 0 else { return damage }
    damage.isBroken = true
    damage.errors = sink.diagnostics.filter { $0.severity == .error }.compactMap(\.span)
    damage.statements = statementsLost
    damage.lostNames = namesLost
    damage.lacksImports = mayLackImports || !isRead
    return damage
  }

  private mutating func skipRestOfBlock() {
    var depth = 1
    while !isAtEnd, depth > 0 {
      if take("{", andComments: true) {
        depth += 1
      } else if take("}", andComments: true) {
        depth -= 1
      } else {
        advance()
      }
    }
  }

  private mutating func take(_ text: StaticString, andComments: Bool) -> Bool {
    guard looking(at: text) else { return false }
    upcoming = commentsAfterCurrent()
    advance()
    return true
  }

  // MARK: - Expectations

  mutating func expect(_ text: StaticString) throws(StatementFailure) {
    guard !take(text) else { return }
    if text.description == ";" || text.description == "=" { throw failAfterPrevious(text) }
    throw fail("expected \"\(text)\", found \(found)")
  }

  /// What is missing belongs behind the last token, which may stand on an earlier line.
  private mutating func failAfterPrevious(_ text: StaticString) -> StatementFailure {
    let end = previous.span.end
    let isSameLine = file.source.line(at: current.span.start) == file.source.line(at: end)
    let span = isSameLine ? current.span : SourceSpan(end, end + 1)
    error("expected \"\(text)\"\(isSameLine ? ", found \(found)" : "")", at: span)
    return StatementFailure()
  }

  mutating func identifier(_ what: String) throws(StatementFailure) -> (String, SourceSpan) {
    guard current.kind == .identifier else { throw fail("expected \(what), found \(found)") }
    let token = current
    advance()
    return (text(of: token), token.span)
  }

  /// One string literal, or several in a row joined.
  mutating func string(_ what: String) throws(StatementFailure) -> ([UInt8], SourceSpan) {
    guard current.kind == .string else { throw fail("expected \(what), found \(found)") }
    var span = current.span
    var value: [UInt8] = []
    while current.kind == .string {
      value += StringLiteral.value(of: bytes(of: current))
      span = span.through(current.span)
      advance()
    }
    return (value, span)
  }

  /// A string that names something: its bytes must be UTF-8.
  mutating func text(_ what: String) throws(StatementFailure) -> (String, SourceSpan) {
    let (value, span) = try string(what)
    if let text = String(validating: value, as: UTF8.self) { return (text, span) }
    error("this string is not UTF-8", at: span)
    throw StatementFailure()
  }

  /// An integer without sign, up to a bound.
  mutating func integer(
    _ what: String,
    atMost bound: UInt64 = UInt64(Int32.max)
  ) throws(StatementFailure) -> (UInt64, SourceSpan) {
    guard current.kind == .integer else { throw fail("expected \(what), found \(found)") }
    let token = current
    advance()
    if let value = IntegerLiteral.value(of: bytes(of: token)), value <= bound {
      return (value, token.span)
    }
    error("the number is out of range: at most \(bound)", at: token.span)
    return (0, token.span)
  }

  /// An integer of 32 bits with or without a minus.
  mutating func signedInteger(
    _ what: String
  ) throws(StatementFailure) -> (Int32, SourceSpan) {
    let start = current.span
    let isNegative = take("-")
    let bound = UInt64(Int32.max) + (isNegative ? 1 : 0)
    let (value, span) = try integer(what, atMost: bound)
    let signed = isNegative ? -Int64(value) : Int64(value)
    return (Int32(truncatingIfNeeded: signed), start.through(span))
  }
}

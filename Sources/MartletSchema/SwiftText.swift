/// Swift source as it grows: lines with their indentation.
struct SwiftText {
  /// The formatter's column limit.
  static let lineLimit = 100

  private(set) var lines: [String] = []
  private(set) var depth = 0

  /// Everything written, with a line end after each line.
  var text: String { lines.joined(separator: "\n") + "\n" }

  /// Room left on a line at the current depth.
  var width: Int { Self.lineLimit - 2 * depth }

  init() {}

  /// An empty text at the same depth as `other`, to which its lines may be added.
  init(beside other: SwiftText) {
    depth = other.depth
  }

  /// Adds all lines of a text that was made beside this one.
  mutating func append(_ other: SwiftText) {
    lines += other.lines
  }

  mutating func line(_ text: String) {
    lines.append(text.isEmpty ? "" : String(repeating: " ", count: 2 * depth) + text)
  }

  /// A blank line, unless at the start of a block or after another.
  mutating func blank() {
    if let last = lines.last, !last.isEmpty, !last.hasSuffix("{") { lines.append("") }
  }

  mutating func indented(_ body: (inout SwiftText) -> Void) {
    depth += 1
    body(&self)
    depth -= 1
  }

  /// `head {`, the body, `}`.
  mutating func block(_ head: String, _ body: (inout SwiftText) -> Void) {
    line(head + " {")
    let start = lines.count
    indented(body)
    if lines.count == start {
      lines[start - 1] += "}"
    } else {
      line("}")
    }
  }

  /// A function of one statement; its parameters go on lines of their own where one is too short.
  ///
  /// - Parameters:
  ///   - head: up to the opening parenthesis.
  ///   - parameters: the parameters.
  ///   - tail: what stands between the closing parenthesis and the brace.
  ///   - body: the statements.
  mutating func function(
    _ head: String,
    _ parameters: [String],
    _ tail: String,
    body: (inout SwiftText) -> Void
  ) {
    var lines = signature(head, parameters, tail + " {")
    if let last = lines.last, last.count > width { lines.replaceLast(with: result(tail)) }
    for part in lines { line(part) }
    indented(body)
    line("}")
  }

  /// The end of a function's head where it is too long for one line, as the formatter breaks it.
  private func result(_ tail: String) -> [String] {
    if tail.count + 1 <= width { return [")" + tail, "{"] }
    if tail.hasSuffix(">"), let open = tail.firstIndex(of: "<") {
      let arguments = tail[tail.index(after: open)...].dropLast()
      let start = ")" + tail[...open]
      if arguments.count + 2 <= width { return [start, "  " + arguments, "> {"] }
      let parts = arguments.split(separator: ", ")
      return [start, "  " + parts.joined(separator: ",\n  "), "> {"]
        .flatMap { $0.split(separator: "\n").map(String.init) }
    }
    let parts = tail.split(separator: " -> ", maxSplits: 1).map(String.init)
    return [")" + parts[0]] + parts.dropFirst().map { "  -> " + $0 } + ["{"]
  }

  /// A call or signature on one line or, where that is too long, on one line per part.
  func signature(_ head: String, _ parts: [String], _ tail: String) -> [String] {
    let line = "\(head)(\(parts.joined(separator: ", ")))\(tail)"
    if line.count <= width { return [line] }
    let last = parts.count - 1
    return ["\(head)("]
      + parts.enumerated().map { "  \($1)\($0 == last ? "" : ",")" } + [")\(tail)"]
  }

  /// A statement in braces on one line where it fits, `if a { b }`, otherwise on three.
  mutating func statement(_ head: String, _ body: String) {
    let line = "\(head) { \(body) }"
    if line.count <= width {
      self.line(line)
    } else {
      block(head) { $0.line(body) }
    }
  }
}

extension [String] {
  fileprivate mutating func replaceLast(with lines: [String]) {
    removeLast()
    append(contentsOf: lines)
  }
}

// Documentation.

extension SwiftText {
  /// Documentation from a schema's comment, or a given text where there is none.
  ///
  /// The first sentence becomes the summary, in a paragraph of its own as Swift's tools want it.
  mutating func documentation(_ comments: SourceComments, otherwise: String, isDeprecated: Bool) {
    var paragraphs = Self.paragraphs(comments.leading ?? comments.trailing ?? "")
    if paragraphs.isEmpty { paragraphs = [[otherwise]] }
    if let (summary, rest) = Self.splitSummary(paragraphs[0]) {
      paragraphs.replaceSubrange(0..<1, with: [summary, rest])
    }
    for (index, paragraph) in paragraphs.enumerated() {
      if index > 0 { line("///") }
      for text in paragraph { documentationLine(text) }
    }
    // Types have no attribute: other generated code uses them, and would warn of it.
    if isDeprecated {
      line("///")
      line("/// Deprecated in the schema.")
    }
  }

  /// One paragraph of documentation, wrapped.
  mutating func documentation(_ text: String) {
    documentationLine(text)
  }

  private mutating func documentationLine(_ text: String) {
    var rest = Substring(text)
    while rest.count + 4 > width, let space = rest.prefix(width - 4).lastIndex(of: " ") {
      line("/// " + rest[..<space])
      rest = rest[rest.index(after: space)...]
    }
    line("/// " + rest)
  }

  /// A comment's lines by paragraph, without the space that follows `//` and without what is meant
  /// for `martletc check`.
  private static func paragraphs(_ comment: String) -> [[String]] {
    var paragraphs: [[String]] = [[]]
    for line in SourceComments.lines(of: comment) {
      if LintIgnores.isDirective(line) { continue }
      var text = line.hasPrefix(" ") ? line.dropFirst() : line
      while let last = text.last, last.isWhitespace { text.removeLast() }
      if text.isEmpty {
        paragraphs.append([])
      } else {
        paragraphs[paragraphs.count - 1].append(inOneLine(text))
      }
    }
    return paragraphs.filter { !$0.isEmpty }
  }

  /// A text without what Swift, in whose comments it will stand, takes for the end of a line.
  static func inOneLine(_ text: some StringProtocol) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !["\r", "\n", "\0"].contains(scalar) {
      scalars.append(scalar)
    }
    return String(scalars)
  }

  /// Parts the first sentence from the rest of its paragraph; nil when it is all there is.
  private static func splitSummary(_ lines: [String]) -> (summary: [String], rest: [String])? {
    for (index, line) in lines.enumerated() {
      guard let end = sentenceEnd(in: line, isLast: index == lines.count - 1) else { continue }
      let summary = lines[..<index] + [String(line[..<end])]
      var rest = Array(lines[(index + 1)...])
      let remainder = line[end...].drop { $0 == " " }
      if !remainder.isEmpty { rest.insert(String(remainder), at: 0) }
      return (Array(summary), rest)
    }
    return nil
  }

  /// Where a sentence ends within a line: after a mark that a space or the line's end follows.
  private static func sentenceEnd(in line: String, isLast: Bool) -> String.Index? {
    var index = line.startIndex
    while index < line.endIndex {
      let next = line.index(after: index)
      if ".!?".contains(line[index]) {
        if next == line.endIndex { return isLast ? nil : next }
        if line[next] == " " { return next }
      }
      index = next
    }
    return nil
  }
}

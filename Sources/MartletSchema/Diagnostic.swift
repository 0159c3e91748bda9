/// Something to tell about a schema: where, what, and perhaps how to mend it.
package struct Diagnostic: Sendable, Hashable {
  package enum Severity: String, Sendable, Hashable {
    case error
    case warning
  }

  package var severity: Severity
  /// The file as its importers call it.
  package var file: String
  /// nil when it concerns the file as a whole, such as one that cannot be read.
  package var span: SourceSpan?
  package var message: String
  /// What the author may have meant.
  package var suggestion: String?
  /// The name of the rule of `martletc check` or `martletc breaking` that found it.
  package var rule: String?

  package init(
    severity: Severity,
    file: String,
    span: SourceSpan?,
    message: String,
    suggestion: String? = nil,
    rule: String? = nil
  ) {
    self.severity = severity
    self.file = file
    self.span = span
    self.message = message
    self.suggestion = suggestion
    self.rule = rule
  }
}

extension Diagnostic {
  /// The text for a terminal: `file:line:column: error: message`, the rule's name if it has one, the
  /// line, and carets under the span as far as it stands on that line.
  ///
  /// - Parameters:
  ///   - source: the file's text; without it the place is left out.
  ///   - path: the path to print when it differs from the import path.
  /// - Returns: one line, or three, each with its end.
  package func rendered(source: SourceText?, path: String? = nil) -> String {
    let hint = (suggestion.map { "; \($0)" } ?? "") + (rule.map { " [\($0)]" } ?? "")
    guard let span, let source else {
      return "\(path ?? file): \(severity.rawValue): \(message)\(hint)\n"
    }
    let line = source.line(at: span.start)
    let column = source.column(at: span.start)
    let head = "\(path ?? file):\(line + 1):\(column): \(severity.rawValue): \(message)\(hint)\n"
    let text = String(decoding: source.lineBytes(line), as: UTF8.self)
    return head + Self.printable(text) + "\n" + carets(under: span, line: line, in: source) + "\n"
  }

  /// Spaces up to the span, tabs kept so that a terminal lines both up, then carets.
  private func carets(under span: SourceSpan, line: Int, in source: SourceText) -> String {
    let start = source.lineStarts[line]
    let lineEnd = source.lineBytes(line).endIndex
    let before = String(decoding: source.bytes[start..<max(start, span.start)], as: UTF8.self)
    let end = max(min(span.end, lineEnd), min(span.start, lineEnd))
    let marked = source.bytes[min(span.start, end)..<end].count { $0 & 0xC0 != 0x80 }
    let padding = before.unicodeScalars.map { $0 == "\t" ? "\t" : " " }.joined()
    return padding + String(repeating: "^", count: max(1, marked))
  }

  /// Control characters would garble a terminal; each becomes one visible character.
  private static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      result.append(isControl && scalar != "\t" ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}

/// Collects what a run finds, up to a limit.
struct DiagnosticSink {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var errorCount = 0
  let errorLimit: Int

  init(errorLimit: Int) {
    self.errorLimit = errorLimit
  }

  var isFull: Bool { errorCount >= errorLimit }

  mutating func report(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error {
      errorCount += 1
      if errorCount > errorLimit { return }
    } else if diagnostics.count >= 2 * errorLimit {
      return
    }
    diagnostics.append(diagnostic)
  }

  mutating func error(
    _ message: String,
    in file: String,
    at span: SourceSpan?,
    suggestion: String? = nil
  ) {
    report(
      Diagnostic(
        severity: .error,
        file: file,
        span: span,
        message: message,
        suggestion: suggestion
      )
    )
  }

  mutating func warning(
    _ message: String,
    in file: String,
    at span: SourceSpan?,
    rule: String? = nil
  ) {
    report(Diagnostic(severity: .warning, file: file, span: span, message: message, rule: rule))
  }

  mutating func append(contentsOf other: DiagnosticSink) {
    for diagnostic in other.diagnostics { report(diagnostic) }
  }
}

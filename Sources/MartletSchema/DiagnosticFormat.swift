/// How diagnostics are written: for people, for GitHub's annotations, for programs.
package enum DiagnosticFormat: String, Sendable, CaseIterable {
  /// `file:line:column: error: message [RULE]`, the line, and carets under the span.
  case text
  /// A workflow command a line: `::error file=…,line=…,col=…,title=RULE::message`.
  case github
  /// A JSON object a line: file, line, column, endLine, endColumn, severity, rule, message,
  /// suggestion.
  case json
}

extension Diagnostic {
  /// The text in a format, with its line end.
  ///
  /// - Parameters:
  ///   - format: who reads it.
  ///   - source: the file's text; without it the place is left out.
  ///   - path: the path to print when it differs from the import path.
  /// - Returns: whole lines.
  package func rendered(
    as format: DiagnosticFormat,
    source: SourceText?,
    path: String? = nil
  ) -> String {
    switch format {
    case .text: rendered(source: source, path: path)
    case .github: workflowCommand(place: Place(span, in: source), path: path ?? file)
    case .json: jsonLine(place: Place(span, in: source), path: path ?? file)
    }
  }

  /// Lines and columns from 1; the end is one past the last character.
  private struct Place {
    var line: Int
    var column: Int
    var endLine: Int
    var endColumn: Int

    init?(_ span: SourceSpan?, in source: SourceText?) {
      guard let span, let source else { return nil }
      line = source.line(at: span.start) + 1
      column = source.column(at: span.start)
      endLine = source.line(at: span.end) + 1
      endColumn = source.column(at: span.end)
    }
  }

  // https://docs.github.com/actions/reference/workflow-commands-for-github-actions
  private func workflowCommand(place: Place?, path: String) -> String {
    var properties = ["file=\(Self.property(path))"]
    if let place {
      properties += ["line=\(place.line)", "endLine=\(place.endLine)", "col=\(place.column)"]
      if place.line == place.endLine { properties.append("endColumn=\(place.endColumn)") }
    }
    if let rule { properties.append("title=\(Self.property(rule))") }
    let text = message + (suggestion.map { "; \($0)" } ?? "")
    return "::\(severity.rawValue) \(properties.joined(separator: ","))::\(Self.data(text))\n"
  }

  private static func data(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar {
      case "%": "%25"
      case "\r": "%0D"
      case "\n": "%0A"
      default: String(scalar)
      }
    }.joined()
  }

  private static func property(_ text: String) -> String {
    data(text).map { character in
      switch character {
      case ":": "%3A"
      case ",": "%2C"
      default: String(character)
      }
    }.joined()
  }

  private func jsonLine(place: Place?, path: String) -> String {
    var members = ["\"file\":\(Self.jsonString(path))"]
    if let place {
      members += [
        "\"line\":\(place.line)", "\"column\":\(place.column)",
        "\"endLine\":\(place.endLine)", "\"endColumn\":\(place.endColumn)",
      ]
    }
    members.append("\"severity\":\"\(severity.rawValue)\"")
    if let rule { members.append("\"rule\":\(Self.jsonString(rule))") }
    members.append("\"message\":\(Self.jsonString(message))")
    if let suggestion { members.append("\"suggestion\":\(Self.jsonString(suggestion))") }
    return "{\(members.joined(separator: ","))}\n"
  }

  private static func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\u{0}"..<" ", "\u{7F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

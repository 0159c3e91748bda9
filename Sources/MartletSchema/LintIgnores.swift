// Comments that switch rules off in one place.
//
//   // martletc:ignore RULE, RULE: why        the declaration it belongs to, and all in it
//   // martletc:ignore-file RULE: why         the whole file
//
// A comment belongs to a declaration as documentation does: it stands before it, or behind it on
// the same line. RULE may be a category too.

/// The ignoring comments of one file, and which of them were needed.
struct LintIgnores {
  /// The start of every instruction to this program in a comment.
  static let marker = "martletc:"

  private struct Directive {
    var name: String
    /// Where it applies; nil for the whole file.
    var scope: SourceSpan?
    /// Where it is written.
    var place: SourceSpan?
    var isUsed = false
  }

  private var directives: [Directive] = []
  /// Instructions that do not exist, with their places.
  private(set) var unknown: [(SourceSpan?, String)] = []

  init(_ file: FileDescriptor) {
    for location in file.locations where !location.comments.isEmpty {
      for line in Self.lines(of: location.comments) { add(line, at: location, in: file) }
    }
  }

  /// Whether a line of a comment is an instruction, and no documentation.
  static func isDirective(_ line: some StringProtocol) -> Bool {
    line.drop { $0 == " " || $0 == "\t" || $0 == "*" }.hasPrefix(marker)
  }

  /// Whether a comment asks for a finding to be left out.
  mutating func cover(_ finding: Diagnostic) -> Bool {
    guard let rule = finding.rule.flatMap(LintRule.init) else { return false }
    var isCovered = false
    for index in directives.indices {
      let directive = directives[index]
      guard directive.name == rule.rawValue || rule.hasCategory(directive.name) else { continue }
      if let scope = directive.scope {
        guard let span = finding.span, scope.start <= span.start, span.start < scope.end else {
          continue
        }
      }
      directives[index].isUsed = true
      isCovered = true
    }
    return isCovered
  }

  /// The names in comments that covered nothing, with their places.
  var unused: [(SourceSpan?, String)] {
    directives.filter { !$0.isUsed }.map { ($0.place, $0.name) }
  }

  private static func lines(of comments: SourceComments) -> [Substring] {
    let texts = comments.leadingDetached + [comments.leading, comments.trailing].compactMap(\.self)
    return texts.flatMap(SourceComments.lines).filter(isDirective)
  }

  private mutating func add(
    _ line: Substring,
    at location: SourceLocation,
    in file: FileDescriptor
  ) {
    guard let start = line.firstRange(of: Self.marker)?.upperBound else { return }
    var rest = line[start...]
    let verb = rest.prefix { !$0.isWhitespace }
    rest = rest.dropFirst(verb.count)
    let text = line.drop { $0 == " " || $0 == "\t" || $0 == "*" }
    let place = Self.place(of: text, near: location.span, in: file.source)
    guard verb == "ignore" || verb == "ignore-file" else {
      unknown.append((place, String(verb)))
      return
    }
    let scope = verb == "ignore" ? location.span : nil
    for name in Self.names(in: rest) {
      directives.append(Directive(name: name.uppercased(), scope: scope, place: place))
    }
  }

  /// The names up to a colon, parted by commas or blanks.
  private static func names(in text: Substring) -> [String] {
    text.prefix { $0 != ":" }.split { $0 == "," || $0.isWhitespace }.map(String.init)
  }

  /// Where a line of a comment is written: the nearest such text before the declaration's end.
  private static func place(
    of text: Substring,
    near span: SourceSpan,
    in source: SourceText
  ) -> SourceSpan? {
    let wanted = Array(text.utf8)
    let last = min(source.line(at: span.start) + 1, source.lineStarts.count - 1)
    let first = max(0, last - 50)
    for line in (first...last).reversed() {
      let bytes = source.lineBytes(line)
      guard let start = bytes.firstRange(of: wanted) else { continue }
      return SourceSpan(start.lowerBound, start.upperBound)
    }
    return nil
  }
}

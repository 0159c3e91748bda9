/// What could not be read of a file.
struct FileDamage {
  /// Where the parser complained.
  var errors: [SourceSpan] = []
  /// The statements that were left out.
  var statements: [SourceSpan] = []
  /// Words of those statements: what they may have declared.
  var lostNames: Set<String> = []
  /// Whether an import could not be read, or a statement that may have been one.
  var lacksImports = false
  /// Whether the file has errors for any reason, all of which have been reported.
  var isBroken = false

  init() {}

  /// Whether a statement between two places was left out.
  func holdsStatement(between first: SourceSpan, and second: SourceSpan) -> Bool {
    statements.contains { $0.start >= first.end && $0.end <= second.start }
  }
}

extension SourceSpan {
  func overlaps(_ other: SourceSpan) -> Bool {
    start < max(other.end, other.start + 1) && other.start < max(end, start + 1)
  }
}

// SourceCodeInfo: where each element stands and which comments belong to it.

extension FileParser {
  /// An element being read.
  struct Place {
    /// Of its entry in `file.locations`.
    var index: Int
    /// The path around it, restored when it ends.
    var outer: [Int32]
  }

  /// Begins an element below the current one, at the current token or where given.
  mutating func begin(_ components: Int32..., at start: SourceSpan? = nil) -> Place {
    begin(path + components, at: start)
  }

  /// Begins an element anywhere.
  mutating func begin(_ wholePath: [Int32], at start: SourceSpan? = nil) -> Place {
    let place = Place(index: file.locations.count, outer: path)
    path = wholePath
    file.locations.append(SourceLocation(path: wholePath, span: start ?? current.span))
    return place
  }

  /// Ends an element with the token before the current one.
  mutating func end(_ place: Place) {
    path = place.outer
    let start = file.locations[place.index].span.start
    // protoc lets a file without tokens end where it begins.
    file.locations[place.index].span.end = tokens.count > 1 ? max(start, previous.span.end) : 0
  }

  /// An element that has been read already.
  mutating func record(_ components: Int32..., at span: SourceSpan) {
    file.locations.append(SourceLocation(path: path + components, span: span))
  }

  /// From the element's first token to the last one read.
  func span(of place: Place) -> SourceSpan {
    SourceSpan(file.locations[place.index].span.start, previous.span.end)
  }

  func comments(of place: Place) -> SourceComments {
    file.locations[place.index].comments
  }

  // MARK: - Comments

  /// Takes the `;`, `{` or `}` that ends a declaration or its head, and gives the declaration its
  /// comments: what stood before it and what trails here.
  mutating func endDeclaration(_ text: StaticString, of place: Place?) throws(StatementFailure) {
    if takeEnd(text, of: place) { return }
    do throws(StatementFailure) {
      try expect(text)
    } catch {
      // Only the semicolon at the end of a line is missing: the next line is a new statement.
      let end = file.source.line(at: previous.span.end)
      let isNextLine = !isAtEnd && file.source.line(at: current.span.start) > end
      if text.description != ";" || !isNextLine { throw error }
    }
  }

  /// As `endDeclaration`, when it stands here.
  mutating func takeEnd(_ text: StaticString, of place: Place?) -> Bool {
    guard looking(at: text) else { return false }
    let gap = commentsAfterCurrent()
    if let place {
      file.locations[place.index].comments.leading = upcoming.leading
      file.locations[place.index].comments.trailing = gap.trailing
      file.locations[place.index].comments.leadingDetached = upcoming.detached
      upcoming.detached = gap.detached
    } else if text.description == "}" {
      upcoming.detached = gap.detached
    } else {
      upcoming.detached += gap.detached
    }
    upcoming.leading = gap.leading
    advance()
    return true
  }

  func commentsAfterCurrent() -> GapComments {
    comments(in: SourceSpan(current.span.end, tokens[min(index + 1, tokens.count - 1)].span.start))
  }

  /// The comments before the first token.
  mutating func readFirstComments() {
    upcoming = comments(in: SourceSpan(0, tokens[0].span.start))
  }

  private func comments(in gap: SourceSpan) -> GapComments {
    let next = gap.end < file.source.bytes.count ? file.source.bytes[gap.end] : 0
    return CommentReader.comments(
      in: gap,
      of: file.source.bytes,
      isFileStart: gap.start == 0,
      closesScope: next == 0 || next == UInt8(ascii: "}") || next == UInt8(ascii: "]")
        || next == UInt8(ascii: ")")
    )
  }
}

// Which comment belongs to which declaration: the rules of protoc's tokenizer
// (google/protobuf/io/tokenizer.h, NextWithComments), which tools that read descriptors expect.
//
// After a `;`, `{` or `}` a comment is
//  - trailing, when it starts on the same line, or stands below and a blank line follows it;
//  - leading for the next declaration, when nothing but it stands between the two;
//  - detached otherwise, one entry a paragraph.
// Line comments on consecutive lines are one comment; a block comment is one of its own.

/// The comments between two tokens.
struct GapComments {
  /// Belongs to the declaration before.
  var trailing: String?
  /// Belong to no declaration; told with the one after.
  var detached: [String] = []
  /// Belongs to the declaration after.
  var leading: String?
}

/// Reads the comments of one gap.
struct CommentReader {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private var result = GapComments()

  /// The comment being read.
  private var pending: [UInt8]?
  private var isPendingLineComment = false
  private var canTrail = true
  /// Comments settled so far, apart from the pending one.
  private var settledCount = 0
  /// Where a block comment ended that began on the line of the token before.
  private var sharedFrom: Int?

  /// Reads the comments between two tokens.
  ///
  /// - Parameters:
  ///   - gap: the place between the tokens: blanks and well-formed comments.
  ///   - bytes: the file.
  ///   - isFileStart: no token stands before the gap.
  ///   - closesScope: the token after the gap is `}`, `]`, `)` or the end of the file.
  /// - Returns: the comments by where they belong.
  static func comments(
    in gap: SourceSpan,
    of bytes: [UInt8],
    isFileStart: Bool,
    closesScope: Bool
  ) -> GapComments {
    guard gap.start < gap.end else { return GapComments() }
    var reader = CommentReader(bytes: bytes, position: gap.start, end: gap.end)
    reader.read(isFileStart: isFileStart, closesScope: closesScope)
    return reader.result
  }

  private init(bytes: [UInt8], position: Int, end: Int) {
    self.bytes = bytes
    self.position = position
    self.end = end
  }

  private mutating func read(isFileStart: Bool, closesScope: Bool) {
    if isFileStart {
      if bytes[position] == 0xEF { position += 3 }
      canTrail = false
    } else {
      guard readSameLine() else { return }
    }
    while position < end {
      skipBlanksInLine()
      if readLineComment() { continue }
      if readBlockComment() {
        skipBlanksInLine()
        _ = take(UInt8(ascii: "\n"))
        continue
      }
      guard take(UInt8(ascii: "\n")) else { break }
      settle()
      canTrail = false
    }
    if let sharedFrom, !bytes[sharedFrom..<end].contains(UInt8(ascii: "\n")) {
      detachOnlyComment()
    }
    if closesScope { settle() }
    result.leading = pending.map { String(decoding: $0, as: UTF8.self) }
  }

  /// A comment on the line of the token before; false when the next token stands on that line too
  /// and there is none.
  private mutating func readSameLine() -> Bool {
    skipBlanksInLine()
    if readLineComment() {
      settle()
      return true
    }
    if readBlockComment() {
      settle()
      sharedFrom = position
      return true
    }
    return take(UInt8(ascii: "\n"))
  }

  /// A comment is complete and does not lead the next token.
  private mutating func settle() {
    guard let comment = pending else { return }
    let text = String(decoding: comment, as: UTF8.self)
    if canTrail {
      result.trailing = text
      canTrail = false
    } else {
      result.detached.append(text)
    }
    settledCount += 1
    pending = nil
  }

  /// Both tokens and a single comment share a line: it belongs to neither.
  private mutating func detachOnlyComment() {
    guard settledCount + (pending == nil ? 0 : 1) == 1 else { return }
    if let trailing = result.trailing {
      result.detached.insert(trailing, at: 0)
      result.trailing = nil
    }
    settle()
  }

  // MARK: - Bytes

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < end, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanksInLine() {
    while position < end, bytes[position].isBlank, bytes[position] != UInt8(ascii: "\n") {
      position += 1
    }
  }

  private func looking(at second: UInt8) -> Bool {
    position + 1 < end && bytes[position] == UInt8(ascii: "/") && bytes[position + 1] == second
  }

  private mutating func readLineComment() -> Bool {
    guard looking(at: UInt8(ascii: "/")) else { return false }
    position += 2
    if pending != nil, !isPendingLineComment { settle() }
    let start = position
    while position < end, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    if position < end { position += 1 }
    if pending == nil { pending = [] }
    pending?.append(contentsOf: bytes[start..<position])
    isPendingLineComment = true
    return true
  }

  private mutating func readBlockComment() -> Bool {
    guard looking(at: UInt8(ascii: "*")) else { return false }
    position += 2
    settle()
    var text: [UInt8] = []
    while position < end {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "*"), take(UInt8(ascii: "/")) { break }
      text.append(byte)
      guard byte == UInt8(ascii: "\n") else { continue }
      skipBlanksInLine()
      if take(UInt8(ascii: "*")), take(UInt8(ascii: "/")) { break }
    }
    pending = text
    isPendingLineComment = false
    return true
  }
}

/// A part of a file's text, in bytes.
package struct SourceSpan: Sendable, Hashable {
  package var start: Int
  /// One past the last byte.
  package var end: Int

  package init(_ start: Int, _ end: Int) {
    self.start = start
    self.end = end
  }

  /// From the start of this to the end of the other.
  package func through(_ other: SourceSpan) -> SourceSpan {
    SourceSpan(start, max(end, other.end))
  }
}

/// The comments that belong to an element, without their markers, attached by protoc's rules.
package struct SourceComments: Sendable, Hashable {
  /// Paragraphs before the element that a blank line parts from it.
  package var leadingDetached: [String] = []
  package var leading: String?
  package var trailing: String?

  package init() {}

  package var isEmpty: Bool { leadingDetached.isEmpty && leading == nil && trailing == nil }

  /// The lines of a comment, wherever it was written: what stands before `\n` or `\r\n`, which is a
  /// character of its own in Swift.
  static func lines(of comment: String) -> [Substring] {
    comment.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
  }
}

/// SourceCodeInfo.Location.
package struct SourceLocation: Sendable, Hashable {
  /// Field numbers and indices from FileDescriptorProto down to the element.
  package var path: [Int32]
  package var span: SourceSpan
  package var comments = SourceComments()
}

/// The bytes of a file with the starts of its lines.
package struct SourceText: Sendable, Hashable {
  package let bytes: [UInt8]
  /// The offset of each line's first byte; the first is 0.
  package let lineStarts: [Int]

  /// - Complexity: O(bytes).
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var starts = [0]
    for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
      starts.append(index + 1)
    }
    lineStarts = starts
  }

  package init(_ text: String) {
    self.init(Array(text.utf8))
  }

  /// The line that holds a byte, counted from 0.
  /// - Complexity: O(log lines).
  package func line(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The bytes of a line, counted from 0, without its end.
  package func lineBytes(_ line: Int) -> ArraySlice<UInt8> {
    let start = lineStarts[line]
    var end = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return bytes[start..<end]
  }

  /// The column of a byte within its line, counted from 1 in characters (Unicode scalars).
  package func column(at offset: Int) -> Int {
    let start = lineStarts[line(at: offset)]
    return 1 + bytes[start..<min(offset, bytes.count)].count { $0 & 0xC0 != 0x80 }
  }
}

extension SourceText {
  /// The place of the first bytes that are not UTF-8.
  static func invalidUTF8(in bytes: [UInt8]) -> SourceSpan? {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
      return nil
    } catch {
      return SourceSpan(error.byteOffsets.lowerBound, error.byteOffsets.upperBound)
    }
  }
}

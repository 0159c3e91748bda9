// SourceCodeInfo without the text it is about: places are kept as offsets into a blank text of the
// same shape, whose lines are as long as the places need, so that an offset still tells line and
// column.

struct SourceInfoReader {
  private(set) var source = SourceText([])
  private(set) var locations: [SourceLocation] = []
  /// The first location of each path.
  private var indices: [[Int32]: Int] = [:]

  /// A file without places.
  init() {}

  /// - Parameters:
  ///   - bytes: a SourceCodeInfo.
  ///   - limits: how large the blank text may be.
  /// - Throws: when the bytes are not that or tell of impossible places.
  init(_ bytes: ArraySlice<UInt8>, limits: SchemaLimits) throws(DescriptorError) {
    var spans: [Span] = []
    for part in try ProtoMessage(bytes).all(1) {
      let location = try ProtoMessage(part)
      spans.append(try Span(location.int32s(2)))
      let path = try location.int32s(1)
      indices[path] = indices[path] ?? locations.count
      locations.append(SourceLocation(path: path, span: SourceSpan(0, 0)))
      locations[locations.count - 1].comments.leading = try location.string(3)
      locations[locations.count - 1].comments.trailing = try location.string(4)
      locations[locations.count - 1].comments.leadingDetached = try location.strings(6)
    }
    source = try Self.blankText(for: spans, limits: limits)
    for (index, span) in spans.enumerated() {
      let start = source.lineStarts[span.startLine] + span.startColumn
      let end = source.lineStarts[span.endLine] + span.endColumn
      locations[index].span = SourceSpan(start, end)
    }
  }

  func comments(_ path: [Int32]) -> SourceComments {
    indices[path].map { locations[$0].comments } ?? SourceComments()
  }

  /// The place of an element; the file's start when it is not known.
  func span(_ path: [Int32]) -> SourceSpan {
    knownSpan(path) ?? SourceSpan(0, 0)
  }

  func knownSpan(_ path: [Int32]) -> SourceSpan? {
    indices[path].map { locations[$0].span }
  }

  /// Lines and columns from 0.
  private struct Span {
    var startLine: Int
    var startColumn: Int
    var endLine: Int
    var endColumn: Int

    init(_ numbers: [Int32]) throws(DescriptorError) {
      let numbers = numbers.map(Int.init)
      guard numbers.count == 3 || numbers.count == 4, numbers.allSatisfy({ $0 >= 0 }) else {
        throw DescriptorError("a place in the source info is not three or four numbers")
      }
      startLine = numbers[0]
      startColumn = numbers[1]
      endLine = numbers.count == 4 ? numbers[2] : numbers[0]
      endColumn = numbers[numbers.count - 1]
      guard (startLine, startColumn) <= (endLine, endColumn) else {
        throw DescriptorError("a place in the source info ends before it starts")
      }
    }
  }

  private static func blankText(
    for spans: [Span],
    limits: SchemaLimits
  ) throws(DescriptorError) -> SourceText {
    let tooLarge = DescriptorError("a place in the source info lies outside of any file")
    let lines = 1 + (spans.map(\.endLine).max() ?? -1)
    guard lines <= limits.blankTextBytes else { throw tooLarge }
    var widths = [Int](repeating: 0, count: lines)
    for span in spans {
      widths[span.startLine] = max(widths[span.startLine], span.startColumn)
      widths[span.endLine] = max(widths[span.endLine], span.endColumn)
    }
    guard widths.reduce(lines, +) <= limits.blankTextBytes else { throw tooLarge }
    var bytes: [UInt8] = []
    for (line, width) in widths.enumerated() {
      if line > 0 { bytes.append(UInt8(ascii: "\n")) }
      bytes += repeatElement(UInt8(ascii: " "), count: width)
    }
    return SourceText(bytes)
  }
}

// SourceCodeInfo: places as protoc counts them, lines and columns from 0, a tab to the next
// multiple of 8.

struct SourceInfoWriter {
  private let source: SourceText
  /// The line of the last place: the next is most often on it or on the one after.
  private var lastLine = 0
  /// The last start of a place, and its column: in a file of one long line, counting from the
  /// line's start each time would take the square of its length.
  private var lastStart = (offset: 0, column: 0)

  static func write(_ file: FileDescriptor, to bytes: inout ProtoBytes) {
    var writer = SourceInfoWriter(source: file.source)
    let options = OptionPaths(file)
    // What stands below an option's location described its text, not its meaning.
    var dropped: [Int32]?
    for location in file.locations {
      if let prefix = dropped, location.path.starts(with: prefix) { continue }
      dropped = nil
      var path = location.path
      if let meaning = options.meaning(of: path) {
        dropped = path
        guard let meaning else { continue }
        path = meaning
      }
      bytes.message(1) { writer.write(location, path: path, to: &$0) }
    }
  }

  private init(source: SourceText) {
    self.source = source
  }

  private mutating func write(
    _ location: SourceLocation,
    path: [Int32],
    to bytes: inout ProtoBytes
  ) {
    if !path.isEmpty { bytes.field(1, packed: path) }
    bytes.message(2) { writeSpan(location.span, to: &$0) }
    if let leading = location.comments.leading { bytes.field(3, leading) }
    if let trailing = location.comments.trailing { bytes.field(4, trailing) }
    for detached in location.comments.leadingDetached { bytes.field(6, detached) }
  }

  /// Line and column of the start, the end's line where it is another, and the end's column.
  private mutating func writeSpan(_ span: SourceSpan, to bytes: inout ProtoBytes) {
    let startLine = line(at: span.start)
    let lineStart = source.lineStarts[startLine]
    if lastStart.offset < lineStart || lastStart.offset > span.start { lastStart = (lineStart, 0) }
    let startColumn = column(after: lastStart.column, from: lastStart.offset, to: span.start)
    lastStart = (span.start, startColumn)
    bytes.varint(UInt64(startLine))
    bytes.varint(UInt64(startColumn))
    let endLine = line(at: span.end)
    // A file of comments alone ends before it starts, as in protoc.
    if endLine == startLine, span.end >= span.start {
      bytes.varint(UInt64(column(after: startColumn, from: span.start, to: span.end)))
      return
    }
    if endLine != startLine { bytes.varint(UInt64(endLine)) }
    bytes.varint(UInt64(column(after: 0, from: source.lineStarts[endLine], to: span.end)))
  }

  private mutating func line(at offset: Int) -> Int {
    let starts = source.lineStarts
    for line in lastLine...lastLine + 1 where line < starts.count && starts[line] <= offset {
      if line + 1 == starts.count || offset < starts[line + 1] {
        lastLine = line
        return line
      }
    }
    lastLine = source.line(at: offset)
    return lastLine
  }

  private func column(after column: Int, from start: Int, to end: Int) -> Int {
    let bytes = source.bytes
    var column = column
    for index in start..<max(start, end) {
      column = bytes[index] == UInt8(ascii: "\t") ? (column | 7) + 1 : column + 1
    }
    return column
  }
}

/// Where each option as written stands in the message of options: its location's path there, nil
/// for those that descriptors leave out.
private struct OptionPaths {
  private var paths: [[Int32]: [Int32]?] = [:]
  /// The locations of whole lists of options that descriptors leave out.
  private var dropped: Set<[Int32]> = []

  /// nil for a location that is no option's; nil in it for one that is left out.
  func meaning(of path: [Int32]) -> [Int32]?? {
    if !dropped.isEmpty, dropped.contains(path) { return .some(nil) }
    guard path.count > 2, path[path.count - 2] == FileParser.uninterpreted else { return nil }
    return paths[path]
  }

  init(_ file: FileDescriptor) {
    add(file.options, [8])
    for (index, message) in file.messages.enumerated() { add(message, [4, Int32(index)]) }
    for (index, enumeration) in file.enums.enumerated() { add(enumeration, [5, Int32(index)]) }
    for (index, field) in file.extensions.enumerated() { add(field.options, [7, Int32(index), 8]) }
    for (index, service) in file.services.enumerated() {
      let path = [6, Int32(index)]
      add(service.options, path + [3])
      for (position, method) in service.methods.enumerated() {
        add(method.options, path + [2, Int32(position), 4])
      }
    }
  }

  private mutating func add(_ message: MessageDescriptor, _ path: [Int32]) {
    add(message.options, path + [7])
    for (index, field) in message.fields.enumerated() {
      add(field.options, path + [2, Int32(index), 8])
    }
    for (index, field) in message.extensions.enumerated() {
      add(field.options, path + [6, Int32(index), 8])
    }
    for (index, oneof) in message.oneofs.enumerated() {
      add(oneof.options, path + [8, Int32(index), 2])
    }
    for (index, range) in message.extensionRanges.enumerated() {
      add(range.options, path + [5, Int32(index), 3])
    }
    for (index, nested) in message.messages.enumerated() { add(nested, path + [3, Int32(index)]) }
    for (index, inner) in message.enums.enumerated() { add(inner, path + [4, Int32(index)]) }
  }

  private mutating func add(_ enumeration: EnumDescriptor, _ path: [Int32]) {
    add(enumeration.options, path + [3])
    for (index, value) in enumeration.values.enumerated() {
      add(value.options, path + [2, Int32(index), 3])
    }
  }

  /// The path is only made where there are options: most elements have none.
  private mutating func add(_ options: DescriptorOptions, _ path: @autoclosure () -> [Int32]) {
    if options.fields.isEmpty { return }
    let path = path()
    if options.fields.allSatisfy(\.isSourceOnly) { dropped.insert(path) }
    var counts: [[Int32]: Int32] = [:]
    for (index, pair) in zip(options.written, options.fields).enumerated() {
      var meaning = path
      var field = pair.1
      var isSourceOnly = field.isSourceOnly
      meaning.append(field.number)
      for _ in pair.0.name.dropFirst() {
        guard case .message(let inner) = field.value, let next = inner.first else { break }
        field = next
        isSourceOnly = isSourceOnly || field.isSourceOnly
        meaning.append(field.number)
      }
      if field.isRepeated {
        let position = counts[meaning, default: 0]
        counts[meaning] = position + 1
        meaning.append(position)
      }
      let place = path + [FileParser.uninterpreted, Int32(index)]
      paths[place] = .some(isSourceOnly ? nil : meaning)
    }
  }
}

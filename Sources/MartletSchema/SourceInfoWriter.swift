// SourceCodeInfo: places as protoc counts them, lines and columns from 0, a tab to the next
// multiple of 8.

enum SourceInfoWriter {
  static func write(_ file: FileDescriptor, to bytes: inout ProtoBytes) {
    let optionPaths = OptionPaths(file).paths
    // What stands below an option's location described its text, not its meaning.
    var dropped: [Int32]?
    for location in file.locations {
      if let prefix = dropped, location.path.starts(with: prefix) { continue }
      dropped = nil
      var path = location.path
      if let meaning = optionPaths[path] {
        dropped = path
        guard let meaning else { continue }
        path = meaning
      }
      bytes.message(1) { write(location, path: path, of: file.source, to: &$0) }
    }
  }

  private static func write(
    _ location: SourceLocation,
    path: [Int32],
    of source: SourceText,
    to bytes: inout ProtoBytes
  ) {
    let (startLine, startColumn) = place(location.span.start, in: source)
    let (endLine, endColumn) = place(location.span.end, in: source)
    let isOneLine = startLine == endLine
    if !path.isEmpty { bytes.field(1, packed: path) }
    bytes.field(
      2,
      packed: [startLine, startColumn] + (isOneLine ? [endColumn] : [endLine, endColumn])
    )
    if let leading = location.comments.leading { bytes.field(3, leading) }
    if let trailing = location.comments.trailing { bytes.field(4, trailing) }
    for detached in location.comments.leadingDetached { bytes.field(6, detached) }
  }

  private static func place(_ offset: Int, in source: SourceText) -> (Int32, Int32) {
    let line = source.line(at: offset)
    var column: Int32 = 0
    for byte in source.bytes[source.lineStarts[line]..<offset] {
      column = byte == UInt8(ascii: "\t") ? (column | 7) + 1 : column + 1
    }
    return (Int32(line), column)
  }
}

/// Where each option as written stands in the message of options: its location's path there, nil
/// for those that descriptors leave out.
private struct OptionPaths {
  var paths: [[Int32]: [Int32]?] = [:]

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

  private mutating func add(_ options: DescriptorOptions, _ path: [Int32]) {
    if !options.fields.isEmpty, options.fields.allSatisfy(\.isSourceOnly) {
      paths[path] = .some(nil)
    }
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

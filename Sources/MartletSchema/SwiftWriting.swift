// What writes a message: the bound of its size, then its fields in order of their numbers.

// The bound of the size.

extension SwiftGenerator {
  func emitBound(_ message: SwiftMessage, to text: inout SwiftText) {
    var constant = 0
    var statements = SwiftText(beside: text)
    var oneofSizes: [Int: Int] = [:]
    for field in message.sortedFields {
      let single = field.tagSize + field.value.maximumSize
      switch field.shape {
      case .single, .optional, .boxed: constant += single
      case .list where field.isWrittenPacked: constant += field.tagSize + 5
      case .list, .map: break
      case .oneof(let index, _): oneofSizes[index] = max(oneofSizes[index] ?? 0, single)
      }
      emitBound(field, single: single, of: message, to: &statements)
    }
    constant += oneofSizes.values.reduce(0, +)
    let start = constant == 0 ? "unknownFields.count" : "\(constant) + unknownFields.count"
    guard !statements.lines.isEmpty else {
      text.line(start)
      return
    }
    text.line("var bound = \(start)")
    text.append(statements)
    text.line("return bound")
  }

  private func emitBound(
    _ field: SwiftField,
    single: Int,
    of message: SwiftMessage,
    to text: inout SwiftText
  ) {
    let name = field.reference
    switch field.shape {
    case .single, .optional:
      if field.value.isSized { text.line("bound += WireWriter.sizeBound(of: \(name))") }
    case .boxed:
      text.line("bound += WireWriter.sizeBound(of: \(field.boxName))")
    case .list where field.value.isSized:
      text.line("bound += WireWriter.sizeBound(of: \(name), overhead: \(single))")
    case .list:
      let each = field.value.maximumSize + (field.isWrittenPacked ? 0 : field.tagSize)
      text.line("bound += \(name).count * \(each)")
    case .map(let key):
      // Tag and length of the entry, then tag and value of its two fields.
      let each = field.tagSize + 5 + 1 + key.maximumSize + 1 + field.value.maximumSize
      text.line("bound += WireWriter.sizeBound(of: \(name), overhead: \(each))")
    case .oneof(let index, _):
      guard let size = field.value.sizeBeyond("value"),
        let oneof = message.oneofs.first(where: { $0.index == index })
      else { return }
      let property = field.oneofReference(oneof.name)
      text.statement("if case .\(field.name)(let value)? = \(property)", "bound += \(size)")
    }
  }
}

// Writing.

extension SwiftGenerator {
  func emitWrite(_ message: SwiftMessage, to text: inout SwiftText) {
    var fields = message.sortedFields[...]
    while let field = fields.first {
      guard let index = field.oneof,
        let oneof = message.oneofs.first(where: { $0.index == index })
      else {
        emitWrite(field, to: &text)
        fields.removeFirst()
        continue
      }
      // Fields of a oneof that stand together on the wire share a switch.
      let run = fields.prefix { $0.oneof == index }
      let isAll = run.count == message.fields(of: oneof).count
      text.line("switch \(field.oneofReference(oneof.name)) {")
      for member in run {
        emitCaseOfWrite(member, to: &text)
      }
      text.line(isAll ? "case nil: break" : "default: break")
      text.line("}")
      fields = fields.dropFirst(run.count)
    }
    text.line("writer.unknownFields(unknownFields)")
  }

  private func emitCaseOfWrite(_ field: SwiftField, to text: inout SwiftText) {
    let write = "writer.\(field.value.method)(value, tag: \(field.tag))"
    text.line("case .\(field.name)(let value)?: \(write)")
  }

  /// The fields of a flat message, written in line.
  func emitWriteInLine(_ message: SwiftMessage, to text: inout SwiftText) {
    text.line("var window = start")
    for field in message.sortedFields { emitWriteInLine(field, to: &text) }
    text.line("window.unknownFields(unknownFields)")
    text.line("return window")
  }

  private func emitWriteInLine(_ field: SwiftField, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    if case .optional = field.shape {
      text.statement(
        "if let value = \(name)",
        "window.\(value.method)(value, tag: \(field.tag))"
      )
    } else {
      text.statement(
        "if \(value.isSet(name))",
        "window.\(value.method)(\(name), tag: \(field.tag))"
      )
    }
  }

  private func emitWrite(_ field: SwiftField, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    let tag = "tag: \(field.tag)"
    switch field.shape {
    case .optional where value.isMessage:
      text.line("writer.message(ifSet: \(name), \(tag))")
    case .boxed:
      text.line("writer.message(ifSet: \(field.boxName), \(tag))")
    case .single:
      text.line("writer.\(value.method)(unlessDefault: \(name), \(tag))")
    case .optional:
      text.statement("if let value = \(name)", "writer.\(value.method)(value, \(tag))")
    case .list where field.isWrittenPacked:
      text.line("writer.\(value.method)(packed: \(name), \(tag))")
    case .list where value.isSized:
      let plural = value.kind == .bytes ? value.method : value.method + "s"
      text.line("writer.\(plural)(\(name), \(tag))")
    case .list:
      text.statement("for value in \(name)", "writer.\(value.method)(value, \(tag))")
    case .map(let key):
      let kinds = value.scalarKind.map { ".\(key.method), .\($0)" } ?? ".\(key.method)"
      text.line("writer.map(\(name), \(kinds), \(tag))")
    case .oneof: break
    }
  }
}

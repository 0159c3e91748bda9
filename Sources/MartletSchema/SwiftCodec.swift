// The straight-line code of a message: its name, reading, the bound of its size, writing.

extension SwiftGenerator {
  func emitCodec(of message: SwiftMessage, to text: inout SwiftText) {
    text.block("extension \(message.typeName)") { text in
      text.documentation("The name in the schema.")
      text.line("\(access)static let protoName = \"\(message.descriptor.fullName)\"")
      text.blank()
      text.documentation("For the codec: reads fields up to the end of `reader`.")
      text.block(
        "\(access)mutating func readFields(from reader: WireReader) throws(WireError)"
      ) { text in
        text.line("var reader = reader")
        text.block("while let tag = try reader.nextTag()") { emitRead(message, to: &$0) }
      }
      text.blank()
      text.documentation("For the codec: at least as many bytes as `writeFields` writes.")
      text.block("\(access)var encodedSizeBound: Int") { emitBound(message, to: &$0) }
      text.blank()
      text.documentation("For the codec: writes fields in order of their numbers.")
      text.block("\(access)func writeFields(to writer: inout WireWriter)") { text in
        emitWrite(message, to: &text)
      }
    }
  }
}

// Reading.

extension SwiftGenerator {
  private func emitRead(_ message: SwiftMessage, to text: inout SwiftText) {
    let unknown = "try reader.unknownField(tag, into: &unknownFields)"
    guard !message.fields.isEmpty else {
      text.line(unknown)
      return
    }
    text.line("switch tag {")
    for field in message.sortedFields { emitRead(field, of: message, to: &text) }
    text.line("default: \(unknown)")
    text.line("}")
  }

  private func emitRead(_ field: SwiftField, of message: SwiftMessage, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    let read = value.isMessage ? "message" : value.method
    switch field.shape {
    case .single, .optional:
      emitCase(
        field.tag,
        value.isMessage
          ? "try reader.message(into: &\(name))" : "\(name) = try reader.\(read)()",
        to: &text
      )
    case .boxed:
      emitCase(field.tag, "try reader.message(into: &\(field.boxName))", to: &text)
    case .list where value.isMessage:
      emitCase(field.tag, "try reader.message(appendingTo: &\(name))", to: &text)
    case .list:
      let single = field.tag(wireType: value.wireType)
      emitCase(single, "try \(name).append(reader.\(read)())", to: &text)
      if field.isPackable {
        let packed = field.tag(wireType: 2)
        emitCase(packed, "try reader.\(value.packedMethod)(into: &\(name))", to: &text)
      }
    case .map(let key):
      emitReadEntry(field, key: key, to: &text)
    case .oneof(let index, _):
      guard let oneof = message.oneofs.first(where: { $0.index == index }) else { return }
      emitReadCase(field, of: oneof, to: &text)
    }
  }

  private func emitCase(_ tag: UInt32, _ statement: String, to text: inout SwiftText) {
    let line = "case \(tag): \(statement)"
    if line.count <= text.width {
      text.line(line)
    } else {
      text.line("case \(tag):")
      text.indented { $0.line(statement) }
    }
  }

  private func emitReadEntry(_ field: SwiftField, key: SwiftValue, to text: inout SwiftText) {
    let value = field.value
    text.line("case \(field.tag):")
    text.indented { text in
      text.line("var entry = try reader.message()")
      text.line("var key: \(key.type) = \(key.initial)")
      text.line("var value: \(value.type) = \(value.initial)")
      text.line("var isKnown = true")
      text.block("while let tag = try entry.nextTag()") { text in
        text.line("switch tag {")
        text.line("case \(8 | key.wireType): key = try entry.\(key.method)()")
        let read =
          value.isMessage
          ? "try value.readFields(from: entry.message())" : "value = try entry.\(value.method)()"
        text.line("case \(16 | value.wireType): \(read)")
        text.line("default:")
        text.indented { text in
          text.line("isKnown = false")
          text.line("try entry.skipField(tag)")
        }
        text.line("}")
      }
      text.line("if isKnown {")
      text.indented { $0.line("\(field.reference)[key] = value") }
      text.line("} else {")
      text.indented { $0.line("reader.keepField(in: &unknownFields)") }
      text.line("}")
    }
  }

  private func emitReadCase(
    _ field: SwiftField,
    of oneof: SwiftMessage.Oneof,
    to text: inout SwiftText
  ) {
    let property = field.oneofReference(oneof.name)
    guard field.value.isMessage else {
      emitCase(
        field.tag,
        "\(property) = try .\(field.name)(reader.\(field.value.method)())",
        to: &text
      )
      return
    }
    text.line("case \(field.tag):")
    text.indented { text in
      text.line("var value = \(field.value.type)()")
      text.line("if case .\(field.name)(let held)? = \(property) { value = held }")
      text.line("try value.readFields(from: reader.message())")
      text.line("\(property) = .\(field.name)(value)")
    }
  }
}

// The bound of the size.

extension SwiftGenerator {
  private func emitBound(_ message: SwiftMessage, to text: inout SwiftText) {
    var constant = 0
    var statements = SwiftText()
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
    for line in statements.lines { text.line(line) }
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
    case .single:
      if let size = field.value.sizeBeyond(name) { text.line("bound += \(size)") }
    case .optional, .boxed:
      guard let size = field.value.sizeBeyond("value") else { return }
      text.line("if let value = \(name) { bound += \(size) }")
    case .list where field.value.isMessage:
      text.line("bound += WireWriter.sizeBound(of: \(name), overhead: \(single))")
    case .list where field.value.isSized:
      guard let size = field.value.sizeBeyond("value") else { return }
      text.line("for value in \(name) { bound += \(single) + \(size) }")
    case .list:
      let each = field.value.maximumSize + (field.isWrittenPacked ? 0 : field.tagSize)
      text.line("bound += \(name).count * \(each)")
    case .map(let key):
      emitBoundOfMap(field, key: key, to: &text)
    case .oneof(let index, _):
      guard let size = field.value.sizeBeyond("value"),
        let oneof = message.oneofs.first(where: { $0.index == index })
      else { return }
      let property = field.oneofReference(oneof.name)
      text.line("if case .\(field.name)(let value)? = \(property) { bound += \(size) }")
    }
  }

  private func emitBoundOfMap(_ field: SwiftField, key: SwiftValue, to text: inout SwiftText) {
    // Tag and length of the entry, then tag and value of its two fields.
    let each = field.tagSize + 5 + 1 + key.maximumSize + 1 + field.value.maximumSize
    let sizes = [key.sizeBeyond("key"), field.value.sizeBeyond("value")]
    let sum = sizes.compactMap(\.self).joined(separator: " + ")
    let name = field.reference
    switch (sizes[0] != nil, sizes[1] != nil) {
    case (false, false): text.line("bound += \(name).count * \(each)")
    case (true, false): text.line("for key in \(name).keys { bound += \(each) + \(sum) }")
    case (false, true): text.line("for value in \(name).values { bound += \(each) + \(sum) }")
    case (true, true): text.line("for (key, value) in \(name) { bound += \(each) + \(sum) }")
    }
  }
}

// Writing.

extension SwiftGenerator {
  private func emitWrite(_ message: SwiftMessage, to text: inout SwiftText) {
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

  private func emitWrite(_ field: SwiftField, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    switch field.shape {
    case .single:
      text.statement(
        "if \(value.isSet(name))",
        "writer.\(value.method)(\(name), tag: \(field.tag))"
      )
    case .optional, .boxed:
      text.statement(
        "if let value = \(name)",
        "writer.\(value.method)(value, tag: \(field.tag))"
      )
    case .list where field.isWrittenPacked:
      text.line("writer.\(value.packedMethod)(\(name), tag: \(field.tag))")
    case .list where value.isMessage:
      text.line("writer.messages(\(name), tag: \(field.tag))")
    case .list:
      text.statement(
        "for value in \(name)",
        "writer.\(value.method)(value, tag: \(field.tag))"
      )
    case .map(let key):
      text.block("writer.map(\(name), tag: \(field.tag))", closure: "writer, key, value") { text in
        text.line("writer.\(key.method)(key, tag: \(8 | key.wireType))")
        text.line("writer.\(value.method)(value, tag: \(16 | value.wireType))")
      }
    case .oneof: break
    }
  }
}

extension SwiftField {
  /// A oneof's property in a statement: `self.` where a local name would hide it.
  func oneofReference(_ name: String) -> String {
    let locals: Set<String> = ["bound", "held", "reader", "tag", "value", "writer"]
    return locals.contains(name) ? "self.\(name)" : name
  }
}

extension SwiftText {
  /// `head { parameters in`, the body, `}`.
  fileprivate mutating func block(
    _ head: String,
    closure parameters: String,
    _ body: (inout SwiftText) -> Void
  ) {
    line("\(head) { \(parameters) in")
    indented(body)
    line("}")
  }
}

// What reads a message: a loop over its tags; for a flat one in a list, its fields in order.

extension SwiftGenerator {
  func emitRead(_ message: SwiftMessage, to text: inout SwiftText) {
    text.block("while true") { text in
      text.line("switch reader.nextTag() {")
      for field in message.sortedFields { emitRead(field, of: message, to: &text) }
      text.line("case 0: return")
      text.line("case let tag: reader.unknownField(tag, into: &unknownFields)")
      text.line("}")
    }
  }

  /// The fields of a flat message in their usual order.
  func emitReadInLine(_ message: SwiftMessage, to text: inout SwiftText) {
    for field in message.sortedFields {
      text.statement(
        "if window.holds(\(field.tag))",
        "\(field.reference) = window.\(field.value.method)()"
      )
    }
  }

  /// The most bytes that a flat message's fields can take, well formed or not.
  func mostFieldBytes(of message: SwiftMessage) -> Int {
    message.sortedFields.reduce(0) { sum, field in
      let isVarint = field.value.wireType == 0
      return sum + field.tagSize + (isVarint ? SwiftCodec.varintBytes : field.value.maximumSize)
    }
  }

  private func emitRead(_ field: SwiftField, of message: SwiftMessage, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    switch field.shape {
    case .single, .optional:
      emitCase(
        "\(field.tag)",
        value.isSized
          ? "reader.\(value.method)(into: &\(name))" : "\(name) = reader.\(value.method)()",
        to: &text
      )
    case .boxed:
      emitCase("\(field.tag)", "reader.message(into: &\(field.boxName))", to: &text)
    case .list:
      emitReadList(field, to: &text)
    case .map(let key):
      let kinds = value.scalarKind.map { ".\(key.method), .\($0)" } ?? ".\(key.method)"
      emitCase(
        "\(field.tag)",
        "reader.map(into: &\(name), \(kinds), unknown: &unknownFields)",
        to: &text
      )
    case .oneof(let index, _):
      guard let oneof = message.oneofs.first(where: { $0.index == index }) else { return }
      emitReadCase(field, of: oneof, to: &text)
    }
  }

  private func emitReadList(_ field: SwiftField, to text: inout SwiftText) {
    let name = field.reference
    let value = field.value
    let single = field.tag(wireType: value.wireType)
    guard !field.isPackable else {
      let tags = "\(single), \(field.tag(wireType: 2))"
      emitCase(tags, "reader.\(value.method)(into: &\(name))", to: &text)
      return
    }
    let read =
      switch value.kind {
      case .string: "strings"
      case .bytes: "bytes"
      default: "messages"
      }
    emitCase("\(single)", "reader.\(read)(into: &\(name))", to: &text)
  }

  private func emitCase(_ tags: String, _ statement: String, to text: inout SwiftText) {
    let line = "case \(tags): \(statement)"
    if line.count <= text.width {
      text.line(line)
    } else {
      text.line("case \(tags):")
      text.indented { $0.line(statement) }
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
        "\(field.tag)",
        "\(property) = .\(field.name)(reader.\(field.value.method)())",
        to: &text
      )
      return
    }
    text.line("case \(field.tag):")
    text.indented { text in
      text.line("var value = \(field.value.type)()")
      // Taken out, so that what is merged in place has one owner: lists would be copied each time.
      // Not by `take()`: within one module the optimizer of 6.3.1 then loses what other cases store.
      text.block("if case .\(field.name)(let held)? = \(property)") { text in
        text.line("\(property) = nil")
        text.line("value = held")
      }
      text.line("reader.message(merging: &value)")
      text.line("\(property) = .\(field.name)(value)")
    }
  }
}

// What extensions must keep to, and the messages that have room for them.

extension Linker {
  mutating func checkExtension(_ field: FieldDescriptor) {
    guard let extendee = field.extendee, symbols[extendee]?.kind == .message else { return }
    if files[current].syntax == .proto3, !OptionKind.isOptionsMessage(extendee) {
      error(
        "proto3 extends only the options of google/protobuf/descriptor.proto",
        at: field.extendeeSpan
      )
      return
    }
    checkDefault(of: field)
    if let span = field.jsonNameSpan, field.jsonName != JSONName.derived(from: field.name) {
      error("an extension has no JSON name", at: span)
    }
    if field.label == .required {
      error("an extension cannot be required", at: field.labelSpan ?? field.nameSpan)
    }
    guard let message = message(named: extendee) else { return }
    checkNumber(of: field, in: message)
    checkMessageSet(field, of: message)
    if let owner = symbols[extendee]?.file, isLite(current), !isLite(owner) {
      error("a lite file extends only messages of lite files", at: field.extendeeSpan)
    }
  }

  private func isLite(_ index: Int) -> Bool {
    let options = index == current ? fileOptions : files[index].options
    return options.known["optimize_for"] == .enumValue(name: "LITE_RUNTIME", number: 3)
  }

  private mutating func checkNumber(of field: FieldDescriptor, in message: MessageDescriptor) {
    let isBeyond = field.number > FileParser.lastFieldNumber
    if let reason = Self.unusable(field.number), !message.isMessageSet || !isBeyond {
      error(
        "\"\(field.name)\" cannot have the number \(field.number): \(reason)",
        at: field.numberSpan
      )
      return
    }
    let extendee = message.fullName
    let range = message.extensionRanges.first { $0.range.contains(field.number) }
    guard let range else {
      error("\"\(extendee)\" has no room for an extension \(field.number)", at: field.numberSpan)
      return
    }
    checkDeclaration(of: field, in: range)
    if let other = extensionNumbers[extendee]?[field.number] {
      error(
        "the extension \(field.number) of \"\(extendee)\" is already \"\(other)\"",
        at: field.numberSpan
      )
    }
    extensionNumbers[extendee, default: [:]][field.number] = field.fullName
  }

  /// A message set holds messages only, each as one whole extension.
  private mutating func checkMessageSet(_ field: FieldDescriptor, of message: MessageDescriptor) {
    guard message.isMessageSet,
      field.type != .message || field.label != .optional || field.isDelimited
    else { return }
    error("the extensions of a message set are optional messages", at: field.typeSpan)
  }

  // MARK: - Message sets

  /// Options of a message that change what it is.
  mutating func checkFormat(of message: inout MessageDescriptor) {
    if message.options.known.removeValue(forKey: "map_entry") != nil {
      error("\"map_entry\" is set by map fields only", at: message.options.span(of: "map_entry"))
    }
    guard message.isMessageSet else { return }
    if files[current].syntax == .proto3 {
      error("proto3 has no message sets", at: message.options.span(of: "message_set_wire_format"))
    }
    for field in message.fields {
      error("a message set has extensions only", at: field.nameSpan)
    }
  }

  // MARK: - Defaults

  /// A map holds entries whose value is not given, which then is the first.
  mutating func checkZero(of value: FieldDescriptor) {
    guard value.type == .enum, let first = enumeration(named: value.typeName)?.values.first,
      first.number != 0
    else { return }
    error("the first value of an enum in a map must be 0", at: value.typeSpan)
  }

  mutating func checkDefault(of field: FieldDescriptor) {
    guard let value = field.defaultValue else { return }
    if field.isRepeated {
      error("a repeated field has no default", at: field.defaultSpan)
    } else if field.type == .message || field.type == .group {
      error("a message has no default", at: field.defaultSpan)
    } else if field.type == .enum, let enumeration = enumeration(named: field.typeName),
      !enumeration.values.contains(where: { $0.name == value })
    {
      error(
        "\"\(field.typeName)\" has no value \"\(value)\"",
        at: field.defaultSpan,
        suggestion: didYouMean(value, among: enumeration.values.map(\.name))
      )
    }
  }
}

extension MessageDescriptor {
  /// Whether it is written in the format of the message sets of old.
  package var isMessageSet: Bool {
    // Extensions are checked before the options of their own file have been given a meaning.
    options.flag("message_set_wire_format")
      ?? options.written.contains {
        $0.nameText == "message_set_wire_format" && $0.value == .identifier("true")
      }
  }
}

extension NumberRange {
  package func contains(_ number: Int32) -> Bool { first <= number && number <= last }
}

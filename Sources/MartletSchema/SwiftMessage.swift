/// A message as generated code sees it.
struct SwiftMessage {
  /// A oneof that the schema's author wrote.
  struct Oneof {
    var index: Int
    var descriptor: OneofDescriptor
    /// Of the property and, capitalised, of the enum.
    var name: String
    var typeName: String
  }

  var descriptor: MessageDescriptor
  /// With the types it is nested in.
  var typeName: String
  /// In the order of the schema.
  var fields: [SwiftField] = []
  var oneofs: [Oneof] = []
  var file: FileDescriptor

  /// In the order of the wire.
  var sortedFields: [SwiftField] { fields.sorted { $0.number < $1.number } }

  func fields(of oneof: Oneof) -> [SwiftField] { fields.filter { $0.oneof == oneof.index } }

  init(
    _ message: MessageDescriptor,
    generator: SwiftGenerator,
    file: FileDescriptor
  ) throws(SwiftRefusal) {
    descriptor = message
    self.file = file
    typeName = generator.typeName(message.fullName)
    var names: Set<String> = []
    for (index, oneof) in message.oneofs.enumerated() where !oneof.isSynthetic {
      var name = SwiftNames.member(oneof.name)
      while !names.insert(name).inserted { name += "_" }
      let type = generator.typeName(oneof.fullName).split(separator: ".").last
      oneofs.append(
        Oneof(index: index, descriptor: oneof, name: name, typeName: type.map(String.init) ?? "")
      )
    }
    if message.isMessageSet {
      throw SwiftRefusal(
        file: file.name,
        span: message.nameSpan,
        message: "no Swift is generated for message sets"
      )
    }
    if let span = message.extensions.first?.span ?? message.extensionRanges.first?.range.span {
      throw SwiftRefusal(
        file: file.name,
        span: span,
        message: "no Swift is generated for extensions"
      )
    }
    var cases: [Int: Set<String>] = [:]
    for field in message.fields {
      var swift = try generator.swiftField(field, of: message, in: file)
      // Two names of a schema may become one of Swift's; the number tells them apart.
      let isNew =
        if let oneof = swift.oneof {
          cases[oneof, default: []].insert(swift.name).inserted
        } else {
          names.insert(swift.name).inserted
        }
      if !isNew { swift.name = SwiftNames.plain(swift.name) + "_\(field.number)" }
      fields.append(swift)
    }
  }
}

extension SwiftGenerator {
  func swiftField(
    _ field: FieldDescriptor,
    of message: MessageDescriptor,
    in file: FileDescriptor
  ) throws(SwiftRefusal) -> SwiftField {
    func refuse(_ reason: String) -> SwiftRefusal {
      SwiftRefusal(file: file.name, span: field.span, message: reason)
    }
    if field.isDelimited { throw refuse("no Swift is generated for groups and delimited fields") }
    if field.isRequired { throw refuse("no Swift is generated for required fields") }
    if field.defaultValue != nil { throw refuse("no Swift is generated for default values") }
    let entry = schema.mapEntry(of: field)
    for part in entry.map({ [$0.key, $0.value] }) ?? [field] {
      if schema.enumeration(named: part.typeName)?.isClosed ?? false {
        throw refuse("no Swift is generated for fields of closed enums")
      }
      if part.type == .string, part.features.utf8Validation == .none, file.syntax == .editions {
        throw refuse("no Swift is generated for strings that need not be UTF-8")
      }
    }
    let value = swiftValue(entry?.value ?? field)
    let shape = shape(of: field, key: entry.map { swiftValue($0.key) }, in: message)
    let isCase = if case .oneof = shape { true } else { false }
    return SwiftField(
      descriptor: field,
      name: isCase ? SwiftNames.oneofCase(field.name) : SwiftNames.member(field.name),
      value: value,
      shape: shape,
      // JSON that stands alone, as that of protobuf's own types, sees no private property.
      isHidden: field.isDeprecated && !isCase && options.json != .only
        && !SwiftWellKnown.contains(file)
    )
  }

  private func shape(
    of field: FieldDescriptor,
    key: SwiftValue?,
    in message: MessageDescriptor
  ) -> SwiftField.Shape {
    if let key { return .map(key: key) }
    if field.isRepeated { return .list }
    let isBoxed = layout.isBoxed(field, in: message)
    if let index = field.oneofIndex, !message.oneofs[index].isSynthetic {
      return .oneof(index, isBoxed: isBoxed)
    }
    if isBoxed { return .boxed }
    return field.hasPresence ? .optional : .single
  }

  private func swiftValue(_ field: FieldDescriptor) -> SwiftValue {
    let name = field.typeName.isEmpty ? "" : typeName(field.typeName)
    var initial = ""
    if let enumeration = schema.enumeration(named: field.typeName),
      let zero = enumeration.values.firstIndex(where: { $0.number == 0 })
    {
      initial = "." + SwiftNames.enumCases(of: enumeration)[zero]
      if enumeration.values[zero].isDeprecated { initial = "(rawValue: 0)" }
    }
    return SwiftValue(field.type, named: name, firstCase: initial)
  }
}

// The declaration: properties, initialiser, nested types.

extension SwiftGenerator {
  func emit(_ message: SwiftMessage, to text: inout SwiftText) throws(SwiftRefusal) {
    let name = message.typeName.split(separator: ".").last.map(String.init) ?? message.typeName
    text.documentation(
      message.descriptor.comments,
      otherwise: "The message `\(message.descriptor.fullName)`.",
      isDeprecated: message.descriptor.options.isDeprecated
    )
    text.line("\(access)struct \(name): Message {")
    var refusal: SwiftRefusal?
    text.indented { text in
      emitProperties(of: message, to: &text)
      text.blank()
      text.documentation("Makes a message in which no field is set.")
      text.line("\(access)init() {}")
      for oneof in message.oneofs { emit(oneof, of: message, to: &text) }
      for enumeration in message.descriptor.enums { emit(enumeration, to: &text) }
      for nested in nestedMessages(of: message.descriptor) {
        text.blank()
        do throws(SwiftRefusal) {
          try emit(SwiftMessage(nested, generator: self, file: message.file), to: &text)
        } catch {
          refusal = error
        }
      }
    }
    text.line("}")
    if let refusal { throw refusal }
  }

  private func emitProperties(of message: SwiftMessage, to text: inout SwiftText) {
    var written: Set<Int> = []
    for field in message.fields {
      if let index = field.oneof {
        guard written.insert(index).inserted,
          let oneof = message.oneofs.first(where: { $0.index == index })
        else { continue }
        text.documentation(
          oneof.descriptor.comments,
          otherwise: "The oneof `\(oneof.descriptor.name)`; nil when none of its fields is set.",
          isDeprecated: false
        )
        text.line("\(access)var \(oneof.name): \(oneof.typeName)?")
        continue
      }
      emitProperty(field, to: &text)
    }
    text.documentation("Fields that the schema does not name, kept as they came.")
    text.line("\(access)var unknownFields = UnknownFields()")
  }

  private func emitProperty(_ field: SwiftField, to text: inout SwiftText) {
    text.documentation(
      field.descriptor.comments,
      otherwise: "The field `\(field.descriptor.name)`, number \(field.number).",
      isDeprecated: field.descriptor.isDeprecated
    )
    guard field.isHidden else {
      emitStorage(field, field.name, access, to: &text)
      return
    }
    text.line("@available(*, deprecated)")
    text.block("\(access)var \(field.name): \(field.type)") { text in
      text.line("get { \(field.hiddenName) }")
      text.line("set { \(field.hiddenName) = newValue }")
    }
    emitStorage(field, field.hiddenName, "private ", to: &text)
  }

  private func emitStorage(
    _ field: SwiftField,
    _ name: String,
    _ access: String,
    to text: inout SwiftText
  ) {
    guard case .boxed = field.shape else {
      text.line("\(access)var \(name)\(field.initialization)")
      return
    }
    text.block("\(access)var \(name)\(field.initialization)") { text in
      text.line("get { \(field.boxName)?.value }")
      // In place: what is taken out of its box is not shared with it.
      text.block("_modify") { text in
        text.line("var value = Indirect.take(&\(field.boxName))")
        text.line("defer { \(field.boxName) = value.map(Indirect.init) }")
        text.line("yield &value")
      }
    }
    text.line("private var \(field.boxName): Indirect<\(field.value.type)>?")
  }

  private func emit(
    _ oneof: SwiftMessage.Oneof,
    of message: SwiftMessage,
    to text: inout SwiftText
  ) {
    text.blank()
    text.documentation("What `\(message.typeName).\(oneof.name)` holds.")
    text.block("\(access)enum \(oneof.typeName): Hashable, Sendable") { text in
      for field in message.fields(of: oneof) {
        text.documentation(
          field.descriptor.comments,
          otherwise: "The field `\(field.descriptor.name)`, number \(field.number).",
          isDeprecated: field.descriptor.isDeprecated
        )
        let isBoxed = if case .oneof(_, true) = field.shape { true } else { false }
        text.line("\(isBoxed ? "indirect " : "")case \(field.name)(\(field.type))")
      }
    }
  }
}

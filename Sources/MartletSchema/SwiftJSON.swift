// The canonical JSON form of messages and enums: conformances to MartletJSON's protocols.
//
// A message's names are one string that the runtime makes a table of; fields are counted by their
// place in it, which is their place in the order of numbers. Both directions are then one
// statement a field.

extension SwiftGenerator {
  /// Types whose JSON is not that of their fields: MartletJSON has it by hand.
  private static let handWritten: Set<String> = Set(
    [
      "Any", "BoolValue", "BytesValue", "DoubleValue", "Duration", "Empty", "FieldMask",
      "FloatValue",
      "Int32Value", "Int64Value", "ListValue", "StringValue", "Struct", "Timestamp",
      "UInt32Value", "UInt64Value", "Value",
    ].map { "google.protobuf.\($0)" }
  )

  private static let nullValue = "google.protobuf.NullValue"

  /// Whether there is anything to write for a file.
  func hasJSON(_ file: FileDescriptor) -> Bool {
    !file.enums.isEmpty || file.messages.contains { !Self.handWritten.contains($0.fullName) }
  }

  /// Writes the conformances of a file's types, nested ones too.
  func emitJSON(of file: FileDescriptor, to text: inout SwiftText) throws(SwiftRefusal) {
    for enumeration in file.enums { emitJSON(of: enumeration, to: &text) }
    for message in file.messages { try emitJSON(of: message, in: file, to: &text) }
  }

  private func emitJSON(
    of message: MessageDescriptor,
    in file: FileDescriptor,
    to text: inout SwiftText
  ) throws(SwiftRefusal) {
    if !Self.handWritten.contains(message.fullName) {
      emitJSON(of: try SwiftMessage(message, generator: self, file: file), to: &text)
    }
    for enumeration in message.enums { emitJSON(of: enumeration, to: &text) }
    for nested in nestedMessages(of: message) { try emitJSON(of: nested, in: file, to: &text) }
  }

  private func emitJSON(of enumeration: EnumDescriptor, to text: inout SwiftText) {
    var words: [String] = []
    var expected: Int32 = 0
    for value in enumeration.values {
      words.append(value.number == expected ? value.name : "\(value.name)=\(value.number)")
      expected = value.number &+ 1
    }
    let isNull = enumeration.fullName == Self.nullValue
    text.blank()
    text.block("extension \(typeName(enumeration.fullName)): JSONEnum") { text in
      text.documentation("For JSON: the names of the schema.")
      text.table(
        "\(access)static let jsonNames = JSONEnumNames",
        words,
        options: isNull ? ["isNull: true"] : []
      )
    }
  }

  private func emitJSON(of message: SwiftMessage, to text: inout SwiftText) {
    let fields = message.sortedFields
    text.blank()
    text.block("extension \(message.typeName): JSONMessage") { text in
      text.table("private static let jsonFields = JSONFields", words(for: message))
      text.blank()
      // Not inlined: a message would contain the code of all that it contains.
      text.documentation("For JSON: writes fields in order of their numbers.")
      text.line("@inline(never)")
      text.block("\(access)func writeJSON(to writer: inout JSONWriter)") { text in
        text.line("writer.beginObject(Self.jsonFields)")
        emitJSONWrite(fields, of: message, to: &text)
        text.line("writer.endObject()")
      }
      text.blank()
      text.documentation("For JSON: reads the fields of an object.")
      text.line("@inline(never)")
      text.block(
        "\(access)mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason)"
      ) { text in
        text.line("var object = try reader.beginObject(Self.jsonFields)")
        guard !fields.isEmpty else {
          text.line("while try reader.nextField(of: &object) != nil {}")
          return
        }
        text.block("while let field = try reader.nextField(of: &object)") { text in
          text.line("switch field {")
          for (place, field) in fields.enumerated() {
            emitJSONRead(field, place, of: message, to: &text)
          }
          text.line("default: break")
          text.line("}")
        }
      }
    }
  }
}

// Names.

extension SwiftGenerator {
  /// What `JSONFields` is made of: a word for each field.
  private func words(for message: SwiftMessage) -> [String] {
    message.sortedFields.map { field in
      var word = field.descriptor.name
      let jsonName = field.descriptor.jsonName
      if !jsonName.isEmpty, jsonName != JSONName.derived(from: word) {
        word += ":" + Self.percentEncoded(jsonName)
      }
      if let oneof = field.oneof { word += "+\(oneof)" }
      if takesNull(field) { word += "?" }
      return word
    }
  }

  /// Whether null is a value of the field: everywhere else it says that the field is not set.
  private func takesNull(_ field: SwiftField) -> Bool {
    let name = field.descriptor.typeName
    return !field.isList && !field.isMap
      && (name == "google.protobuf.Value" || name == Self.nullValue)
  }

  private static func percentEncoded(_ name: String) -> String {
    name.utf8.map { byte in
      let isPlain =
        byte.isIdentifierPart || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      if isPlain { return String(Unicode.Scalar(byte)) }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

// Statements.

extension SwiftGenerator {
  private func emitJSONWrite(
    _ fields: [SwiftField],
    of message: SwiftMessage,
    to text: inout SwiftText
  ) {
    var place = 0
    while place < fields.count {
      let field = fields[place]
      guard let index = field.oneof,
        let oneof = message.oneofs.first(where: { $0.index == index })
      else {
        text.line("writer.\(field.jsonWriteMethod)(\(field.jsonReference), \(place))")
        place += 1
        continue
      }
      // Fields of a oneof that stand together share a switch.
      let run = fields[place...].prefix { $0.oneof == index }
      let isAll = run.count == message.fields(of: oneof).count
      text.line("switch \(SwiftField.jsonReference(oneof.name)) {")
      for member in run {
        text.line("case .\(member.name)(let value)?: writer.present(value, \(place))")
        place += 1
      }
      text.line(isAll ? "case nil: break" : "default: break")
      text.line("}")
    }
  }

  private func emitJSONRead(
    _ field: SwiftField,
    _ place: Int,
    of message: SwiftMessage,
    to text: inout SwiftText
  ) {
    let line = "case \(place): \(jsonReadStatement(field, of: message))"
    if line.count <= text.width {
      text.line(line)
    } else {
      text.line("case \(place):")
      text.indented { $0.line(jsonReadStatement(field, of: message)) }
    }
  }

  private func jsonReadStatement(_ field: SwiftField, of message: SwiftMessage) -> String {
    let name = field.jsonReference
    let value = field.value
    switch field.shape {
    case .list: return "try reader.list(into: &\(name))"
    case .map: return "try reader.map(into: &\(name))"
    case .oneof(let index, _):
      guard let oneof = message.oneofs.first(where: { $0.index == index }) else { return "break" }
      let property = SwiftField.jsonReference(oneof.name)
      guard value.kind == .enum else {
        return "\(property) = try .\(field.name)(reader.\(value.jsonReadMethod)())"
      }
      return "if let value: \(value.type) = try reader.openEnum() "
        + "{ \(property) = .\(field.name)(value) }"
    case .single, .optional, .boxed:
      if value.kind == .enum { return "try reader.openEnum(into: &\(name))" }
      return "\(name) = try reader.\(value.jsonReadMethod)()"
    }
  }
}

extension SwiftField {
  /// The property in a statement: `self.` where a local name would hide it.
  fileprivate var jsonReference: String { Self.jsonReference(stored) }

  fileprivate static func jsonReference(_ name: String) -> String {
    ["field", "object", "reader", "value", "writer"].contains(name) ? "self.\(name)" : name
  }

  fileprivate var jsonWriteMethod: String {
    switch shape {
    case .single: "field"
    case .optional, .boxed, .oneof: "present"
    case .list: "list"
    case .map: "map"
    }
  }
}

extension SwiftValue {
  /// JSON has fewer kinds of numbers than the wire.
  fileprivate var jsonReadMethod: String {
    switch kind {
    case .sint32, .sfixed32: "int32"
    case .sint64, .sfixed64: "int64"
    case .fixed32: "uint32"
    case .fixed64: "uint64"
    default: method
    }
  }
}

extension SwiftText {
  /// A declaration with words in a string, on one line or as many as they need.
  fileprivate mutating func table(_ head: String, _ words: [String], options: [String] = []) {
    let arguments = ["\"\(words.joined(separator: " "))\""] + options
    let line = "\(head)(\(arguments.joined(separator: ", ")))"
    guard line.count > width else { return self.line(line) }
    self.line("\(head)(")
    indented { text in
      text.line("\"\"\"")
      var rest = words[...]
      while let first = rest.popFirst() {
        var part = first
        while let next = rest.first, part.count + 1 + next.count <= text.width {
          part += " " + next
          rest.removeFirst()
        }
        text.line(part)
      }
      text.line(options.isEmpty ? "\"\"\"" : "\"\"\",")
      for option in options { text.line(option) }
    }
    self.line(")")
  }
}

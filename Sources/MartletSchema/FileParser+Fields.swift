// Fields of every kind, maps included.

extension FileParser {
  /// Reads a field with its label, and adds it to its message.
  mutating func field(
    at place: Place,
    parent: inout MessageDescriptor,
    oneof: Int?
  ) throws(StatementFailure) {
    let label = oneof == nil ? self.label() : nil
    if looking(at: "map"), looking(at: "<", ahead: 1) {
      try mapField(at: place, label: label, parent: &parent, isInOneof: oneof != nil)
      return
    }
    if file.syntax == .proto2, label == nil, oneof == nil {
      error(
        "a field of proto2 begins with \"optional\", \"repeated\" or \"required\"",
        at: current.span
      )
    }
    let isGroup = looking(at: "group")
    var field =
      isGroup
      ? try group(at: place, label: label, parent: &parent) : try fieldBody(at: place, label: label)
    field.oneofIndex = oneof
    parent.fields.append(field)
  }

  private mutating func label() -> (FieldLabel, SourceSpan)? {
    for (word, label) in Self.labels where looking(at: word) {
      let span = current.span
      if label == .required, file.syntax == .proto3 {
        error(
          "proto3 has no required fields",
          at: span,
          suggestion: "leave \"required\" out"
        )
      }
      if label != .repeated, file.syntax == .editions { refuse(label, at: span) }
      record(4, at: span)
      advance()
      return (label, span)
    }
    return nil
  }

  private mutating func refuse(_ label: FieldLabel, at span: SourceSpan) {
    error(
      "editions have no label \"\(label)\"",
      at: span,
      suggestion: label == .required
        ? "there is features.field_presence = LEGACY_REQUIRED"
        : "a single field has presence unless features.field_presence says otherwise"
    )
  }

  static let labels: [(StaticString, FieldLabel)] = [
    ("optional", .optional), ("repeated", .repeated), ("required", .required),
  ]

  private mutating func fieldBody(
    at place: Place,
    label: (FieldLabel, SourceSpan)?
  ) throws(StatementFailure) -> FieldDescriptor {
    let type = try typeReference("the type of a field")
    record(type.type == .unresolved ? 6 : 5, at: type.span)
    return try fieldRest(at: place, label: label, type: type)
  }

  /// From the name to the `;`.
  private mutating func fieldRest(
    at place: Place,
    label: (FieldLabel, SourceSpan)?,
    type: TypeReference
  ) throws(StatementFailure) -> FieldDescriptor {
    var field = try fieldHead(label: label, type: type)
    try endDeclaration(";", of: place)
    field.comments = comments(of: place)
    field.span = span(of: place)
    return field
  }

  /// From the name to the `]`.
  mutating func fieldHead(
    label: (FieldLabel, SourceSpan)?,
    type: TypeReference
  ) throws(StatementFailure) -> FieldDescriptor {
    let nameSpan = current.span
    let name = try declaredName("the name of the field")
    if !looking(at: "=") {
      let isEnd = looking(at: ";") || looking(at: "[")
      throw isEnd ? fail("the field \"\(name)\" has no number") : failExpecting("=")
    }
    advance()
    let numberPlace = begin(3)
    let (number, numberSpan) = try numberOrRestore(numberPlace)
    var field = FieldDescriptor(
      name: name,
      number: Int32(number),
      label: label?.0 ?? .optional,
      type: type.type,
      typeName: type.name,
      span: nameSpan,
      nameSpan: nameSpan,
      numberSpan: numberSpan,
      typeSpan: type.span,
      labelSpan: label?.1
    )
    field.isProto3Optional = file.syntax == .proto3 && label?.0 == .optional
    field.jsonName = JSONName.derived(from: name)
    if looking(at: "[") { try fieldOptions(of: &field) }
    return field
  }

  private mutating func failExpecting(_ text: StaticString) -> StatementFailure {
    do throws(StatementFailure) {
      try expect(text)
      return StatementFailure()
    } catch {
      return error
    }
  }

  private mutating func numberOrRestore(
    _ place: Place
  ) throws(StatementFailure) -> (UInt64, SourceSpan) {
    defer { end(place) }
    return try integer("the number of the field")
  }

  /// A scalar type, or the name of a message or enum as written.
  struct TypeReference {
    var type: FieldType
    var name: String
    var span: SourceSpan
  }

  mutating func typeReference(_ what: String) throws(StatementFailure) -> TypeReference {
    if current.kind == .identifier, let scalar = Self.scalars[text(of: current)] {
      let span = current.span
      advance()
      return TypeReference(type: scalar, name: "", span: span)
    }
    let (name, span) = try qualifiedName(what)
    return TypeReference(type: .unresolved, name: name, span: span)
  }

  /// "a.b.C" or ".a.b.C".
  mutating func qualifiedName(_ what: String) throws(StatementFailure) -> (String, SourceSpan) {
    let start = current.span
    var name = take(".") ? "." : ""
    var (part, span) = try identifier(what)
    name += part
    while take(".") {
      (part, span) = try identifier("a name after \".\"")
      name += "." + part
    }
    return (name, start.through(span))
  }

  /// The scalar types by their keyword.
  static let scalars: [String: FieldType] = [
    "double": .double, "float": .float, "int64": .int64, "uint64": .uint64, "int32": .int32,
    "fixed64": .fixed64, "fixed32": .fixed32, "bool": .bool, "string": .string, "bytes": .bytes,
    "uint32": .uint32, "sfixed32": .sfixed32, "sfixed64": .sfixed64, "sint32": .sint32,
    "sint64": .sint64,
  ]

  // MARK: - Maps

  /// A map is a repeated message made of a key and a value; its type is nested in the message.
  private mutating func mapField(
    at place: Place,
    label: (FieldLabel, SourceSpan)?,
    parent: inout MessageDescriptor,
    isInOneof: Bool
  ) throws(StatementFailure) {
    if isInOneof { error("a map cannot be in a oneof", at: current.span) }
    if let label { error("a map has no label", at: label.1) }
    let typePlace = begin(6)
    let (key, value) = try mapTypes(typePlace)
    let reference = TypeReference(
      type: .unresolved,
      name: "",
      span: file.locations[typePlace.index].span
    )
    var field = try fieldRest(at: place, label: (.repeated, reference.span), type: reference)
    field.isProto3Optional = false
    field.labelSpan = nil
    field.typeName = JSONName.mapEntryName(of: field.name)
    field.type = .message
    parent.messages.append(mapEntry(of: field, key: key, value: value))
    parent.fields.append(field)
  }

  private mutating func mapTypes(
    _ place: Place
  ) throws(StatementFailure) -> (TypeReference, TypeReference) {
    defer { end(place) }
    advance()
    try expect("<")
    let key = try typeReference("the type of the map's key")
    try expect(",")
    let value = try typeReference("the type of the map's value")
    try expect(">")
    return (key, value)
  }

  private func mapEntry(
    of field: FieldDescriptor,
    key: TypeReference,
    value: TypeReference
  ) -> MessageDescriptor {
    func part(_ name: String, _ number: Int32, _ type: TypeReference) -> FieldDescriptor {
      var part = FieldDescriptor(
        name: name,
        number: number,
        label: .optional,
        type: type.type,
        typeName: type.name,
        span: type.span,
        nameSpan: field.nameSpan,
        numberSpan: field.numberSpan,
        typeSpan: type.span
      )
      part.jsonName = name
      return part
    }
    var entry = MessageDescriptor(
      name: JSONName.mapEntryName(of: field.name),
      span: field.span,
      nameSpan: field.nameSpan
    )
    entry.fields = [part("key", 1, key), part("value", 2, value)]
    entry.options.known["map_entry"] = .bool(true)
    return entry
  }
}

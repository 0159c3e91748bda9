// Groups: a field and its message type in one declaration. The field's name is the type's in lower
// case, and both have locations that overlap.

extension FileParser {
  /// Reads `group Name = 1 [ options ] { … }`, and adds its type to the message around it.
  mutating func group(
    at place: Place,
    label: (FieldLabel, SourceSpan)?,
    parent: inout MessageDescriptor
  ) throws(StatementFailure) -> FieldDescriptor {
    refuseGroup()
    record(5, at: current.span)
    let reference = TypeReference(type: .group, name: "", span: current.span)
    advance()
    var field = try fieldHead(label: label, type: reference)
    var type = MessageDescriptor(name: field.name, span: field.nameSpan, nameSpan: field.nameSpan)
    let typePlace = begin(typePath(parent), at: file.locations[place.index].span)
    defer { end(typePlace) }
    record(1, at: field.nameSpan)
    file.locations.append(SourceLocation(path: typePlace.outer + [6], span: field.nameSpan))
    if !type.name.utf8.starts(with: type.name.prefix(1).uppercased().utf8) {
      error("the name of a group begins with a capital letter", at: field.nameSpan)
    }
    field.typeName = type.name
    field.name = type.name.lowercased()
    field.jsonName = field.jsonNameSpan == nil ? JSONName.derived(from: field.name) : field.jsonName
    guard looking(at: "{") else {
      throw fail("expected \"{\" and the group's fields, found \(found)")
    }
    try messageBlock(&type, at: typePlace)
    parent.messages.append(type)
    field.comments = comments(of: place)
    field.span = span(of: place)
    return field
  }

  /// Of the group's type: the field stands in a message, in an extension of one, or at the top.
  private func typePath(_ parent: MessageDescriptor) -> [Int32] {
    let outer = path.dropLast(2)
    return outer + [outer.isEmpty ? 4 : 3, Int32(parent.messages.count)]
  }

  private mutating func refuseGroup() {
    switch file.syntax {
    case .proto2: break
    case .proto3: error("proto3 has no groups; use a message", at: current.span)
    case .editions:
      error(
        "editions have no groups",
        at: current.span,
        suggestion: "declare a message and give the field [features.message_encoding = DELIMITED]"
      )
    }
  }
}

// What features may be given to, and what goes together.

extension Linker {
  mutating func checkFeatures(of file: FileDescriptor) {
    guard file.edition >= .edition2023 else { return }
    if file.features.fieldPresence == .legacyRequired {
      error(
        "fields cannot be required by default",
        at: file.options.span(of: "features"),
        suggestion: "say so at each field"
      )
    }
    if file.options.known["java_string_check_utf8"] != nil {
      error(
        "editions have no \"java_string_check_utf8\"",
        at: file.options.span(of: "java_string_check_utf8"),
        suggestion: "there is features.(pb.java).utf8_validation"
      )
    }
    for field in file.extensions { checkFeatures(of: field, edition: file.edition) }
    for message in file.messages { checkFeatures(of: message, edition: file.edition) }
  }

  private mutating func checkFeatures(of message: MessageDescriptor, edition: Edition) {
    for field in message.fields { checkFeatures(of: field, edition: edition) }
    for field in message.extensions { checkFeatures(of: field, edition: edition) }
    for nested in message.messages { checkFeatures(of: nested, edition: edition) }
  }

  private mutating func checkFeatures(of field: FieldDescriptor, edition: Edition) {
    checkPresence(of: field)
    if !field.options.isEmpty, !isMapEntryPart(field) {
      checkEncodings(of: field)
      checkOldOptions(of: field, edition: edition)
    }
  }

  /// A map's key and value carry the features of the map.
  private func isMapEntryPart(_ field: FieldDescriptor) -> Bool {
    guard field.extendee == nil, let dot = field.fullName.lastIndex(of: ".") else { return false }
    return mapEntries.contains(String(field.fullName[..<dot]))
  }

  private mutating func checkPresence(of field: FieldDescriptor) {
    let span = field.options.span(of: "features") ?? field.nameSpan
    let isImplicit = field.features.fieldPresence == .implicit
    if field.options.givesFeature(FeatureSet.Number.fieldPresence) {
      if field.extendee != nil {
        let isRequired = field.features.fieldPresence == .legacyRequired
        error("an extension \(isRequired ? "cannot be required" : "always has presence")", at: span)
      } else if field.oneofIndex != nil {
        error("the fields of a oneof always have presence", at: span)
      } else if field.isRepeated {
        error("a repeated field has no presence", at: span)
      } else if isImplicit, field.type == .message {
        error("a message always has presence", at: span)
      }
    }
    guard isImplicit, !field.isRepeated else { return }
    if field.defaultValue != nil {
      error("a field without presence has no default", at: field.defaultSpan ?? span)
    }
    if field.type == .enum, !field.hasPresence || isMapEntryPart(field),
      enumeration(named: field.typeName)?.isClosed ?? false
    {
      error("a field without presence cannot be of a closed enum", at: field.typeSpan)
    }
  }

  private mutating func checkEncodings(of field: FieldDescriptor) {
    let span = field.options.span(of: "features") ?? field.nameSpan
    let isMap = mapEntries.contains(field.typeName)
    if field.options.givesFeature(FeatureSet.Number.repeatedFieldEncoding) {
      if !field.isRepeated {
        error("only repeated fields have a repeated_field_encoding", at: span)
      } else if field.features.repeatedFieldEncoding == .packed, !field.type.isPackable {
        error("only repeated numbers, bools and enums can be packed", at: span)
      }
    }
    if field.options.givesFeature(FeatureSet.Number.utf8Validation), field.type != .string,
      !isMap || !hasStrings(field.typeName)
    {
      error("only strings have a utf8_validation", at: span)
    }
    if field.options.givesFeature(FeatureSet.Number.messageEncoding),
      field.type != .message || isMap
    {
      error("only messages have a message_encoding", at: span)
    }
  }

  private func hasStrings(_ entry: String) -> Bool {
    message(named: entry)?.fields.contains { $0.type == .string } ?? false
  }

  private mutating func checkOldOptions(of field: FieldDescriptor, edition: Edition) {
    if field.options.known["packed"] != nil {
      error(
        "editions have no \"packed\"",
        at: field.options.span(of: "packed"),
        suggestion: "there is features.repeated_field_encoding"
      )
    }
    if edition >= .edition2024, field.options.known["ctype"] != nil {
      error(
        "edition 2024 has no \"ctype\"",
        at: field.options.span(of: "ctype"),
        suggestion: "there is features.(pb.cpp).string_type"
      )
    }
  }
}

// Two versions of one field.

extension BreakingCheck {
  /// Compares two versions of a field or an extension.
  ///
  /// - Parameters:
  ///   - old: the old version.
  ///   - new: the new one.
  ///   - isRenumbered: whether bytes do not meet at all, so that there is nothing to say of them.
  mutating func compare(
    _ old: FieldDescriptor,
    with new: FieldDescriptor,
    isRenumbered: Bool = false
  ) {
    compareNames(of: old, with: new)
    compareTypes(of: old, with: new, isRenumbered: isRenumbered)
    compareCardinality(of: old, with: new, isRenumbered: isRenumbered)
    comparePresence(of: old, with: new)
    compareDefaults(of: old, with: new)
  }

  // MARK: - Names

  private mutating func compareNames(of old: FieldDescriptor, with new: FieldDescriptor) {
    if old.name != new.name {
      find(
        .fieldSameName,
        old.fullName,
        "the field \"\(old.name)\" is now \"\(new.name)\"",
        at: .new(new.nameSpan),
        suggestion: "name it \"\(old.name)\" again"
      )
    }
    // JSON is read by the JSON name and by the name in the schema.
    guard old.extendee == nil, old.jsonName != new.jsonName else { return }
    let newReadsOld = [new.jsonName, new.name].contains(old.jsonName)
    let oldReadsNew = [old.jsonName, old.name].contains(new.jsonName)
    if newReadsOld, oldReadsNew { return }
    find(
      .fieldSameJSONName,
      old.fullName,
      "\"\(new.name)\" was \"\(old.jsonName)\" in JSON and is \"\(new.jsonName)\"",
      at: .new(new.jsonNameSpan ?? new.nameSpan),
      suggestion: "add [json_name = \"\(old.jsonName)\"]"
    )
  }

  // MARK: - Single, list or map

  private mutating func compareCardinality(
    of old: FieldDescriptor,
    with new: FieldDescriptor,
    isRenumbered: Bool
  ) {
    let was = shape(of: old, in: self.old)
    let now = shape(of: new, in: self.new)
    if was == now { return }
    let place = Place.new(new.labelSpan ?? new.typeSpan)
    let what = "\"\(new.name)\" was \(was.text) and is \(now.text)"
    find(
      .fieldSameCardinality,
      old.fullName,
      what,
      at: place,
      suggestion: "add a field for the new form"
    )
    find(
      .fieldJSONCompatibleCardinality,
      old.fullName,
      "\(what), which JSON writes differently",
      at: place,
      suggestion: "add a field for the new form"
    )
    guard !isRenumbered, let reason = Self.wireReason(was, now, new) else { return }
    find(
      .fieldWireCompatibleCardinality,
      old.fullName,
      "\(what): \(reason)",
      at: place,
      suggestion: "add a field for the new form"
    )
  }

  /// What a field holds.
  enum Shape: Hashable {
    case single
    case list
    case map

    var text: String {
      switch self {
      case .single: "a single value"
      case .list: "a list"
      case .map: "a map"
      }
    }
  }

  func shape(of field: FieldDescriptor, in schema: SchemaSet) -> Shape {
    if schema.mapEntry(of: field) != nil { return .map }
    return field.isRepeated ? .list : .single
  }

  /// Why one version does not read the other's bytes; nil when both do.
  private static func wireReason(_ was: Shape, _ now: Shape, _ new: FieldDescriptor) -> String? {
    switch (was, now) {
    case (.single, .list) where new.isPacked:
      "readers of the old version do not find a value in a packed list"
    // One value is a list or map of one, and old readers take the last of a list.
    case (.single, .list), (.map, .list), (.single, .map): nil
    case (.list, .single): "of several values one is left at most"
    case (.list, .map): "values with the same key fall together"
    case (.map, .single): "entries fall together"
    default: nil
    }
  }

  // MARK: - Presence and defaults

  private mutating func comparePresence(of old: FieldDescriptor, with new: FieldDescriptor) {
    let wasRequired = old.isRequired
    if wasRequired != new.isRequired {
      find(
        .fieldSameRequired,
        old.fullName,
        wasRequired
          ? "\"\(new.name)\" is no longer required: readers of the old version refuse messages "
            + "without it"
          : "\"\(new.name)\" is now required: messages of the old version without it are refused",
        at: .new(new.labelSpan ?? new.nameSpan)
      )
    }
    let isMessage = old.type == .message || old.type == .group
    guard !old.isRepeated, !new.isRepeated, !isMessage, old.isAlone, new.isAlone,
      old.hasPresence != new.hasPresence
    else { return }
    find(
      .fieldSamePresence,
      old.fullName,
      new.hasPresence
        ? "\"\(new.name)\" had no presence and has it: in Swift it becomes an optional"
        : "\"\(new.name)\" had presence and has none: zero and unset are the same now",
      at: .new(new.labelSpan ?? new.nameSpan),
      suggestion: new.hasPresence ? "leave \"optional\" out" : "write it with \"optional\""
    )
  }

  private mutating func compareDefaults(of old: FieldDescriptor, with new: FieldDescriptor) {
    guard !old.isRepeated, !new.isRepeated,
      old.defaultValue != nil || new.defaultValue != nil
    else { return }
    let was = defaultValue(of: old, in: self.old)
    let now = defaultValue(of: new, in: self.new)
    if was.key == now.key { return }
    find(
      .fieldSameDefault,
      old.fullName,
      "the default of \"\(new.name)\" was \(was.text) and is \(now.text): messages without it mean "
        + "something else",
      at: .new(new.defaultSpan ?? new.nameSpan),
      suggestion: "give it the default \(was.text) again"
    )
  }

  /// The value of a field that is not set: equal ones have equal keys.
  private func defaultValue(
    of field: FieldDescriptor,
    in schema: SchemaSet
  ) -> (key: String, text: String) {
    switch field.type {
    case .enum:
      let values = schema.enumeration(named: field.typeName)?.values ?? []
      let name = field.defaultValue ?? values.first?.name ?? ""
      return (values.first { $0.name == name }.map { "\($0.number)" } ?? "", name)
    case .string, .bytes:
      let text = "\"\(field.defaultValue ?? "")\""
      return (text, text)
    default:
      let text = field.defaultValue ?? (field.type == .bool ? "false" : "0")
      return (text, text)
    }
  }
}

extension FieldDescriptor {
  /// Whether it stands in no oneof that its author wrote.
  fileprivate var isAlone: Bool { oneofIndex == nil || isProto3Optional }
}

// The types of two versions of a field: what becomes of its values.

extension BreakingCheck {
  mutating func compareTypes(
    of old: FieldDescriptor,
    with new: FieldDescriptor,
    isRenumbered: Bool
  ) {
    let what =
      "the type of \"\(new.name)\" was \(typeText(of: old, in: self.old)) and is "
      + typeText(of: new, in: self.new)
    compareSwiftTypes(of: old, with: new, what)
    if !isRenumbered {
      tell(
        wireVerdict(of: old, to: new),
        .fieldWireCompatibleType,
        .fieldWireValueRange,
        what,
        of: old,
        new
      )
    }
    tell(
      jsonVerdict(of: old, to: new),
      .fieldJSONCompatibleType,
      .fieldJSONValueRange,
      what,
      of: old,
      new
    )
  }

  private mutating func tell(
    _ verdict: BreakingVerdict,
    _ breaking: BreakingRule,
    _ narrowing: BreakingRule,
    _ what: String,
    of old: FieldDescriptor,
    _ new: FieldDescriptor
  ) {
    let (rule, reason): (BreakingRule, String)
    switch verdict {
    case .safe: return
    case .narrows(let text): (rule, reason) = (narrowing, text)
    case .breaks(let text): (rule, reason) = (breaking, text)
    }
    find(
      rule,
      old.fullName,
      "\(what): \(reason)",
      at: .new(new.typeSpan),
      suggestion: "add a field of the new type and keep this one"
    )
  }

  private func typeText(of field: FieldDescriptor, in schema: SchemaSet) -> String {
    guard let entry = schema.mapEntry(of: field) else {
      return ValueType(type: field.type).text(field.typeName)
    }
    return "map<\(typeText(of: entry.key, in: schema)), \(typeText(of: entry.value, in: schema))>"
  }

  private func value(_ field: FieldDescriptor, in schema: SchemaSet) -> ValueType {
    ValueType(
      type: field.isDelimited ? .group : field.type,
      enumeration: schema.enumeration(named: field.typeName)
    )
  }

  /// What changed within an enum is told of the enum, not of each field.
  private func isSameEnum(_ old: FieldDescriptor, _ new: FieldDescriptor) -> Bool {
    old.type == .enum && new.type == .enum && newName(of: old.typeName) == new.typeName
  }

  // MARK: - Swift

  private mutating func compareSwiftTypes(
    of old: FieldDescriptor,
    with new: FieldDescriptor,
    _ what: String
  ) {
    let was = self.old.mapEntry(of: old)
    let now = self.new.mapEntry(of: new)
    // That it became a map or a list, or was one, is told by its cardinality.
    if (was == nil) != (now == nil) { return }
    let pairs =
      if let was, let now { [(was.key, now.key), (was.value, now.value)] } else { [(old, new)] }
    guard pairs.contains(where: { swiftType(of: $0, renamed: true) != swiftType(of: $1) }) else {
      return
    }
    find(
      .fieldSameType,
      old.fullName,
      what,
      at: .new(new.typeSpan),
      suggestion: "add a field of the new type and keep this one"
    )
  }

  private func swiftType(of field: FieldDescriptor, renamed: Bool = false) -> String {
    let name = renamed && !field.typeName.isEmpty ? newName(of: field.typeName) : field.typeName
    return SwiftValue(field.type, named: name, firstCase: "").type
  }

  // MARK: - Binary

  private mutating func wireVerdict(
    of old: FieldDescriptor,
    to new: FieldDescriptor
  ) -> BreakingVerdict {
    if let was = self.old.mapEntry(of: old), let now = self.new.mapEntry(of: new) {
      return wireVerdict(of: was.key, to: now.key).worse(wireVerdict(of: was.value, to: now.value))
    }
    if old.isMessage, new.isMessage, old.isDelimited == new.isDelimited {
      return breaks(old.typeName, readAs: new.typeName).contains(.wire)
        ? .breaks("the messages have different fields") : .safe
    }
    if isSameEnum(old, new) { return .safe }
    return value(old, in: self.old).wireVerdict(to: value(new, in: self.new))
  }

  // MARK: - JSON

  private mutating func jsonVerdict(
    of old: FieldDescriptor,
    to new: FieldDescriptor
  ) -> BreakingVerdict {
    let was = self.old.mapEntry(of: old)
    let now = self.new.mapEntry(of: new)
    if let was, let now {
      let keys = value(was.key, in: self.old).jsonKeyVerdict(to: value(now.key, in: self.new))
      return keys.worse(jsonVerdict(of: was.value, to: now.value))
    }
    if isSameEnum(old, new) { return .safe }
    // A map against a list is told by its cardinality.
    if was != nil || now != nil { return .safe }
    let oldType = wrappedType(of: old, in: self.old)
    let newType = wrappedType(of: new, in: self.new)
    if let oldType, let newType { return oldType.jsonVerdict(to: newType) }
    guard oldType == nil, newType == nil else { return .breaks("JSON writes them differently") }
    if newName(of: old.typeName) == new.typeName { return .safe }
    if JSONForm.isSpecial(old.typeName) || JSONForm.isSpecial(new.typeName) {
      return .breaks("JSON writes them differently")
    }
    return breaks(old.typeName, readAs: new.typeName).contains(.json)
      ? .breaks("the messages have different fields") : .safe
  }

  /// The type of what JSON shows of a field: of a wrapper its value; nil for other messages.
  private func wrappedType(of field: FieldDescriptor, in schema: SchemaSet) -> ValueType? {
    guard field.isMessage else { return value(field, in: schema) }
    return JSONForm.wrapped[field.typeName].map { ValueType(type: $0) }
  }
}

extension FieldDescriptor {
  fileprivate var isMessage: Bool { type == .message || type == .group }
}

/// Messages that JSON does not write as objects of their fields.
private enum JSONForm {
  static let wrapped: [String: FieldType] = [
    "google.protobuf.DoubleValue": .double, "google.protobuf.FloatValue": .float,
    "google.protobuf.Int64Value": .int64, "google.protobuf.UInt64Value": .uint64,
    "google.protobuf.Int32Value": .int32, "google.protobuf.UInt32Value": .uint32,
    "google.protobuf.BoolValue": .bool, "google.protobuf.StringValue": .string,
    "google.protobuf.BytesValue": .bytes,
  ]

  private static let special: Set<String> = [
    "google.protobuf.Any", "google.protobuf.Timestamp", "google.protobuf.Duration",
    "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue",
    "google.protobuf.FieldMask",
  ]

  static func isSpecial(_ name: String) -> Bool { special.contains(name) }
}

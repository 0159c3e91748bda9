// Messages: which field is which, what is gone, oneofs, what is reserved.

extension BreakingCheck {
  mutating func compare(_ old: MessageDescriptor, with new: MessageDescriptor) {
    let numbers = Dictionary(new.fields.map { ($0.number, $0) }) { first, _ in first }
    let names = Dictionary(new.fields.map { ($0.name, $0) }) { first, _ in first }
    for field in old.fields {
      if let now = numbers[field.number] {
        compare(field, with: now)
      } else if let now = names[field.name] {
        compareRenumbered(field, with: now)
      } else {
        tellDeletion(of: field, from: new)
      }
    }
    compareOneofs(of: old, with: new)
    compareReserved(of: old, with: new)
    compareRequired(of: old, with: new)
    compareOptions(of: old, with: new)
  }

  private mutating func compareRenumbered(_ field: FieldDescriptor, with now: FieldDescriptor) {
    find(
      .fieldSameNumber,
      field.fullName,
      "the number of \"\(field.name)\" was \(field.number) and is \(now.number): readers take one "
        + "version's field for unknown in the other",
      at: .new(now.numberSpan),
      suggestion: "give it \(field.number) again, or reserve that and name the new field otherwise"
    )
    compare(field, with: now, isRenumbered: true)
  }

  private mutating func tellDeletion(of field: FieldDescriptor, from message: MessageDescriptor) {
    let what = "the field \"\(field.name)\" of \"\(message.fullName)\" is gone"
    find(
      .fieldNoDelete,
      field.fullName,
      what,
      at: .old(field.nameSpan),
      suggestion: "keep it and mark it deprecated = true"
    )
    let taken = message.reservedRanges + message.extensionRanges.map(\.range)
    if !taken.contains(where: { $0.first <= field.number && field.number <= $0.last }) {
      find(
        .fieldNoDeleteUnlessNumberReserved,
        field.fullName,
        "\(what) and its number is free: a later field would read the bytes of this one",
        at: .old(field.numberSpan),
        suggestion: "add reserved \(field.number);"
      )
    }
    if !message.reservedNames.contains(where: { $0.name == field.name }) {
      find(
        .fieldNoDeleteUnlessNameReserved,
        field.fullName,
        "\(what) and its name is free: a later field would read the JSON of this one",
        at: .old(field.nameSpan),
        suggestion: "add reserved \"\(field.name)\";"
      )
    }
    if field.isRequired {
      find(
        .fieldSameRequired,
        field.fullName,
        "\(what), and readers of the old version refuse messages without it",
        at: .old(field.labelSpan ?? field.nameSpan)
      )
    }
  }

  private mutating func compareRequired(
    of old: MessageDescriptor,
    with new: MessageDescriptor
  ) {
    let known = Set(old.fields.map(\.number))
    for field in new.fields where field.isRequired && !known.contains(field.number) {
      find(
        .fieldSameRequired,
        field.fullName,
        "\"\(field.name)\" is new and required: messages of the old version lack it and are "
          + "refused",
        at: .new(field.labelSpan ?? field.nameSpan),
        suggestion: "make it optional"
      )
    }
  }

  private mutating func compareOptions(of old: MessageDescriptor, with new: MessageDescriptor) {
    let format = "message_set_wire_format"
    guard (old.options.flag(format) ?? false) != (new.options.flag(format) ?? false) else { return }
    find(
      .messageSameSetFormat,
      old.fullName,
      "\(format) of \"\(new.fullName)\" changed: its extensions are written in another way",
      at: .new(new.nameSpan)
    )
  }

  // MARK: - Oneofs

  private mutating func compareOneofs(of old: MessageDescriptor, with new: MessageDescriptor) {
    let names = Set(new.oneofs.filter { !$0.isSynthetic }.map(\.name))
    for oneof in old.oneofs where !oneof.isSynthetic && !names.contains(oneof.name) {
      find(
        .oneofNoDelete,
        "\(old.fullName).\(oneof.name)",
        "the oneof \"\(oneof.name)\" of \"\(new.fullName)\" is gone",
        at: .old(oneof.nameSpan)
      )
    }
    let oldFields = Dictionary(old.fields.map { ($0.number, $0) }) { first, _ in first }
    var members: [Int: [(was: FieldDescriptor, now: FieldDescriptor)]] = [:]
    for field in new.fields {
      guard let was = oldFields[field.number] else { continue }
      let index = new.realOneof(of: field)
      if let index { members[index, default: []].append((was, field)) }
      let group = old.realOneof(of: was).map { old.oneofs[$0].name }
      compareOneof(group, of: was, in: new, field, names)
    }
    for (index, fields) in members.sorted(by: { $0.key < $1.key }) {
      tellMeeting(of: fields, from: old, in: new.oneofs[index])
    }
  }

  private mutating func compareOneof(
    _ oldName: String?,
    of field: FieldDescriptor,
    in message: MessageDescriptor,
    _ now: FieldDescriptor,
    _ names: Set<String>
  ) {
    let newName = message.realOneof(of: now).map { message.oneofs[$0].name }
    // That a oneof is gone is told once for all its fields.
    guard oldName != newName, oldName.map(names.contains) ?? true else { return }
    let from = oldName.map { "in the oneof \"\($0)\"" } ?? "in no oneof"
    let into = newName.map { "in \"\($0)\"" } ?? "in none"
    find(
      .fieldSameOneof,
      field.fullName,
      "the field \"\(now.name)\" was \(from) and is \(into)",
      at: .new(now.nameSpan)
    )
  }

  /// Fields that could be set together and now clear each other.
  private mutating func tellMeeting(
    of fields: [(was: FieldDescriptor, now: FieldDescriptor)],
    from old: MessageDescriptor,
    in oneof: OneofDescriptor
  ) {
    guard let first = fields.first else { return }
    let group = old.realOneof(of: first.was)
    guard
      let other = fields.dropFirst().first(where: { member in
        let index = old.realOneof(of: member.was)
        return index == nil || index != group
      })
    else { return }
    find(
      .fieldCompatibleOneof,
      other.was.fullName,
      "\"\(first.now.name)\" and \"\(other.now.name)\" could be set together and now meet in the "
        + "oneof \"\(oneof.name)\": binary keeps the last of them, JSON is refused",
      at: .new(other.now.nameSpan),
      suggestion: "put new fields into the oneof"
    )
  }

  // MARK: - Reserved

  private mutating func compareReserved(of old: MessageDescriptor, with new: MessageDescriptor) {
    let open = new.reservedRanges + new.extensionRanges.map(\.range)
    tellUnreserved(old.reservedRanges, names: old.reservedNames, of: old.fullName, by: open) {
      name in new.reservedNames.contains { $0.name == name }
    }
    for range in old.extensionRanges.map(\.range) {
      let left = range.without(new.extensionRanges.map(\.range))
      guard !left.isEmpty else { continue }
      find(
        .extensionRangeNoDelete,
        old.fullName,
        NumberRange.text(of: left, old.fullName) + " no longer open to extensions",
        at: .old(range.span)
      )
    }
  }

  /// Numbers and names of a message or enum that may be used again.
  mutating func tellUnreserved(
    _ ranges: [NumberRange],
    names: [ReservedName],
    of subject: String,
    by open: [NumberRange],
    isReserved: (String) -> Bool
  ) {
    for range in ranges {
      let left = range.without(open)
      guard !left.isEmpty else { continue }
      let text = NumberRange.text(of: left, subject)
      find(
        .reservedNumberNoDelete,
        subject,
        "\(text) no longer reserved: what was written under it once would be read as something else",
        at: .old(range.span),
        suggestion: "add reserved \(left.map(\.plainText).joined(separator: ", "));"
      )
    }
    for name in names where !isReserved(name.name) {
      find(
        .reservedNameNoDelete,
        subject,
        "the name \"\(name.name)\" of \"\(subject)\" is no longer reserved: what was written under "
          + "it once would be read as something else",
        at: .old(name.span),
        suggestion: "add reserved \"\(name.name)\";"
      )
    }
  }
}

extension MessageDescriptor {
  /// The index of the oneof that an author put a field into.
  func realOneof(of field: FieldDescriptor) -> Int? {
    guard let index = field.oneofIndex, oneofs.indices.contains(index),
      !oneofs[index].isSynthetic, !field.isProto3Optional
    else { return nil }
    return index
  }
}

extension NumberRange {
  /// The parts of it that lie in none of the others.
  fileprivate func without(_ others: [NumberRange]) -> [NumberRange] {
    var parts: [NumberRange] = []
    var next = Int64(first)
    for other in others.sorted(by: { $0.first < $1.first }) where other.last >= first {
      if Int64(other.first) > next, next <= Int64(last) {
        parts.append(part(next, min(Int64(other.first) - 1, Int64(last))))
      }
      next = max(next, Int64(other.last) + 1)
    }
    if next <= Int64(last) { parts.append(part(next, Int64(last))) }
    return parts
  }

  private func part(_ first: Int64, _ last: Int64) -> NumberRange {
    NumberRange(
      first: Int32(truncatingIfNeeded: first),
      last: Int32(truncatingIfNeeded: last),
      span: span
    )
  }

  fileprivate var plainText: String { first == last ? "\(first)" : "\(first) to \(last)" }

  /// "the number 5 of "M" is", "the numbers 5 to 7, 9 of "M" are".
  fileprivate static func text(of ranges: [NumberRange], _ owner: String) -> String {
    let isOne = ranges.count == 1 && ranges[0].first == ranges[0].last
    let list = ranges.map(\.plainText).joined(separator: ", ")
    let what = isOne ? "number \(list)" : "numbers \(list)"
    return "the \(what) of \"\(owner)\" \(isOne ? "is" : "are")"
  }
}

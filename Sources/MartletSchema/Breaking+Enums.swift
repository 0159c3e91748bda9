// Two versions of one enum.

extension BreakingCheck {
  mutating func compare(_ old: EnumDescriptor, with new: EnumDescriptor) {
    compareValues(of: old, with: new)
    tellUnreserved(
      old.reservedRanges,
      names: old.reservedNames,
      of: old.fullName,
      by: new.reservedRanges
    ) { name in new.reservedNames.contains { $0.name == name } }
    if !old.isClosed, new.isClosed {
      find(
        .enumSameType,
        old.fullName,
        "the enum \"\(new.name)\" was open and is closed: numbers without a name are no longer kept "
          + "as values",
        at: .new(new.nameSpan)
      )
    }
    if let was = old.values.first, let now = new.values.first, was.number != now.number {
      find(
        .enumSameDefault,
        old.fullName,
        "a field of the enum \"\(new.name)\" that is not set was \(was.name) and is \(now.name)",
        at: .new(now.nameSpan),
        suggestion: "begin with \(was.name) again"
      )
    }
  }

  private mutating func compareValues(of old: EnumDescriptor, with new: EnumDescriptor) {
    let names = Dictionary(new.values.map { ($0.name, $0) }) { first, _ in first }
    let numbers = Dictionary(new.values.map { ($0.number, $0) }) { first, _ in first }
    for value in old.values {
      let subject = "\(old.fullName).\(value.name)"
      if let now = names[value.name] {
        if now.number == value.number { continue }
        find(
          .enumValueSameNumber,
          subject,
          "the number of \(value.name) was \(value.number) and is \(now.number)",
          at: .new(now.numberSpan),
          suggestion: "give it \(value.number) again"
        )
      } else if let now = numbers[value.number] {
        find(
          .enumValueSameName,
          subject,
          "the value \(value.number) was \(value.name) and is \(now.name)",
          at: .new(now.nameSpan),
          suggestion: "name it \(value.name) again"
        )
      } else {
        tellDeletion(of: value, subject, from: new)
      }
    }
  }

  private mutating func tellDeletion(
    of value: EnumValueDescriptor,
    _ subject: String,
    from enumeration: EnumDescriptor
  ) {
    let what = "the value \(value.name) of \"\(enumeration.fullName)\" is gone"
    find(
      .enumValueNoDelete,
      subject,
      what,
      at: .old(value.nameSpan),
      suggestion: "keep it and mark it deprecated = true"
    )
    let isReserved = enumeration.reservedRanges.contains {
      $0.first <= value.number && value.number <= $0.last
    }
    if !isReserved {
      find(
        .enumValueNoDeleteUnlessNumberReserved,
        subject,
        "\(what) and its number is free: a later value would be read for this one",
        at: .old(value.numberSpan),
        suggestion: "add reserved \(value.number);"
      )
    }
    if !enumeration.reservedNames.contains(where: { $0.name == value.name }) {
      find(
        .enumValueNoDeleteUnlessNameReserved,
        subject,
        "\(what) and its name is free: a later value would be read for this one",
        at: .old(value.nameSpan),
        suggestion: "add reserved \"\(value.name)\";"
      )
    }
  }
}

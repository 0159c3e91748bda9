// Numbers, and what a schema cannot leave behind again: NUMBERS.

extension Linter {
  mutating func checkNumbers() {
    for message in messages {
      checkGaps(of: message)
      checkOrder(of: message)
      for field in message.fields + message.extensions { checkShape(of: field) }
    }
    for field in file.extensions { checkShape(of: field) }
    for enumeration in enums {
      checkGaps(of: enumeration)
      checkValues(of: enumeration)
    }
  }

  private mutating func checkShape(of field: FieldDescriptor) {
    if field.isRequired {
      find(
        .fieldNotRequired,
        "\"\(field.name)\" is required: it can never be left out again",
        at: field.labelSpan ?? field.nameSpan,
        suggestion: "make it optional and check it where it is read"
      )
    }
    if field.type == .group {
      find(
        .fieldNoGroup,
        "\"\(field.name)\" is a group, which proto3 does not have",
        at: field.nameSpan,
        suggestion: "use a message"
      )
    }
  }

  private mutating func checkOrder(of message: MessageDescriptor) {
    var largest: FieldDescriptor?
    for field in message.fields {
      if let largest, field.number < largest.number {
        find(
          .fieldNumberOrder,
          "\"\(field.name)\" has the number \(field.number) and stands behind \"\(largest.name)\" "
            + "with \(largest.number)",
          at: field.numberSpan
        )
      } else {
        largest = field
      }
    }
  }

  // MARK: - Gaps

  /// Numbers that are taken, and where.
  private struct TakenNumbers {
    var first: Int64
    var last: Int64
    var span: SourceSpan

    init(_ number: Int32, _ span: SourceSpan) {
      first = Int64(number)
      last = first
      self.span = span
    }

    init(_ range: NumberRange) {
      first = Int64(range.first)
      last = Int64(range.last)
      span = range.span
    }
  }

  private mutating func checkGaps(of message: MessageDescriptor) {
    var taken = message.fields.map { TakenNumbers($0.number, $0.numberSpan) }
    taken += message.reservedRanges.map(TakenNumbers.init)
    taken += message.extensionRanges.map(\.range).map(TakenNumbers.init)
    checkGaps(.fieldNoNumberGap, "fields of \"\(message.name)\"", taken, from: 1)
  }

  private mutating func checkGaps(of enumeration: EnumDescriptor) {
    var taken = enumeration.values.map { TakenNumbers($0.number, $0.numberSpan) }
    taken += enumeration.reservedRanges.map(TakenNumbers.init)
    checkGaps(.enumNoNumberGap, "values of \"\(enumeration.name)\"", taken, from: 0)
  }

  private mutating func checkGaps(
    _ rule: LintRule,
    _ owner: String,
    _ taken: [TakenNumbers],
    from start: Int64
  ) {
    var next = start
    for numbers in taken.sorted(by: { ($0.first, $0.last) < ($1.first, $1.last) }) {
      defer { next = max(next, numbers.last + 1) }
      for gap in Self.usable(next, numbers.first - 1, in: rule) {
        let (text, verb) =
          gap.first == gap.last
          ? ("\(gap.first)", "is") : ("\(gap.first) to \(gap.last)", "are")
        find(
          rule,
          "\(text) \(verb) neither used nor reserved among the \(owner): a number that was in use "
            + "once must not come back",
          at: numbers.span,
          suggestion: "add reserved \(text);"
        )
      }
    }
  }

  /// The parts of a gap that a declaration could use: no field has the numbers 19000 to 19999.
  private static func usable(
    _ first: Int64,
    _ last: Int64,
    in rule: LintRule
  ) -> [(first: Int64, last: Int64)] {
    let whole = [(first: first, last: last)]
    let parts =
      rule == .enumNoNumberGap
      ? whole : [(first: first, last: min(last, 18_999)), (first: max(first, 20_000), last: last)]
    return parts.filter { $0.first <= $0.last }
  }

  // MARK: - Enums

  private mutating func checkValues(of enumeration: EnumDescriptor) {
    if let first = enumeration.values.first, first.number != 0 {
      find(
        .enumFirstValueZero,
        "the first value of \"\(enumeration.name)\" is \(first.number): a field that is not set "
          + "reads as it, and proto3 wants 0",
        at: first.numberSpan,
        suggestion: "begin with "
          + "\(SwiftNames.screamingSnake(enumeration.name))_UNSPECIFIED = 0;"
      )
    }
    if let option = enumeration.options.written.first(where: { $0.nameText == "allow_alias" }) {
      find(
        .enumNoAllowAlias,
        "\"\(enumeration.name)\" allows two names for one number; JSON writes only the first",
        at: option.span,
        suggestion: "keep one name for each number"
      )
    }
  }
}

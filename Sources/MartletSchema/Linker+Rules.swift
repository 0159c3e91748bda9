// What one statement alone cannot show: numbers, names and reserved ones within a declaration.

extension Linker {
  mutating func checkRules(of file: FileDescriptor) {
    for message in file.messages { checkRules(of: message) }
    for enumeration in file.enums { checkRules(of: enumeration) }
    for field in file.extensions { checkExtension(field) }
    checkFeatures(of: file)
    if file.edition >= .edition2024 {
      checkVisibility(of: file)
      checkNames(of: file)
    }
  }

  private mutating func checkRules(of message: MessageDescriptor) {
    if message.isMapEntry {
      checkMap(message)
      return
    }
    checkNumbers(of: message)
    checkReserved(of: message)
    if !message.extensionRanges.isEmpty, files[current].syntax == .proto3 {
      error("proto3 has no extension ranges", at: message.extensionRanges[0].range.span)
    }
    checkDeclarations(of: message)
    checkJSONNames(of: message)
    for field in message.fields {
      checkType(of: field)
      checkDefault(of: field)
    }
    for field in message.extensions { checkExtension(field) }
    for nested in message.messages { checkRules(of: nested) }
    for enumeration in message.enums { checkRules(of: enumeration) }
  }

  // MARK: - Numbers of fields

  private mutating func checkNumbers(of message: MessageDescriptor) {
    var owners: [Int32: FieldDescriptor] = [:]
    // A hint looks at all fields: not for more errors than are told.
    for field in message.fields where !sink.isFull {
      if let reason = Self.unusable(field.number) {
        let free = Self.freeNumber(in: message)
        let hint = free.map { "the next free number is \($0)" }
        error(
          "\"\(field.name)\" cannot have the number \(field.number): \(reason)",
          at: field.numberSpan,
          suggestion: hint
        )
      } else if let other = owners[field.number] {
        let free = Self.freeNumber(in: message).map { "the next free number is \($0)" }
        error(
          "the number \(field.number) of \"\(field.name)\" is already that of \"\(other.name)\"",
          at: field.numberSpan,
          suggestion: free
        )
      } else {
        owners[field.number] = field
      }
    }
  }

  /// Why no field may have a number.
  static func unusable(_ number: Int32) -> String? {
    if number < 1 { return "numbers start at 1" }
    if number > FileParser.lastFieldNumber {
      return "the largest is \(FileParser.lastFieldNumber)"
    }
    if (19_000...19_999).contains(number) {
      return "19000 to 19999 are kept for protobuf itself"
    }
    return nil
  }

  private static func freeNumber(in message: MessageDescriptor) -> Int32? {
    var taken = message.fields.map(\.number).filter { unusable($0) == nil }
    taken += message.reservedRanges.map(\.last) + message.extensionRanges.map(\.range.last)
    let next = Int64(taken.max() ?? 0) + 1
    let number = Int32(truncatingIfNeeded: (19_000...19_999).contains(next) ? 20_000 : next)
    return unusable(number) == nil ? number : nil
  }

  // MARK: - Reserved

  private mutating func checkReserved(of message: MessageDescriptor) {
    let ranges = message.reservedRanges
    checkOrder(of: ranges, lowest: 1)
    let extensions = message.extensionRanges.map(\.range)
    checkOrder(of: extensions, lowest: 1)
    // Reserving numbers that no field can have does no harm, but a descriptor holds one past the
    // last in 32 bits.
    let tooLarge = extensions.filter {
      $0.last > FileParser.lastFieldNumber && !message.isMessageSet
    }
    for range in tooLarge + ranges.filter({ $0.last == .max }) {
      error("the largest number of a field is \(FileParser.lastFieldNumber)", at: range.span)
    }
    checkOverlap(of: ranges + extensions)
    checkDuplicates(of: message.reservedNames)
    let names = Set(message.reservedNames.map(\.name))
    let sorted = (ranges + extensions).sorted { $0.first < $1.first }
    for field in message.fields {
      if names.contains(field.name) {
        error("the name \"\(field.name)\" is reserved", at: field.nameSpan)
      }
      if let range = Self.range(holding: field.number, in: sorted) {
        let isReserved = ranges.contains(range)
        let what = isReserved ? "is reserved" : "belongs to the extensions"
        error("the number \(field.number) of \"\(field.name)\" \(what)", at: field.numberSpan)
      }
    }
  }

  static func range(holding number: Int32, in sorted: [NumberRange]) -> NumberRange? {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].last < number { low = middle + 1 } else { high = middle }
    }
    guard low < sorted.count, sorted[low].first <= number else { return nil }
    return sorted[low]
  }

  mutating func checkOrder(of ranges: [NumberRange], lowest: Int32) {
    for range in ranges {
      if range.first < lowest {
        error("numbers start at \(lowest)", at: range.span)
      } else if range.last < range.first {
        error("the range ends before it starts", at: range.span)
      }
    }
  }

  mutating func checkOverlap(of ranges: [NumberRange]) {
    let sorted = ranges.sorted { ($0.first, $0.span.start) < ($1.first, $1.span.start) }
    guard var widest = sorted.first else { return }
    for range in sorted.dropFirst() {
      if range.first <= widest.last {
        let (one, other) = widest.span.start < range.span.start ? (widest, range) : (range, widest)
        error(
          "\(other.text) overlaps \(one.text) on line \(line(of: one.span))",
          at: other.span
        )
      }
      if range.last > widest.last { widest = range }
    }
  }

  mutating func checkDuplicates(of names: [ReservedName]) {
    var seen: Set<String> = []
    for reserved in names where !seen.insert(reserved.name).inserted {
      error("the name \"\(reserved.name)\" is reserved twice", at: reserved.span)
    }
  }

  // MARK: - JSON names

  private mutating func checkJSONNames(of message: MessageDescriptor) {
    if message.options.flag("deprecated_legacy_json_field_conflicts") != true {
      checkJSONNamesDiffer(in: message)
    }
    for field in message.fields {
      guard let span = field.jsonNameSpan else { continue }
      if field.jsonName.hasPrefix("["), field.jsonName.hasSuffix("]") {
        error("a JSON name in brackets is kept for extensions", at: span)
      } else if field.jsonName.utf8.contains(0) {
        error("a JSON name cannot hold a NUL", at: span)
      }
    }
  }

  private mutating func checkJSONNamesDiffer(in message: MessageDescriptor) {
    var isReported: Set<String> = []
    for usesGiven in [false, true] {
      if usesGiven, !message.fields.contains(where: \.hasOwnJSONName) { break }
      var owners: [String: FieldDescriptor] = [:]
      for field in message.fields {
        let name = usesGiven ? field.jsonName : JSONName.derived(from: field.name)
        guard let other = owners.updateValue(owners[name] ?? field, forKey: name),
          other.name != field.name, isReported.insert(field.name).inserted
        else { continue }
        let isLenient =
          message.features.jsonFormat == .legacyBestEffort
          && !(usesGiven && field.hasOwnJSONName && other.hasOwnJSONName)
        report(
          "\"\(field.name)\" has the same JSON name as \"\(other.name)\": \"\(name)\"",
          at: (usesGiven ? field.jsonNameSpan : nil) ?? field.nameSpan,
          asWarning: isLenient
        )
      }
    }
  }

  /// An error, or a warning where older files were let pass.
  mutating func report(_ message: String, at span: SourceSpan?, asWarning: Bool) {
    if asWarning {
      sink.warning(message, in: files[current].name, at: span)
    } else {
      error(message, at: span)
    }
  }

  // MARK: - Types

  private mutating func checkType(of field: FieldDescriptor) {
    guard files[current].syntax == .proto3, field.type == .enum,
      enumeration(named: field.typeName)?.isClosed ?? false
    else { return }
    error(
      "\"\(field.typeName)\" is a closed enum; a proto3 message cannot use it",
      at: field.typeSpan
    )
  }

  private mutating func checkMap(_ entry: MessageDescriptor) {
    guard let key = entry.fields.first else { return }
    switch key.type {
    case .double, .float, .bytes, .message, .enum, .group:
      error("the key of a map is an integer, a bool or a string", at: key.typeSpan)
    default:
      break
    }
    if let value = entry.fields.last {
      checkType(of: value)
      checkZero(of: value)
    }
  }
}

extension FieldDescriptor {
  /// Whether `json_name` says more than what follows from the name.
  fileprivate var hasOwnJSONName: Bool {
    jsonNameSpan != nil && jsonName != JSONName.derived(from: name)
  }
}

extension NumberRange {
  /// As written: "5" or "5 to 9".
  fileprivate var text: String { first == last ? "\(first)" : "\(first) to \(last)" }
}

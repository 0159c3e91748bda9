// `reserved`, `extensions` and `extend`.

extension FileParser {
  /// Reads `reserved 2, 9 to 11;` or `reserved "name", "other";`.
  ///
  /// The numbers of an enum, `isSigned`, may be negative.
  mutating func reserved(
    ranges: inout [NumberRange],
    names: inout [ReservedName],
    paths: (range: Int32, name: Int32),
    isSigned: Bool
  ) throws(StatementFailure) {
    let start = current.span
    advance()
    if current.kind == .identifier, file.syntax != .editions {
      throw fail("reserved names stand in quotes, found \(found)")
    }
    if current.kind == .string, file.syntax == .editions {
      error("reserved names stand without quotes in editions", at: current.span)
    }
    let isNames = current.kind == .string || current.kind == .identifier
    let place = begin(isNames ? paths.name : paths.range, at: start)
    defer { end(place) }
    if isNames {
      try reservedNames(&names)
    } else {
      let bound = isSigned ? Int32.max : Self.lastFieldNumber
      repeat {
        ranges.append(try numberRange(Int32(ranges.count), isSigned: isSigned, max: bound))
      } while take(",")
    }
    try endDeclaration(";", of: place)
  }

  private mutating func reservedNames(
    _ names: inout [ReservedName]
  ) throws(StatementFailure) {
    repeat {
      let place = begin(Int32(names.count))
      defer { end(place) }
      let isQuoted = file.syntax != .editions || current.kind == .string
      let (name, span) =
        isQuoted ? try text("a reserved name in quotes") : try identifier("a reserved name")
      if !name.utf8.allSatisfy(\.isIdentifierPart) || name.utf8.first?.isIdentifierStart != true {
        sink.warning("the reserved name \"\(name)\" is not a name", in: file.name, at: span)
      }
      names.append(ReservedName(name: name, span: span))
    } while take(",")
  }

  /// The largest number of a field, 2^29 - 1.
  static let lastFieldNumber: Int32 = 536_870_911

  /// Reads `2`, `9 to 11` or `1000 to max`.
  private mutating func numberRange(
    _ position: Int32,
    isSigned: Bool,
    max bound: Int32
  ) throws(StatementFailure) -> NumberRange {
    let place = begin(position)
    defer { end(place) }
    let what = "a number, a range or a name in quotes"
    let startPlace = begin(1)
    let first: Int32
    let firstSpan: SourceSpan
    do throws(StatementFailure) {
      (first, firstSpan) = try rangeEnd(what, isSigned: isSigned)
      end(startPlace)
    } catch {
      end(startPlace)
      throw error
    }
    var last = first
    var isOpen = false
    if take("to") {
      let start = current.span
      isOpen = take("max")
      last = isOpen ? bound : try rangeEnd("a number or \"max\"", isSigned: isSigned).0
      record(2, at: start.through(previous.span))
    } else {
      record(2, at: firstSpan)
    }
    return NumberRange(first: first, last: last, isOpen: isOpen, span: span(of: place))
  }

  private mutating func rangeEnd(
    _ what: String,
    isSigned: Bool
  ) throws(StatementFailure) -> (Int32, SourceSpan) {
    if isSigned { return try signedInteger(what) }
    let (value, span) = try integer(what)
    return (Int32(value), span)
  }

  /// Reads `extensions 100 to 199, 500 [ options ];`; whether they are allowed is checked later.
  mutating func extensionRanges(
    _ message: inout MessageDescriptor
  ) throws(StatementFailure) {
    let place = begin(5)
    defer { end(place) }
    advance()
    let first = message.extensionRanges.count
    repeat {
      let position = Int32(message.extensionRanges.count)
      let range = try numberRange(position, isSigned: false, max: Self.lastFieldNumber)
      message.extensionRanges.append(ExtensionRange(range: range))
    } while take(",")
    if looking(at: "[") {
      let ranges = first..<message.extensionRanges.count
      let options = try rangeOptions(ranges)
      for index in ranges { message.extensionRanges[index].options = options }
    }
    try endDeclaration(";", of: place)
  }

  /// One list of options for several ranges: each has them, at the same place.
  private mutating func rangeOptions(
    _ ranges: Range<Int>
  ) throws(StatementFailure) -> DescriptorOptions {
    let firstLocation = file.locations.count
    let depth = path.count
    let outer = path
    path.append(Int32(ranges.lowerBound))
    defer { path = outer }
    let options = try optionList(3)
    let locations = file.locations[firstLocation...]
    for index in ranges.dropFirst() {
      for var location in locations {
        location.path[depth] = Int32(index)
        file.locations.append(location)
      }
    }
    return options
  }

  // MARK: - Extend

  mutating func fileExtend() throws(StatementFailure) {
    // Fields are read into a message that is thrown away but for them and their groups' types.
    var holder = MessageDescriptor(name: "", span: current.span, nameSpan: current.span)
    swap(&holder.fields, &file.extensions)
    swap(&holder.messages, &file.messages)
    defer {
      swap(&holder.fields, &file.extensions)
      swap(&holder.messages, &file.messages)
    }
    try extend(7, into: &holder)
  }

  mutating func nestedExtend(_ message: inout MessageDescriptor) throws(StatementFailure) {
    var holder = MessageDescriptor(name: "", span: current.span, nameSpan: current.span)
    swap(&holder.fields, &message.extensions)
    swap(&holder.messages, &message.messages)
    defer {
      swap(&holder.fields, &message.extensions)
      swap(&holder.messages, &message.messages)
    }
    try extend(6, into: &holder)
  }

  private mutating func extend(
    _ number: Int32,
    into holder: inout MessageDescriptor
  ) throws(StatementFailure) {
    let place = begin(number)
    defer { end(place) }
    advance()
    let (extendee, extendeeSpan) = try qualifiedName("the name of the message to extend")
    let opening = current.span
    try endDeclaration("{", of: place)
    let first = holder.fields.count
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "extend", extendee, opening) else { break }
      do throws(StatementFailure) {
        try extensionField(into: &holder, extendee: extendee, at: extendeeSpan)
      } catch {
        skipStatement()
      }
    }
    if holder.fields.count == first { error("this \"extend\" has no fields", at: extendeeSpan) }
  }

  private mutating func extensionField(
    into holder: inout MessageDescriptor,
    extendee: String,
    at extendeeSpan: SourceSpan
  ) throws(StatementFailure) {
    let place = begin(Int32(holder.fields.count))
    defer { end(place) }
    record(2, at: extendeeSpan)
    if looking(at: "map"), looking(at: "<", ahead: 1) {
      throw fail("an extension cannot be a map")
    }
    let count = holder.fields.count
    try field(at: place, parent: &holder, oneof: nil)
    for index in count..<holder.fields.count {
      holder.fields[index].extendee = extendee
      holder.fields[index].extendeeSpan = extendeeSpan
    }
  }
}

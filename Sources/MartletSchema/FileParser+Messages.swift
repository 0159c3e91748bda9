// Messages and oneofs.

extension FileParser {
  mutating func message(
    _ number: Int32,
    _ position: Int32
  ) throws(StatementFailure) -> MessageDescriptor {
    let visibility = visibility()
    let place = begin(number, position)
    defer { end(place) }
    advance()
    let nameSpan = current.span
    let name = try declaredName("the name of the message")
    var message = MessageDescriptor(name: name, span: nameSpan, nameSpan: nameSpan)
    message.visibility = visibility
    try messageBlock(&message, at: place)
    return message
  }

  /// From the `{` of a message or a group to its `}`.
  mutating func messageBlock(
    _ message: inout MessageDescriptor,
    at place: Place
  ) throws(StatementFailure) {
    messageDepth += 1
    defer { messageDepth -= 1 }
    guard messageDepth <= limits.messageDepth else {
      throw fail("messages are nested more than \(limits.messageDepth) deep")
    }
    let opening = current.span
    try endDeclaration("{", of: place)
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "message", message.name, opening) else { break }
      do throws(StatementFailure) {
        try messageStatement(&message)
      } catch {
        skipStatement()
      }
    }
    addSyntheticOneofs(to: &message)
    if message.isMessageSet { message.widenOpenRanges() }
    message.comments = comments(of: place)
    message.span = span(of: place)
  }

  /// The name of an element, recorded as its field 1.
  mutating func declaredName(_ what: String) throws(StatementFailure) -> String {
    let place = begin(1)
    defer { end(place) }
    return try identifier(what).0
  }

  /// Whether a block goes on; at the end of the file its opening brace is told of.
  mutating func hasMore(
    in kind: String,
    _ name: String,
    _ opening: SourceSpan
  ) throws(StatementFailure) -> Bool {
    if sink.isFull { throw StatementFailure() }
    guard isAtEnd else { return true }
    error("the file ends inside \(kind) \"\(name)\": this \"{\" is not closed", at: opening)
    return false
  }

  private mutating func messageStatement(
    _ message: inout MessageDescriptor
  ) throws(StatementFailure) {
    if takeEnd(";", of: nil) { return }
    if isMessage {
      message.messages.append(try self.message(3, Int32(message.messages.count)))
    } else if isEnum {
      message.enums.append(try enumeration(4, Int32(message.enums.count)))
    } else if hasVisibility {
      throw fail("only messages and enums are exported or local")
    } else if looking(at: "extensions") {
      try extensionRanges(&message)
    } else if looking(at: "reserved") {
      try reserved(
        ranges: &message.reservedRanges,
        names: &message.reservedNames,
        paths: (range: 9, name: 10),
        isSigned: false
      )
    } else if looking(at: "extend") {
      try nestedExtend(&message)
    } else if looking(at: "option") {
      let option = try optionStatement(7, message.options.written.count)
      message.options.written.append(option)
    } else if looking(at: "oneof") {
      try oneof(in: &message)
    } else {
      let place = begin(2, Int32(message.fields.count))
      defer { end(place) }
      try field(at: place, parent: &message, oneof: nil)
    }
  }

  // MARK: - Oneofs

  private mutating func oneof(in message: inout MessageDescriptor) throws(StatementFailure) {
    let messagePath = path
    let position = message.oneofs.count
    let place = begin(8, Int32(position))
    defer { end(place) }
    advance()
    let nameSpan = current.span
    let name = try declaredName("the name of the oneof")
    let opening = current.span
    try endDeclaration("{", of: place)
    message.oneofs.append(OneofDescriptor(name: name, span: nameSpan, nameSpan: nameSpan))
    let firstField = message.fields.count
    let errorsBefore = sink.errorCount
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "oneof", name, opening) else { break }
      do throws(StatementFailure) {
        try oneofStatement(in: &message, position: position, messagePath: messagePath)
      } catch {
        skipStatement()
      }
    }
    if message.fields.count == firstField, sink.errorCount == errorsBefore {
      error("the oneof \"\(name)\" has no fields", at: nameSpan)
    }
    message.oneofs[position].comments = comments(of: place)
    message.oneofs[position].span = span(of: place)
  }

  private mutating func oneofStatement(
    in message: inout MessageDescriptor,
    position: Int,
    messagePath: [Int32]
  ) throws(StatementFailure) {
    if looking(at: "option") {
      let count = message.oneofs[position].options.written.count
      let option = try optionStatement(2, count)
      message.oneofs[position].options.written.append(option)
      return
    }
    if Self.labels.contains(where: { looking(at: $0.0) }) {
      error("the fields of a oneof have no label", at: current.span)
      advance()
    }
    let place = begin(messagePath + [2, Int32(message.fields.count)])
    defer { end(place) }
    try field(at: place, parent: &message, oneof: position)
  }

  /// Each `optional` field of proto3 is alone in a oneof of its own, so that readers of
  /// descriptors that know nothing of it still see its presence.
  private func addSyntheticOneofs(to message: inout MessageDescriptor) {
    var names = Set(message.oneofs.map(\.name) + message.fields.map(\.name))
    for index in message.fields.indices where message.fields[index].isProto3Optional {
      let field = message.fields[index]
      var name = field.name.hasPrefix("_") ? field.name : "_" + field.name
      while names.contains(name) { name = "X" + name }
      names.insert(name)
      message.fields[index].oneofIndex = message.oneofs.count
      message.oneofs.append(
        OneofDescriptor(name: name, isSynthetic: true, span: field.span, nameSpan: field.nameSpan)
      )
    }
  }
}

extension MessageDescriptor {
  /// A message set has room for more numbers than fields have, so `max` means more in it.
  fileprivate mutating func widenOpenRanges() {
    let last = Int32.max - 1
    for index in extensionRanges.indices where extensionRanges[index].range.isOpen {
      extensionRanges[index].range.last = last
    }
    for index in reservedRanges.indices where reservedRanges[index].isOpen {
      reservedRanges[index].last = last
    }
  }
}

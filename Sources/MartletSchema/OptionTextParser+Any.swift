// google.protobuf.Any written out: [type.googleapis.com/package.Message] { … }

extension OptionTextParser {
  /// The type that a message of any type holds, by its URL.
  struct AnyType {
    var url: String
    var message: MessageDescriptor
    var span: SourceSpan
  }

  /// Reads a URL in brackets, in an Any alone.
  mutating func anyType(in message: MessageDescriptor) throws(OptionFailure) -> AnyType? {
    guard message.fullName == "google.protobuf.Any", looking(at: "[") else { return nil }
    let start = current.span
    advance()
    let host = try qualifiedName()
    guard take("/") else { throw unexpected("\"/\" and the type's full name") }
    let name = try qualifiedName()
    let span = start.through(current.span)
    guard take("]") else { throw unexpected("\"]\"") }
    guard Self.hosts.contains(host) else {
      throw OptionFailure(
        message: "types of \"\(host)\" are not known",
        span: span,
        suggestion: "write [type.googleapis.com/\(name)]"
      )
    }
    let meaning = interpreter.linker.lookUp(
      "." + name,
      fromElement: interpreter.scope,
      typesOnly: true
    )
    guard case .found = meaning, let type = interpreter.linker.message(named: name) else {
      throw OptionFailure(message: "\"\(name)\" is not a message that is known here", span: span)
    }
    return AnyType(url: "\(host)/\(name)", message: type, span: span)
  }

  private static let hosts: Set<String> = ["type.googleapis.com", "type.googleprod.com"]

  /// The fields of the Any: the URL, and the bytes of the message in the braces.
  mutating func expandedAny(
    _ type: AnyType,
    after fields: [OptionField]
  ) throws(OptionFailure) -> [OptionField] {
    if !fields.isEmpty {
      throw OptionFailure(message: "an Any holds one message", span: type.span)
    }
    _ = take(":")
    let content: [OptionField]
    if take("{") {
      content = try self.fields(of: type.message, until: "}")
    } else if take("<") {
      content = try self.fields(of: type.message, until: ">")
    } else {
      throw unexpected("\"{\"")
    }
    guard let any = interpreter.linker.message(named: "google.protobuf.Any"),
      let url = any.field(named: "type_url"), let value = any.field(named: "value")
    else { throw OptionFailure(message: "this Any is not protobuf's own", span: type.span) }
    let bytes = OptionWriter.bytes(of: content)
    var result = [interpreter.optionField(url, .string(type.url))]
    if !bytes.isEmpty || value.hasPresence {
      result.append(interpreter.optionField(value, .bytes(bytes)))
    }
    return result
  }
}

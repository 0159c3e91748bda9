// Services and their methods.

extension FileParser {
  mutating func service() throws(StatementFailure) -> ServiceDescriptor {
    let place = begin(6, Int32(file.services.count))
    defer { end(place) }
    advance()
    let nameSpan = current.span
    let name = try declaredName("the name of the service")
    var service = ServiceDescriptor(name: name, span: nameSpan, nameSpan: nameSpan)
    let opening = current.span
    try endDeclaration("{", of: place)
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "service", name, opening) else { break }
      do throws(StatementFailure) {
        try serviceStatement(&service)
      } catch {
        skipStatement()
      }
    }
    service.comments = comments(of: place)
    service.span = span(of: place)
    return service
  }

  private mutating func serviceStatement(
    _ service: inout ServiceDescriptor
  ) throws(StatementFailure) {
    if takeEnd(";", of: nil) { return }
    if looking(at: "option") {
      let option = try optionStatement(3, service.options.written.count)
      service.options.written.append(option)
    } else if looking(at: "rpc") {
      service.methods.append(try method(Int32(service.methods.count)))
    } else {
      throw fail(
        "expected \"rpc\" or \"option\", found \(found)",
        suggestion: misspeltKeyword(["rpc", "option"])
      )
    }
  }

  private mutating func method(_ position: Int32) throws(StatementFailure) -> MethodDescriptor {
    let place = begin(2, position)
    defer { end(place) }
    advance()
    let nameSpan = current.span
    let name = try declaredName("the name of the method")
    let input = try methodType(stream: 5, type: 2, "the request's message type")
    try expect("returns")
    let output = try methodType(stream: 6, type: 3, "the response's message type")
    var method = MethodDescriptor(
      name: name,
      inputType: input.name,
      outputType: output.name,
      isClientStreaming: input.isStream,
      isServerStreaming: output.isStream,
      span: nameSpan,
      nameSpan: nameSpan,
      inputSpan: input.span,
      outputSpan: output.span
    )
    if looking(at: "{") {
      method.hasBlock = true
      try methodOptions(&method, at: place)
    } else {
      try endDeclaration(";", of: place)
    }
    method.comments = comments(of: place)
    method.span = span(of: place)
    return method
  }

  private struct MethodType {
    var name: String
    var span: SourceSpan
    var isStream: Bool
  }

  /// Reads `(stream Name)`.
  private mutating func methodType(
    stream: Int32,
    type: Int32,
    _ what: String
  ) throws(StatementFailure) -> MethodType {
    try expect("(")
    let isStream = looking(at: "stream")
    if isStream {
      record(stream, at: current.span)
      advance()
    }
    let reference = try typeReference(what)
    if reference.type != .unresolved {
      error("a method takes and returns messages, not scalars", at: reference.span)
      throw StatementFailure()
    }
    record(type, at: reference.span)
    try expect(")")
    return MethodType(name: reference.name, span: reference.span, isStream: isStream)
  }

  private mutating func methodOptions(
    _ method: inout MethodDescriptor,
    at place: Place
  ) throws(StatementFailure) {
    let opening = current.span
    try endDeclaration("{", of: place)
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "rpc", method.name, opening) else { break }
      if takeEnd(";", of: nil) { continue }
      do throws(StatementFailure) {
        guard looking(at: "option") else { throw fail("expected \"option\", found \(found)") }
        let option = try optionStatement(4, method.options.written.count)
        method.options.written.append(option)
      } catch {
        skipStatement()
      }
    }
  }
}

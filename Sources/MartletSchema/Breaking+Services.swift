// Two versions of one service.

extension BreakingCheck {
  mutating func compare(_ old: ServiceDescriptor, with new: ServiceDescriptor) {
    for method in old.methods {
      guard let now = new.methods.first(where: { $0.name == method.name }) else {
        find(
          .rpcNoDelete,
          method.fullName,
          "the method \"\(method.name)\" of \"\(new.fullName)\" is gone: calls to it fail",
          at: .old(method.nameSpan),
          suggestion: "keep it and mark it deprecated = true"
        )
        continue
      }
      compareTypes(of: method, with: now)
      compareStreams(of: method, with: now)
      compareIdempotency(of: method, with: now)
    }
  }

  private mutating func compareTypes(of old: MethodDescriptor, with new: MethodDescriptor) {
    compare(old.inputType, new.inputType, "request", .rpcSameRequestType, of: old, new.inputSpan)
    compare(
      old.outputType,
      new.outputType,
      "response",
      .rpcSameResponseType,
      of: old,
      new.outputSpan
    )
  }

  private mutating func compare(
    _ old: String,
    _ new: String,
    _ role: String,
    _ rule: BreakingRule,
    of method: MethodDescriptor,
    _ span: SourceSpan
  ) {
    if newName(of: old) == new { return }
    let what = "the \(role) of \"\(method.name)\" was \"\(old)\" and is \"\(new)\""
    let suggestion = "add a method and keep this one"
    find(rule, method.fullName, what, at: .new(span), suggestion: suggestion)
    let broken = breaks(old, readAs: new)
    let text = "\(what), and the messages have different fields"
    if broken.contains(.wire) {
      find(
        .rpcWireCompatibleTypes,
        method.fullName,
        text,
        at: .new(span),
        suggestion: suggestion
      )
    }
    if broken.contains(.json) {
      find(
        .rpcJSONCompatibleTypes,
        method.fullName,
        text,
        at: .new(span),
        suggestion: suggestion
      )
    }
  }

  private mutating func compareStreams(of old: MethodDescriptor, with new: MethodDescriptor) {
    if old.isClientStreaming != new.isClientStreaming {
      find(
        .rpcSameClientStreaming,
        old.fullName,
        "\"\(new.name)\" "
          + (new.isClientStreaming
            ? "took one request and takes a stream" : "took a stream and takes one request"),
        at: .new(new.inputSpan),
        suggestion: "add a method and keep this one"
      )
    }
    if old.isServerStreaming != new.isServerStreaming {
      find(
        .rpcSameServerStreaming,
        old.fullName,
        "\"\(new.name)\" "
          + (new.isServerStreaming
            ? "returned one response and returns a stream"
            : "returned a stream and returns one response"),
        at: .new(new.outputSpan),
        suggestion: "add a method and keep this one"
      )
    }
  }

  private mutating func compareIdempotency(of old: MethodDescriptor, with new: MethodDescriptor) {
    let was = Self.idempotency(of: old)
    let now = Self.idempotency(of: new)
    if was == now { return }
    find(
      .rpcSameIdempotencyLevel,
      old.fullName,
      "the idempotency_level of \"\(new.name)\" was \(was) and is \(now): clients repeat calls by it",
      at: .new(new.nameSpan)
    )
  }

  private static func idempotency(of method: MethodDescriptor) -> String {
    guard case .enumValue(let name, _)? = method.options.known["idempotency_level"] else {
      return "IDEMPOTENCY_UNKNOWN"
    }
    return name
  }
}

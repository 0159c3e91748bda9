// Methods and what they take and return: RPC, UNARY.

extension Linter {
  mutating func checkServices() {
    for service in file.services {
      for method in service.methods {
        check(
          .rpcRequestStandardName,
          method.inputType,
          "request",
          of: method,
          in: service,
          at: method.inputSpan
        )
        check(
          .rpcResponseStandardName,
          method.outputType,
          "response",
          of: method,
          in: service,
          at: method.outputSpan
        )
        checkStreams(of: method)
      }
    }
  }

  private mutating func check(
    _ rule: LintRule,
    _ type: String,
    _ role: String,
    of method: MethodDescriptor,
    in service: ServiceDescriptor,
    at span: SourceSpan
  ) {
    let suffix = role.prefix(1).uppercased() + role.dropFirst()
    let short = LintCase.upperCamel.rewritten(method.name) ?? method.name
    let wanted = ["\(short)\(suffix)", "\(service.name)\(short)\(suffix)"]
    let name = type.split(separator: ".").last.map(String.init) ?? type
    if wanted.contains(name) { return }
    find(
      rule,
      "the \(role) of \"\(method.name)\" is \"\(name)\", which is not named after the method",
      at: span,
      suggestion: "name it \"\(wanted[0])\" or \"\(wanted[1])\""
    )
  }

  private mutating func checkStreams(of method: MethodDescriptor) {
    if method.isClientStreaming {
      find(
        .rpcNoClientStreaming,
        "\"\(method.name)\" takes a stream",
        at: method.inputSpan
      )
    }
    if method.isServerStreaming {
      find(
        .rpcNoServerStreaming,
        "\"\(method.name)\" returns a stream",
        at: method.outputSpan
      )
    }
  }

  /// Over all files: a request or response that two methods share cannot change for one of them.
  mutating func checkMethodTypes() {
    var owners: [String: String] = [:]
    for file in files {
      for service in file.services {
        for method in service.methods {
          let uses = [
            (method.inputType, "request", method.inputSpan),
            (method.outputType, "response", method.outputSpan),
          ]
          for (type, role, span) in uses {
            let use = "the \(role) of \"\(service.name).\(method.name)\""
            guard let other = owners[type] else {
              owners[type] = use
              continue
            }
            find(
              .rpcRequestResponseUnique,
              "\"\(type)\" is \(other) already: neither method could change alone",
              in: file,
              at: span,
              suggestion: "give each a message of its own"
            )
          }
        }
      }
    }
  }
}

// How things are named: NAMES.

extension Linter {
  mutating func checkNames() {
    for message in messages { checkNames(of: message) }
    for field in extensions { checkName(of: field) }
    for enumeration in enums { checkNames(of: enumeration) }
    for service in file.services { checkNames(of: service) }
  }

  private mutating func checkNames(of message: MessageDescriptor) {
    check(.messagePascalCase, "message", message.name, .upperCamel, at: message.nameSpan)
    for field in message.fields { checkName(of: field) }
    for oneof in message.oneofs where !oneof.isSynthetic {
      check(.oneofLowerSnakeCase, "oneof", oneof.name, .lowerSnake, at: oneof.nameSpan)
    }
  }

  private mutating func checkName(of field: FieldDescriptor) {
    // The name of a group's field is made of the group's.
    if field.type == .group { return }
    check(.fieldLowerSnakeCase, "field", field.name, .lowerSnake, at: field.nameSpan)
  }

  private mutating func checkNames(of enumeration: EnumDescriptor) {
    check(.enumPascalCase, "enum", enumeration.name, .upperCamel, at: enumeration.nameSpan)
    let prefix = SwiftNames.screamingSnake(enumeration.name) + "_"
    for value in enumeration.values {
      check(.enumValueUpperSnakeCase, "value", value.name, .upperSnake, at: value.nameSpan)
      if !value.name.uppercased().hasPrefix(prefix) {
        let rest = LintCase.upperSnake.rewritten(value.name) ?? value.name
        find(
          .enumValuePrefix,
          "the name of the value \"\(value.name)\" does not begin with its enum's, \"\(prefix)\"",
          at: value.nameSpan,
          suggestion: "name it \"\(prefix)\(rest)\""
        )
      }
    }
    checkZero(of: enumeration, prefix: prefix)
  }

  private mutating func checkZero(of enumeration: EnumDescriptor, prefix: String) {
    guard let zero = enumeration.values.first(where: { $0.number == 0 }),
      !zero.name.hasSuffix("_UNSPECIFIED")
    else { return }
    find(
      .enumZeroValueSuffix,
      "the name of the zero \"\(zero.name)\" does not end with \"_UNSPECIFIED\": a reader cannot "
        + "tell it from a value that was never set",
      at: zero.nameSpan,
      suggestion: "name it \"\(prefix)UNSPECIFIED\""
    )
  }

  private mutating func checkNames(of service: ServiceDescriptor) {
    check(.servicePascalCase, "service", service.name, .upperCamel, at: service.nameSpan)
    if !service.name.hasSuffix("Service") {
      find(
        .serviceSuffix,
        "the name of the service \"\(service.name)\" does not end with \"Service\"",
        at: service.nameSpan,
        suggestion: "name it \"\(service.name)Service\""
      )
    }
    for method in service.methods {
      check(.rpcPascalCase, "method", method.name, .upperCamel, at: method.nameSpan)
    }
  }

  private mutating func check(
    _ rule: LintRule,
    _ kind: String,
    _ name: String,
    _ wanted: LintCase,
    at span: SourceSpan
  ) {
    if wanted.matches(name) { return }
    find(
      rule,
      "the name of the \(kind) \"\(name)\" is not in \(wanted.name)",
      at: span,
      suggestion: wanted.rewritten(name).map { "name it \"\($0)\"" }
    )
  }
}

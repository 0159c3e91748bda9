// Names must keep to the style guide since edition 2024, unless a feature says otherwise.

extension Linker {
  mutating func checkNames(of file: FileDescriptor) {
    // Descriptors leave the feature out that would excuse a name.
    if file.lacksSourceOptions { return }
    var checker = NamingStyle()
    checker.check(file)
    for problem in checker.problems {
      error(
        problem.message,
        at: problem.span,
        suggestion: "features.enforce_naming_style = STYLE_LEGACY turns this rule off"
      )
    }
  }
}

/// Walks a file with the style that holds for each element.
private struct NamingStyle {
  enum Form: String {
    case title = "TitleCase"
    case lowerSnake = "lower_snake_case"
    case upperSnake = "UPPER_SNAKE_CASE"
  }

  var problems: [(message: String, span: SourceSpan?)] = []

  private mutating func check(
    _ name: String,
    _ kind: String,
    _ form: Form,
    _ features: FeatureSet,
    at span: SourceSpan?
  ) {
    guard features.namingStyle != .legacy, !form.matches(name) else { return }
    problems.append(("the name of \(kind), \"\(name)\", should be \(form.rawValue)", span))
  }

  mutating func check(_ file: FileDescriptor) {
    for part in file.package.split(separator: ".") {
      check(String(part), "a package", .lowerSnake, file.features, at: file.packageSpan)
    }
    for message in file.messages { check(message) }
    for enumeration in file.enums { check(enumeration) }
    for field in file.extensions { check(field) }
    for service in file.services { check(service, file.features) }
  }

  private mutating func check(_ message: MessageDescriptor) {
    if message.isMapEntry { return }
    check(message.name, "a message", .title, message.features, at: message.nameSpan)
    for field in message.fields { check(field) }
    for field in message.extensions { check(field) }
    for oneof in message.oneofs {
      let features = message.features.with(oneof.options)
      check(oneof.name, "a oneof", .lowerSnake, features, at: oneof.nameSpan)
    }
    for nested in message.messages { check(nested) }
    for enumeration in message.enums { check(enumeration) }
  }

  private mutating func check(_ field: FieldDescriptor) {
    check(field.name, "a field", .lowerSnake, field.features, at: field.nameSpan)
  }

  private mutating func check(_ enumeration: EnumDescriptor) {
    check(enumeration.name, "an enum", .title, enumeration.features, at: enumeration.nameSpan)
    for value in enumeration.values {
      let features = enumeration.features.with(value.options)
      check(value.name, "a value", .upperSnake, features, at: value.nameSpan)
    }
  }

  private mutating func check(_ service: ServiceDescriptor, _ parent: FeatureSet) {
    let features = parent.with(service.options)
    check(service.name, "a service", .title, features, at: service.nameSpan)
    for method in service.methods {
      let own = features.with(method.options)
      check(method.name, "a method", .title, own, at: method.nameSpan)
    }
  }
}

extension NamingStyle.Form {
  fileprivate func matches(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first else { return false }
    let underscore = UInt8(ascii: "_")
    switch self {
    case .title: return first.isUppercase && !bytes.contains(underscore)
    case .lowerSnake:
      return first.isLowercase && bytes.allSatisfy { !$0.isUppercase } && areWords(bytes)
    case .upperSnake:
      return first.isUppercase && bytes.allSatisfy { !$0.isLowercase } && areWords(bytes)
    }
  }

  /// Whether a letter follows every underscore.
  private func areWords(_ bytes: [UInt8]) -> Bool {
    bytes.indices.allSatisfy { index in
      guard bytes[index] == UInt8(ascii: "_") else { return true }
      let next = index + 1
      return next < bytes.count && (bytes[next].isLowercase || bytes[next].isUppercase)
    }
  }
}

extension FeatureSet {
  fileprivate func with(_ options: DescriptorOptions) -> FeatureSet {
    var result = self
    _ = result.apply(options.features)
    return result
  }
}

extension UInt8 {
  fileprivate var isLowercase: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
  fileprivate var isUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}

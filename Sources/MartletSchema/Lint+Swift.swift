// Names that generated Swift cannot keep as they are: SWIFT.

extension Linter {
  mutating func checkSwiftNames() {
    for message in messages { checkMembers(of: message) }
    for enumeration in enums {
      var cases: [String: String] = [:]
      for value in enumeration.values {
        let name = SwiftNames.enumCase(value.name, of: enumeration.name)
        check(name, of: value.name, at: value.nameSpan, among: &cases)
      }
    }
    for message in messages {
      checkType(message.name, at: message.nameSpan)
    }
    for enumeration in enums { checkType(enumeration.name, at: enumeration.nameSpan) }
  }

  private mutating func checkMembers(of message: MessageDescriptor) {
    var properties: [String: String] = [:]
    var cases: [Int: [String: String]] = [:]
    for (index, oneof) in message.oneofs.enumerated() where !oneof.isSynthetic {
      cases[index] = [:]
      let name = SwiftNames.member(oneof.name)
      check(name, of: oneof.name, at: oneof.nameSpan, among: &properties)
    }
    for field in message.fields {
      let name = SwiftNames.member(field.name)
      if let oneof = field.oneofIndex, cases[oneof] != nil {
        check(name, of: field.name, at: field.nameSpan, among: &cases[oneof, default: [:]])
      } else {
        check(name, of: field.name, at: field.nameSpan, among: &properties)
      }
    }
  }

  private mutating func check(
    _ swiftName: String,
    of name: String,
    at span: SourceSpan,
    among owners: inout [String: String]
  ) {
    if let other = owners[swiftName] {
      find(
        .swiftNameUnique,
        "\"\(name)\" and \"\(other)\" are both `\(swiftName)` in Swift; one of them gets its number "
          + "behind it",
        at: span
      )
    } else {
      owners[swiftName] = name
    }
    if swiftName.hasSuffix("_"), !name.hasSuffix("_") {
      find(
        .swiftNameFree,
        "\"\(name)\" is `\(swiftName)` in Swift, where `\(swiftName.dropLast())` is taken",
        at: span
      )
    }
  }

  private mutating func checkType(_ name: String, at span: SourceSpan) {
    let swiftName = SwiftNames.type(name)
    guard swiftName.hasSuffix("_"), !name.hasSuffix("_") else { return }
    find(
      .swiftNameFree,
      "\"\(name)\" is `\(swiftName)` in Swift, where `\(swiftName.dropLast())` is taken",
      at: span
    )
  }

  /// Over all files: types of one package go to one module, and a service makes three of them.
  mutating func checkSwiftTypes() {
    var owners: [String: [String: String]] = [:]
    for file in files {
      var types = file.messages.map { (file.swiftPrefix + $0.name, $0.name, $0.nameSpan) }
      types += file.enums.map { (file.swiftPrefix + $0.name, $0.name, $0.nameSpan) }
      types = types.map { (SwiftNames.type($0.0), $0.1, $0.2) }
      for service in file.services {
        let name = SwiftNames.type(service.name)
        types += [name, name + "Handler", name + "Client"].map {
          ($0, service.name, service.nameSpan)
        }
      }
      for (swiftName, name, span) in types.sorted(by: { $0.2.start < $1.2.start }) {
        guard let other = owners[file.package]?[swiftName] else {
          owners[file.package, default: [:]][swiftName] = name
          continue
        }
        find(
          .swiftNameUnique,
          "\"\(name)\" and \"\(other)\" both declare the type `\(swiftName)` in Swift",
          in: file,
          at: span
        )
      }
    }
  }
}

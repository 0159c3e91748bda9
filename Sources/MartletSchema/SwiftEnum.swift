// Enums: a struct around the number, so that numbers without a name pass through.

extension SwiftGenerator {
  func emit(_ enumeration: EnumDescriptor, to text: inout SwiftText) {
    let fullType = typeName(enumeration.fullName)
    let name = fullType.split(separator: ".").last.map(String.init) ?? fullType
    text.blank()
    text.documentation(
      enumeration.comments,
      otherwise: "The enum `\(enumeration.fullName)`.",
      isDeprecated: enumeration.options.isDeprecated
    )
    text.block("\(access)struct \(name): OpenEnum") { text in
      text.documentation("The number on the wire.")
      text.line("\(access)var rawValue: Int32")
      text.blank()
      text.documentation("Makes the value of a number, named or not.")
      text.line("\(access)init(rawValue: Int32) { self.rawValue = rawValue }")
      text.blank()
      emitValues(of: enumeration, to: &text)
      text.blank()
      text.documentation("The name in the schema.")
      text.line("\(access)static let protoName = \"\(enumeration.fullName)\"")
      emitNames(of: enumeration, to: &text)
    }
  }

  private func emitValues(of enumeration: EnumDescriptor, to text: inout SwiftText) {
    let names = SwiftNames.enumCases(of: enumeration)
    for (value, name) in zip(enumeration.values, names) {
      text.documentation(
        value.comments,
        otherwise: "The value `\(value.name)`.",
        isDeprecated: value.isDeprecated
      )
      if value.isDeprecated { text.line("@available(*, deprecated)") }
      text.line("\(access)static let \(name) = Self(rawValue: \(value.number))")
    }
  }

  private func emitNames(of enumeration: EnumDescriptor, to text: inout SwiftText) {
    var numbers: Set<Int32> = []
    let values = enumeration.values.filter { numbers.insert($0.number).inserted }
    text.documentation("Every value that has a name, in the order of the schema.")
    text.block("\(access)static var allNamed: [Self]") { text in
      // Each by itself: an array of constants needs no code, one that `map` makes needs much.
      let members = values.map { "Self(rawValue: \($0.number))" }
      let line = "[\(members.joined(separator: ", "))]"
      if line.count <= text.width {
        text.line(line)
      } else {
        text.line("[")
        text.indented { text in for member in members { text.line("\(member),") } }
        text.line("]")
      }
    }
    text.blank()
    text.documentation("The value's name in the schema, or its number.")
    text.block("\(access)var description: String") { text in
      text.line("switch rawValue {")
      for value in values { text.line("case \(value.number): \"\(value.name)\"") }
      text.line("default: \"\\(rawValue)\"")
      text.line("}")
    }
  }
}

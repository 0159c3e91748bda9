// Enums and their values.

extension FileParser {
  mutating func enumeration(
    _ number: Int32,
    _ position: Int32
  ) throws(StatementFailure) -> EnumDescriptor {
    let visibility = visibility()
    let place = begin(number, position)
    defer { end(place) }
    advance()
    let nameSpan = current.span
    let name = try declaredName("the name of the enum")
    var result = EnumDescriptor(name: name, span: nameSpan, nameSpan: nameSpan)
    result.visibility = visibility
    let opening = current.span
    try endDeclaration("{", of: place)
    while !takeEnd("}", of: nil) {
      guard try hasMore(in: "enum", name, opening) else { break }
      do throws(StatementFailure) {
        try enumStatement(&result)
      } catch {
        skipStatement()
      }
    }
    result.comments = comments(of: place)
    result.span = span(of: place)
    return result
  }

  private mutating func enumStatement(
    _ result: inout EnumDescriptor
  ) throws(StatementFailure) {
    if takeEnd(";", of: nil) { return }
    if looking(at: "option") {
      let option = try optionStatement(3, result.options.written.count)
      result.options.written.append(option)
    } else if looking(at: "reserved") {
      try reserved(
        ranges: &result.reservedRanges,
        names: &result.reservedNames,
        paths: (range: 4, name: 5),
        isSigned: true
      )
    } else {
      result.values.append(try enumValue(Int32(result.values.count)))
    }
  }

  private mutating func enumValue(
    _ position: Int32
  ) throws(StatementFailure) -> EnumValueDescriptor {
    let place = begin(2, position)
    defer { end(place) }
    let nameSpan = current.span
    let name = try declaredName("the name of a value")
    if looking(at: ";") { throw fail("the value \"\(name)\" has no number") }
    try expect("=")
    let numberStart = current.span
    let (number, numberSpan) = try signedInteger("the number of the value")
    record(2, at: numberStart.through(numberSpan))
    var value = EnumValueDescriptor(
      name: name,
      number: number,
      span: nameSpan,
      nameSpan: nameSpan,
      numberSpan: numberSpan
    )
    if looking(at: "[") { value.options = try optionList(3) }
    try endDeclaration(";", of: place)
    value.comments = comments(of: place)
    value.span = span(of: place)
    return value
  }
}

/// The fields of a message that are not empty, by reflection: generated code carries none of it.
///
/// - Parameter message: The message.
/// - Returns: `martlet.v1.User(id: "1", username: "ann")`; the schema's name, Swift's field names.
@usableFromInline
func debugText<M: Message>(of message: M) -> String {
  var fields: [String] = []
  for child in Mirror(reflecting: message).children {
    guard let label = child.label, let text = debugText(ofValue: child.value) else { continue }
    fields.append("\(label.drop { $0 == "_" }): \(text)")
  }
  return "\(M.protoName)(\(fields.joined(separator: ", ")))"
}

/// A value's text, or nil for the empty value of its type.
private func debugText(ofValue value: Any) -> String? {
  // First, for a cast sees through an optional, whose presence counts whatever it holds.
  let mirror = Mirror(reflecting: value)
  if mirror.displayStyle == .optional {
    return mirror.children.first.map { debugText(ofValue: $0.value) ?? "\($0.value)" }
  }
  switch value {
  case let unknown as UnknownFields:
    return unknown.isEmpty ? nil : "\(unknown.count) bytes"
  case let text as String:
    return text.isEmpty ? nil : text.debugDescription
  case let bytes as [UInt8]:
    return bytes.isEmpty ? nil : "\(bytes.count) bytes"
  case let number as any Numeric:
    let text = "\(number)"
    return text == "0" || text == "0.0" ? nil : text
  case let flag as Bool:
    return flag ? "true" : nil
  case let value as any OpenEnum:
    return value.rawValue == 0 ? nil : "\(value)"
  default:
    let isCollection = mirror.displayStyle == .collection || mirror.displayStyle == .dictionary
    return isCollection && mirror.children.isEmpty ? nil : "\(value)"
  }
}

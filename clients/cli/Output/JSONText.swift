/// A JSON value (RFC 8259), to be written; members keep their order.
indirect enum JSONValue: Sendable, Equatable {
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
  /// The same value, but all on one line: for the items of long lists.
  case line(JSONValue)

  /// The text, one member a line.
  var text: String {
    var text = ""
    write(to: &text, indent: 0)
    return text
  }

  /// The text without line breaks.
  var lineText: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += "\(value)"
    // JSON has no other numbers.
    case .double(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .line(let value): value.write(to: &text, indent: nil)
    case .array(let items):
      Self.write("[", "]", items, to: &text, indent: indent) { item, text, indent in
        item.write(to: &text, indent: indent)
      }
    case .object(let object):
      Self.write("{", "}", object.members, to: &text, indent: indent) { member, text, indent in
        Self.write(member.name, to: &text)
        text += ": "
        member.value.write(to: &text, indent: indent)
      }
    }
  }

  private static func write<Item>(
    _ open: String,
    _ close: String,
    _ items: [Item],
    to text: inout String,
    indent: Int?,
    _ writeItem: (Item, inout String, Int?) -> Void
  ) {
    text += open
    let inner = indent.map { $0 + 2 }
    for (place, item) in items.enumerated() {
      if place > 0 { text += indent == nil ? ", " : "," }
      if let inner { text += "\n" + String(repeating: " ", count: inner) }
      writeItem(item, &text, inner)
    }
    if let indent, !items.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
    text += close
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // Control characters must be escaped; DEL and C1 too, as they may command a terminal.
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// The members of a JSON object; those without a value are left out.
struct JSONObject: Sendable, Equatable {
  struct Member: Sendable, Equatable {
    var name: String
    var value: JSONValue
  }

  private(set) var members: [Member] = []

  /// The object as a value.
  var value: JSONValue { .object(self) }

  /// The object as a value on one line.
  var line: JSONValue { .line(.object(self)) }

  mutating func add(_ name: String, _ value: JSONValue) {
    members.append(Member(name: name, value: value))
  }

  mutating func add(_ name: String, _ value: String) { add(name, .string(value)) }

  mutating func add(_ name: String, _ value: Bool) { add(name, .bool(value)) }

  mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
    if let value { add(name, .int(Int64(clamping: value))) }
  }

  mutating func add(_ name: String, _ value: Double?) {
    if let value { add(name, .double(value)) }
  }
}

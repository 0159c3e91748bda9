// Options of every kind of element. They stay as written, in order; the linker adds the values
// of those that descriptor.proto declares once their names and types are checked.

/// The options of one element: FileOptions, MessageOptions, FieldOptions and so on.
package struct DescriptorOptions: Sendable, Hashable {
  /// As written, in the order of the file; the pseudo-options `default` and `json_name` are not
  /// among them, as in protoc.
  package var written: [UninterpretedOption] = []
  /// Linked: every option with its meaning, custom ones too, in the order of `written`.
  package var fields: [OptionField] = []
  /// Linked: the options that descriptor.proto declares, by name.
  package var known: [String: OptionValue] = [:]

  package init() {}

  package var isEmpty: Bool { written.isEmpty && known.isEmpty }

  /// Whether the element is marked `deprecated = true`.
  package var isDeprecated: Bool { flag("deprecated") ?? false }

  /// The value of a boolean option, nil when it is not given.
  package func flag(_ name: String) -> Bool? {
    guard case .bool(let value)? = known[name] else { return nil }
    return value
  }
}

/// The checked value of an option.
package enum OptionValue: Sendable, Hashable {
  case bool(Bool)
  case signed(Int64)
  case unsigned(UInt64)
  case double(Double)
  case bytes([UInt8])
  case string(String)
  /// A value of an enum.
  case enumValue(name: String, number: Int32)
  /// The values of an option that may be given several times.
  case list([OptionValue])
  case message([OptionField])
}

/// One field of an option's message, down to the value: `(a).b = 1` is a field `a` whose message
/// has a field `b`.
package struct OptionField: Sendable, Hashable {
  package var number: Int32
  /// The field's name, or the extension's full name.
  package var name: String
  package var isExtension: Bool
  package var isRepeated: Bool
  package var isPacked: Bool
  /// Whether a zero of it is written too.
  package var hasPresence: Bool
  /// Whether it is marked `retention = RETENTION_SOURCE`: descriptors leave it out.
  package var isSourceOnly: Bool
  /// `unresolved` for a field that is not known; its value is then its bytes, tag included.
  package var type: FieldType
  package var value: OptionValue
  /// The oneof that it belongs to, which holds one field only.
  package var oneofIndex: Int?
  /// Whether it is an extension of a message set, which is written in a way of its own.
  package var isInMessageSet = false
}

/// An option as written: UninterpretedOption.
package struct UninterpretedOption: Sendable, Hashable {
  /// One part of the name: `(custom.option)` or `part`.
  package struct NamePart: Sendable, Hashable {
    package var name: String
    /// Whether it stands in parentheses.
    package var isExtension: Bool
    package var span: SourceSpan
  }

  /// A value before its option's type is known.
  package enum Value: Sendable, Hashable {
    case identifier(String)
    case positiveInteger(UInt64)
    case negativeInteger(Int64)
    case double(Double)
    /// Escapes resolved, neighbouring literals joined.
    case string([UInt8])
    /// Text format between the braces: tokens parted by one space, as protoc keeps it.
    case aggregate(String)
  }

  package var name: [NamePart]
  package var value: Value
  package var span: SourceSpan
  package var nameSpan: SourceSpan
  package var valueSpan: SourceSpan

  /// The name as written: "(a.b).c".
  package var nameText: String {
    name.map { $0.isExtension ? "(\($0.name))" : $0.name }.joined(separator: ".")
  }
}

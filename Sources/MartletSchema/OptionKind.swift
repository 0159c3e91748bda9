/// The messages of descriptor.proto that hold options, one for each kind of element.
enum OptionKind: String, CaseIterable {
  case file = "FileOptions"
  case message = "MessageOptions"
  case field = "FieldOptions"
  case oneof = "OneofOptions"
  case enumeration = "EnumOptions"
  case enumValue = "EnumValueOptions"
  case service = "ServiceOptions"
  case method = "MethodOptions"
  case extensionRange = "ExtensionRangeOptions"

  /// The full name of the message.
  var messageName: String { "google.protobuf." + rawValue }

  static func isOptionsMessage(_ fullName: String) -> Bool {
    allCases.contains { $0.messageName == fullName }
  }
}

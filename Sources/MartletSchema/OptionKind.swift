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

  /// The name of this kind of element in FieldOptions.OptionTargetType.
  var target: String {
    switch self {
    case .file: "TARGET_TYPE_FILE"
    case .message: "TARGET_TYPE_MESSAGE"
    case .field: "TARGET_TYPE_FIELD"
    case .oneof: "TARGET_TYPE_ONEOF"
    case .enumeration: "TARGET_TYPE_ENUM"
    case .enumValue: "TARGET_TYPE_ENUM_ENTRY"
    case .service: "TARGET_TYPE_SERVICE"
    case .method: "TARGET_TYPE_METHOD"
    case .extensionRange: "TARGET_TYPE_EXTENSION_RANGE"
    }
  }

  /// descriptor.proto, linked: it says what options there are.
  static let schema = linkedSchema(interpretsOptions: false)

  /// The same with the meaning of its own options, such as the editions that have them.
  static let interpretedSchema = linkedSchema(interpretsOptions: true)

  private static func linkedSchema(interpretsOptions: Bool) -> SchemaSet {
    let name = "google/protobuf/descriptor.proto"
    let source = SourceText(WellKnownFiles.source(of: name) ?? "")
    let limits = SchemaLimits()
    var parser = FileParser(name: name, source: source, limits: limits)
    parser.parse()
    var linker = Linker(files: [parser.file], limits: limits, sink: parser.sink)
    linker.interpretsOptions = interpretsOptions
    return linker.run()
  }

  static func isOptionsMessage(_ fullName: String) -> Bool {
    allCases.contains { $0.messageName == fullName }
  }
}

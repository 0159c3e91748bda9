// The model of a schema. The structs mirror descriptor.proto's messages field by field, so that a
// FileDescriptorProto can be written from them without looking anything up; what the linker adds
// is marked "Linked:". Names of types are full names without the leading dot.

/// One `.proto` file: FileDescriptorProto.
package struct FileDescriptor: Sendable, Hashable {
  /// The path by which others import it, relative to an include directory.
  package var name: String
  /// The package, "" when there is none.
  package var package = ""
  /// Of the package's name.
  package var packageSpan: SourceSpan?
  package var syntax = Syntax.proto2
  /// What `edition` says; of older files what `syntax` says.
  package var edition = Edition.proto2
  /// Linked: what holds for the whole file unless an element says otherwise.
  package var features = FeatureSet(.proto2)
  package var imports: [ImportDescriptor] = []
  package var messages: [MessageDescriptor] = []
  package var enums: [EnumDescriptor] = []
  package var services: [ServiceDescriptor] = []
  package var extensions: [FieldDescriptor] = []
  package var options = DescriptorOptions()
  /// Comments at the `syntax` statement: what a file says of itself.
  package var comments = SourceComments()
  /// SourceCodeInfo: every element's path, span and comments, in the order of parsing.
  package var locations: [SourceLocation] = []
  /// Whether options for the eyes of compilers alone are missing: a descriptor has none of them.
  package var lacksSourceOptions = false
  /// The text that all spans point into.
  package var source: SourceText

  package init(name: String, source: SourceText) {
    self.name = name
    self.source = source
  }

  /// The name of one of this file's declarations without the package: "Activity.Split".
  package func relativeName(of fullName: String) -> String {
    let prefix = package + "."
    return fullName.hasPrefix(prefix) ? String(fullName.dropFirst(prefix.count)) : fullName
  }
}

/// The language of a file.
package enum Syntax: String, Sendable, Hashable {
  case proto2
  case proto3
  case editions
}

/// One `import` statement.
package struct ImportDescriptor: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case normal
    /// Its declarations are visible to those who import this file.
    case `public`
    case weak
    /// Only its options are used, not its types.
    case option
  }

  package var path: String
  package var kind = Kind.normal
  package var span: SourceSpan
  /// Of the quoted path.
  package var pathSpan: SourceSpan
}

/// A message type: DescriptorProto.
package struct MessageDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Outer.Name".
  package var fullName = ""
  /// In the order of declaration, those of oneofs included.
  package var fields: [FieldDescriptor] = []
  /// The declared ones in their order, then the synthetic ones of `optional` fields.
  package var oneofs: [OneofDescriptor] = []
  /// Nested types in the order of declaration, with the entry types of map fields.
  package var messages: [MessageDescriptor] = []
  package var enums: [EnumDescriptor] = []
  package var extensions: [FieldDescriptor] = []
  package var extensionRanges: [ExtensionRange] = []
  /// Linked: what holds for the message's elements unless they say otherwise.
  package var features = FeatureSet(.proto2)
  /// Where `export` or `local` stands before it.
  package var visibility: SymbolVisibility?
  package var reservedRanges: [NumberRange] = []
  package var reservedNames: [ReservedName] = []
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan

  /// Whether it is the entry type made for a map field.
  package var isMapEntry: Bool { options.flag("map_entry") ?? false }

  package func field(named name: String) -> FieldDescriptor? {
    fields.first { $0.name == name }
  }
}

/// A range of numbers as written: both ends belong to it.
package struct NumberRange: Sendable, Hashable {
  package var first: Int32
  package var last: Int32
  /// Whether its end is written `max`.
  package var isOpen = false
  package var span: SourceSpan
}

/// A range of numbers that is open to extensions, with its options.
package struct ExtensionRange: Sendable, Hashable {
  package var range: NumberRange
  package var options = DescriptorOptions()
}

/// A name that may not be used again.
package struct ReservedName: Sendable, Hashable {
  package var name: String
  package var span: SourceSpan
}

/// A field or an extension: FieldDescriptorProto.
package struct FieldDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Message.name".
  package var fullName = ""
  package var number: Int32
  package var label: FieldLabel
  /// What is written where a named type is used stays unresolved until the linker has run.
  package var type: FieldType
  /// Linked: The full name of the message or enum; "" for scalars.
  package var typeName = ""
  /// Linked, for extensions: the full name of the extended message.
  package var extendee: String?
  /// Of the name behind `extend`.
  package var extendeeSpan: SourceSpan?
  /// Index into the message's `oneofs`, synthetic ones included.
  package var oneofIndex: Int?
  /// Whether it is written with `optional` in proto3; its oneof is then synthetic.
  package var isProto3Optional = false
  /// Given by `json_name`, or derived from the name.
  package var jsonName = ""
  /// Of the text of `json_name` where it is given.
  package var jsonNameSpan: SourceSpan?
  /// proto2's `default`, as descriptor.proto spells it.
  package var defaultValue: String?
  /// Of the text of `default`.
  package var defaultSpan: SourceSpan?
  /// Linked: Whether a repeated field is written packed.
  package var isPacked = false
  /// Linked: Whether "not set" differs from "set to the default".
  package var hasPresence = false
  /// Linked: what holds for this field, with what its label and its old options amount to.
  package var features = FeatureSet(.proto2)
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
  package var numberSpan: SourceSpan
  package var typeSpan: SourceSpan
  /// Of the label where one is written.
  package var labelSpan: SourceSpan?

  package var isRepeated: Bool { label == .repeated }
  package var isDeprecated: Bool { options.isDeprecated }
  /// Whether a message without it is invalid.
  package var isRequired: Bool { label == .required || features.fieldPresence == .legacyRequired }
  /// Whether it is a message between two tags instead of behind a length: a group.
  package var isDelimited: Bool {
    type == .group || (type == .message && features.messageEncoding == .delimited)
  }
}

/// FieldDescriptorProto.Label.
package enum FieldLabel: Int32, Sendable, Hashable {
  case optional = 1
  case required = 2
  case repeated = 3
}

/// FieldDescriptorProto.Type; `unresolved` stands for a named type before linking.
package enum FieldType: Int32, Sendable, Hashable, CaseIterable {
  case unresolved = 0
  case double = 1
  case float = 2
  case int64 = 3
  case uint64 = 4
  case int32 = 5
  case fixed64 = 6
  case fixed32 = 7
  case bool = 8
  case string = 9
  case group = 10
  case message = 11
  case bytes = 12
  case uint32 = 13
  case `enum` = 14
  case sfixed32 = 15
  case sfixed64 = 16
  case sint32 = 17
  case sint64 = 18

  /// Whether a repeated field of this type may be packed.
  package var isPackable: Bool {
    switch self {
    case .string, .bytes, .message, .group, .unresolved: false
    default: true
    }
  }
}

/// A oneof: OneofDescriptorProto.
package struct OneofDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Message.name".
  package var fullName = ""
  /// Made by the compiler for a proto3 `optional` field, its only member.
  package var isSynthetic = false
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
}

/// An enum type: EnumDescriptorProto.
package struct EnumDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Outer.Name".
  package var fullName = ""
  package var values: [EnumValueDescriptor] = []
  package var reservedRanges: [NumberRange] = []
  package var reservedNames: [ReservedName] = []
  /// Linked: Whether numbers without a name are closed out, as in proto2.
  package var isClosed = false
  /// Linked: what holds for the enum.
  package var features = FeatureSet(.proto2)
  /// Where `export` or `local` stands before it.
  package var visibility: SymbolVisibility?
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
}

/// A value of an enum: EnumValueDescriptorProto.
package struct EnumValueDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: A sibling of its enum, as in C++: "package.NAME".
  package var fullName = ""
  package var number: Int32
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
  package var numberSpan: SourceSpan

  package var isDeprecated: Bool { options.isDeprecated }
}

/// A service: ServiceDescriptorProto.
package struct ServiceDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Name".
  package var fullName = ""
  package var methods: [MethodDescriptor] = []
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
}

/// A method of a service: MethodDescriptorProto.
package struct MethodDescriptor: Sendable, Hashable {
  package var name: String
  /// Linked: "package.Service.Name".
  package var fullName = ""
  /// Linked: The full name of the request's message type.
  package var inputType: String
  /// Linked: The full name of the response's message type.
  package var outputType: String
  package var isClientStreaming = false
  package var isServerStreaming = false
  /// Whether a block of options is written, though it may be empty.
  package var hasBlock = false
  package var options = DescriptorOptions()
  package var comments = SourceComments()
  package var span: SourceSpan
  package var nameSpan: SourceSpan
  package var inputSpan: SourceSpan
  package var outputSpan: SourceSpan

  package var isDeprecated: Bool { options.isDeprecated }
}

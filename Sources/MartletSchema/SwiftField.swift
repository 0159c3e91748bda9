/// How a value of one protobuf type is written in Swift and on the wire.
struct SwiftValue {
  /// `Int32`, `String`, `Activity`.
  var type: String
  /// What the reader and the writer call it: `sint32`, `openEnum`.
  var method: String
  /// The longest encoding without tag; for text, bytes and messages, of the length before them.
  var maximumSize: Int
  var wireType: Int32
  /// The value of a field that is not set, as an expression.
  var initial: String
  var kind: FieldType

  var isMessage: Bool { kind == .message }
  /// Whether its size depends on the value: text, bytes and messages.
  var isSized: Bool { isMessage || kind == .string || kind == .bytes }
  /// What `WireKind` calls it; nil for messages and enums.
  var scalarKind: String? { isMessage || kind == .enum ? nil : method }

  /// A condition that holds when a field without presence is to be written.
  func isSet(_ name: String) -> String {
    switch kind {
    case .string, .bytes: "!\(name).isEmpty"
    case .bool: name
    case .enum: "\(name).rawValue != 0"
    // Minus zero is not the default.
    case .float, .double: "\(name).bitPattern != 0"
    default: "\(name) != 0"
    }
  }

  /// The bytes of one value beyond `maximumSize`, as an expression; nil when it has none.
  func sizeBeyond(_ name: String) -> String? {
    switch kind {
    case .message: "\(name).encodedSizeBound"
    case .string, .bytes: "WireWriter.sizeBound(of: \(name))"
    default: nil
    }
  }

  /// - Parameters:
  ///   - type: a linked type.
  ///   - named: Swift's name of the message or enum; empty for scalars.
  ///   - firstCase: an expression for an enum's default.
  init(_ type: FieldType, named: String, firstCase: String) {
    kind = type
    (self.type, method, maximumSize, wireType, initial) =
      switch type {
      case .double: ("Double", "double", 8, 1, "0.0")
      case .float: ("Float", "float", 4, 5, "0")
      case .int64: ("Int64", "int64", 10, 0, "0")
      case .uint64: ("UInt64", "uint64", 10, 0, "0")
      case .int32: ("Int32", "int32", 10, 0, "0")
      case .fixed64: ("UInt64", "fixed64", 8, 1, "0")
      case .fixed32: ("UInt32", "fixed32", 4, 5, "0")
      case .bool: ("Bool", "bool", 1, 0, "false")
      case .string: ("String", "string", 5, 2, "\"\"")
      case .bytes: ("[UInt8]", "bytes", 5, 2, "[]")
      case .uint32: ("UInt32", "uint32", 5, 0, "0")
      case .sfixed32: ("Int32", "sfixed32", 4, 5, "0")
      case .sfixed64: ("Int64", "sfixed64", 8, 1, "0")
      case .sint32: ("Int32", "sint32", 5, 0, "0")
      case .sint64: ("Int64", "sint64", 10, 0, "0")
      case .enum: (named, "openEnum", 10, 0, firstCase)
      case .message, .group, .unresolved: (named, "message", 5, 2, "\(named)()")
      }
  }
}

/// A field as generated code sees it.
struct SwiftField {
  enum Shape {
    case single
    case optional
    /// Kept in a `boxed…` property, because its message may contain itself.
    case boxed
    case list
    case map(key: SwiftValue)
    /// A case of the oneof with this index.
    case oneof(Int, isBoxed: Bool)
  }

  var descriptor: FieldDescriptor
  var name: String
  var value: SwiftValue
  var shape: Shape
  /// Whether the property only passes on to a private one, so that generated code, which reads and
  /// writes that one, is not warned of what the schema deprecates.
  var isHidden = false

  var number: Int32 { descriptor.number }
  /// The tag that is written.
  var tag: UInt32 { tag(wireType: isWrittenPacked || isMap ? 2 : value.wireType) }
  /// The tag's bytes.
  var tagSize: Int { [0x80, 0x4000, 0x20_0000, 0x1000_0000].filter { tag >= $0 }.count + 1 }

  var isList: Bool { if case .list = shape { true } else { false } }
  var isMap: Bool { if case .map = shape { true } else { false } }
  var isPackable: Bool { isList && descriptor.type.isPackable }
  var isWrittenPacked: Bool { isPackable && descriptor.isPacked }
  var oneof: Int? { if case .oneof(let index, _) = shape { index } else { nil } }

  func tag(wireType: Int32) -> UInt32 {
    UInt32(bitPattern: number) << 3 | UInt32(bitPattern: wireType)
  }

  /// The stored property in a statement: `self.` where a local name would hide it.
  var reference: String {
    let locals: Set<String> = [
      "bound", "reader", "start", "tag", "value", "window", "writer",
    ]
    return locals.contains(stored) ? "self.\(stored)" : stored
  }

  /// The property that generated code reads and writes.
  var stored: String { isHidden ? hiddenName : name }

  // No other property begins with an underscore and a letter.

  /// The private property behind a deprecated one.
  var hiddenName: String { "_" + SwiftNames.plain(name) }

  /// The private property behind a boxed one.
  var boxName: String { "_" + SwiftNames.plain(stored) }

  /// The type of the property.
  var type: String {
    switch shape {
    case .single: value.type
    case .optional, .boxed: "\(value.type)?"
    case .list: "[\(value.type)]"
    case .map(let key): "[\(key.type): \(value.type)]"
    case .oneof: value.type
    }
  }

  /// The declaration of a property after its name: type, initial value or both.
  var initialization: String {
    switch shape {
    case .single where value.kind == .double || value.kind == .string || value.kind == .bool:
      " = \(value.initial)"
    case .single where value.kind == .enum:
      " = \(value.type)\(value.initial)"
    case .single: ": \(type) = \(value.initial)"
    case .list: ": \(type) = []"
    case .map: ": \(type) = [:]"
    case .optional, .boxed, .oneof: ": \(type)"
    }
  }
}

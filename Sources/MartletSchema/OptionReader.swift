/// Reads options from the messages of descriptor.proto that hold them.
///
/// Custom options are extensions, whose types are known only once all files are read and linked.
/// Until then, and where they are never known, a field stays as its bytes, tag included.
struct OptionReader: Sendable {
  /// A message by its full name.
  var message: @Sendable (String) -> MessageDescriptor?
  /// An enum by its full name.
  var enumeration: @Sendable (String) -> EnumDescriptor?
  /// An extension by the extended message and the number.
  var extensionField: @Sendable (String, Int32) -> FieldDescriptor?
  var depthLimit = SchemaLimits().optionDepth

  /// Knows the options that every schema has.
  static let ofDescriptorProto = OptionReader(
    message: { OptionKind.schema.message(named: $0) },
    enumeration: { OptionKind.schema.enumeration(named: $0) },
    extensionField: { _, _ in nil }
  )

  /// The options of an element.
  ///
  /// - Parameters:
  ///   - bytes: a message such as FileOptions; nil when the element has none.
  ///   - kind: which one.
  /// - Returns: the options, without what is written only in text.
  /// - Throws: when the bytes are not such a message.
  func read(
    _ bytes: ArraySlice<UInt8>?,
    _ kind: OptionKind
  ) throws(DescriptorError) -> DescriptorOptions {
    var options = DescriptorOptions()
    guard let bytes else { return options }
    options.fields = try fields(bytes, of: kind.messageName, depth: 0)
    for field in options.fields where field.type != .unresolved && !field.isExtension {
      options.setKnown(field)
    }
    return options
  }

  /// Gives meaning to the fields that had to stay bytes.
  func resolve(_ options: inout DescriptorOptions, _ kind: OptionKind) throws(DescriptorError) {
    options.fields = try resolved(options.fields, of: kind.messageName, depth: 0)
  }

  private func resolved(
    _ fields: [OptionField],
    of name: String,
    depth: Int
  ) throws(DescriptorError) -> [OptionField] {
    var result: [OptionField] = []
    for var field in fields {
      if field.type == .unresolved, case .bytes(let raw) = field.value {
        result += try self.fields(raw[...], of: name, depth: depth)
        continue
      }
      if case .message(let parts) = field.value,
        let type = descriptor(field.number, of: name)?.typeName
      {
        field.value = .message(try resolved(parts, of: type, depth: depth + 1))
      }
      result.append(field)
    }
    return result
  }

  private func descriptor(_ number: Int32, of name: String) -> FieldDescriptor? {
    message(name)?.fields.first { $0.number == number } ?? extensionField(name, number)
  }

  private func fields(
    _ bytes: ArraySlice<UInt8>,
    of name: String,
    depth: Int
  ) throws(DescriptorError) -> [OptionField] {
    guard depth <= depthLimit else {
      throw DescriptorError("the value of an option is nested more than \(depthLimit) deep")
    }
    var result: [OptionField] = []
    for field in try ProtoMessage(bytes).fields {
      let descriptor = descriptor(field.number, of: name)
      let values = try descriptor.map { descriptor throws(DescriptorError) in
        try self.values(field.value, of: descriptor, depth: depth)
      }
      guard let descriptor, let values = values ?? nil else {
        result.append(Self.unknown(field))
        continue
      }
      result += values.map { OptionInterpreter.optionField(descriptor, $0) }
    }
    return result
  }

  /// A field without a meaning, as bytes.
  private static func unknown(_ field: ProtoMessage.Field) -> OptionField {
    OptionField(
      number: field.number,
      name: "",
      isExtension: false,
      isRepeated: true,
      isPacked: false,
      hasPresence: true,
      isSourceOnly: false,
      type: .unresolved,
      value: .bytes(Array(field.raw))
    )
  }

  /// What the bytes of a field mean, several values when they are packed; nil when they are not of
  /// the field's type.
  private func values(
    _ value: ProtoMessage.Value,
    of field: FieldDescriptor,
    depth: Int
  ) throws(DescriptorError) -> [OptionValue]? {
    switch (value, field.type) {
    case (.varint(let bits), _):
      return number(bits, of: field, wireType: 0).map { [$0] }
    case (.fixed64(let bits), _):
      return number(bits, of: field, wireType: 1).map { [$0] }
    case (.fixed32(let bits), _):
      return number(UInt64(bits), of: field, wireType: 5).map { [$0] }
    case (.bytes(let bytes), .message):
      return [.message(try fields(bytes, of: field.typeName, depth: depth + 1))]
    case (.bytes(let bytes), .string):
      return [.string(try ProtoMessage.text(bytes))]
    case (.bytes(let bytes), .bytes):
      return [.bytes(Array(bytes))]
    case (.bytes(let bytes), let type) where field.isRepeated && type.isPackable:
      return try packed(bytes, of: field)
    case (.bytes, _), (.group, _):
      return nil
    }
  }

  private func packed(
    _ bytes: ArraySlice<UInt8>,
    of field: FieldDescriptor
  ) throws(DescriptorError) -> [OptionValue] {
    var cursor = ProtoCursor(rest: bytes)
    var result: [OptionValue] = []
    let wireType = field.type.wireType
    while !cursor.rest.isEmpty {
      let bits = try wireType == 0 ? cursor.varint() : cursor.fixed(wireType == 1 ? 8 : 4)
      if let value = number(bits, of: field, wireType: wireType) { result.append(value) }
    }
    return result
  }

  /// The number that bits mean; nil when the type has another wire type.
  private func number(
    _ bits: UInt64,
    of field: FieldDescriptor,
    wireType: UInt64
  ) -> OptionValue? {
    guard field.type.wireType == wireType, field.type.isPackable else { return nil }
    let low = UInt32(truncatingIfNeeded: bits)
    switch field.type {
    case .double: return .double(Double(bitPattern: bits))
    case .float: return .double(Double(Float(bitPattern: low)))
    case .bool: return .bool(bits != 0)
    case .uint32, .fixed32: return .unsigned(UInt64(low))
    case .uint64, .fixed64: return .unsigned(bits)
    case .int32, .sfixed32: return .signed(Int64(Int32(bitPattern: low)))
    case .int64, .sfixed64: return .signed(Int64(bitPattern: bits))
    case .sint32:
      return .signed(Int64(Int32(bitPattern: low >> 1) ^ -Int32(bitPattern: low & 1)))
    case .sint64:
      return .signed(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1))
    case .enum:
      let number = Int32(bitPattern: low)
      let named = enumeration(field.typeName)?.values.first { $0.number == number }
      return .enumValue(name: named?.name ?? "\(number)", number: number)
    case .string, .bytes, .message, .group, .unresolved: return nil
    }
  }
}

public import MartletWellKnown
internal import MartletWire

// A message of any registered type: its own JSON with the type's URL beside the fields under
// "@type"; for types whose JSON is no object of fields, under "value".

extension ProtoAny: JSONMessage {
  /// True: the JSON of what it holds.
  public static var hasSpecialJSON: Bool { true }

  /// For generated code: writes what is held; one that was never set as an empty object.
  public func writeJSON(to writer: inout JSONWriter) {
    if typeUrl.isEmpty, value.isEmpty {
      writer.beginObject()
      return writer.endObject()
    }
    guard let name = messageName else { return writer.fail(.invalidAny) }
    guard let type = writer.options.registry.resolve(name) else {
      return writer.fail(.unknownType)
    }
    write(type, to: &writer)
  }

  private func write<Held: JSONMessage>(_ type: Held.Type, to writer: inout JSONWriter) {
    guard let held = try? Held(decoding: value) else { return writer.fail(.invalidAny) }
    guard Held.hasSpecialJSON else { return writer.held(held, typeURL: typeUrl) }
    writer.beginObject()
    writer.key("@type")
    writer.value(typeUrl)
    writer.key("value")
    writer.nested(held)
    writer.endObject()
  }

  /// For generated code: reads the JSON of a message of a registered type.
  ///
  /// "@type" may stand anywhere in the object, but only once.
  public mutating func readJSON(from reader: inout JSONReader) throws(JSONError.Reason) {
    guard let url = try reader.typeURL() else { return }
    typeUrl = url
    guard let name = messageName else { throw .invalidAny }
    guard let type = reader.options.registry.resolve(name) else { throw .unknownType }
    value = try Self.read(type, from: &reader)
  }

  private static func read<Held: JSONMessage>(
    _ type: Held.Type,
    from reader: inout JSONReader
  ) throws(JSONError.Reason) -> [UInt8] {
    var held = Held()
    if Held.hasSpecialJSON {
      try reader.valueBesideType(into: &held)
    } else {
      reader.skipsType = true
      try held.readJSON(from: &reader)
    }
    return held.encoded(deterministic: true)
  }
}

extension JSONReader {
  /// Looks through an object for "@type" and goes back to the object's beginning; past an empty
  /// object.
  ///
  /// - Returns: the type's URL; nil when the object is empty.
  /// - Throws: `.invalidAny` when other members are there and no type.
  fileprivate mutating func typeURL() throws(JSONError.Reason) -> String? {
    let (start, depth) = unsafe (position, depth)
    var isFirst = true
    var url: String?
    try openBrace()
    while try nextMember(isFirst: &isFirst) {
      let key = try string()
      try colon()
      if key.isExactly("@type") {
        guard url == nil else { throw .duplicateField }
        url = try string()
      } else {
        try skipValue()
      }
    }
    if url == nil, !isFirst { throw .invalidAny }
    if url != nil { unsafe (position, self.depth) = (start, depth) }
    return url
  }

  /// Reads an object of "@type" and "value".
  fileprivate mutating func valueBesideType<Held: JSONMessage>(
    into held: inout Held
  ) throws(JSONError.Reason) {
    var isFirst = true
    var hasValue = false
    try openBrace()
    while try nextMember(isFirst: &isFirst) {
      let key = try string()
      try colon()
      if key.isExactly("value") {
        guard !hasValue else { throw .duplicateField }
        hasValue = true
        try held.readJSON(from: &self)
      } else {
        guard ignoresUnknownFields || key.isExactly("@type") else { throw .unknownField }
        try skipValue()
      }
    }
    guard hasValue else { throw .invalidAny }
  }
}

extension JSONTypeRegistry {
  /// A type that was registered, or one of protobuf's own, which always are.
  fileprivate func resolve(_ name: String) -> (any JSONMessage.Type)? {
    type(named: name) ?? Self.wellKnown.type(named: name)
  }

  private static let wellKnown = JSONTypeRegistry([
    ProtoAny.self, ProtoApi.self, ProtoBoolValue.self, ProtoBytesValue.self,
    ProtoDoubleValue.self, ProtoDuration.self, ProtoEmpty.self, ProtoEnum.self,
    ProtoEnumValue.self, ProtoField.self, ProtoFieldMask.self, ProtoFloatValue.self,
    ProtoInt32Value.self, ProtoInt64Value.self, ProtoListValue.self, ProtoMethod.self,
    ProtoMixin.self, ProtoOption.self, ProtoSourceContext.self, ProtoStringValue.self,
    ProtoStruct.self, ProtoTimestamp.self, ProtoType.self, ProtoUInt32Value.self,
    ProtoUInt64Value.self, ProtoValue.self,
  ])
}

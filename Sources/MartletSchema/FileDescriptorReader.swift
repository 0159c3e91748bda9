/// Reads one google.protobuf.FileDescriptorProto into a file that is not linked yet.
struct FileDescriptorReader {
  private let limits: SchemaLimits
  private var info = SourceInfoReader()
  private let options = OptionReader.ofDescriptorProto

  /// The file of the bytes.
  ///
  /// - Parameters:
  ///   - bytes: a FileDescriptorProto.
  ///   - limits: what is accepted.
  /// - Returns: the file as the parser would have made it.
  /// - Throws: what is wrong, with the file's name when it is known.
  static func read(
    _ bytes: ArraySlice<UInt8>,
    limits: SchemaLimits
  ) throws(DescriptorError) -> FileDescriptor {
    guard bytes.count <= limits.descriptorBytes else {
      throw DescriptorError("a file's descriptor is larger than \(limits.descriptorBytes) bytes")
    }
    let proto = try ProtoMessage(bytes)
    let name = try proto.string(1) ?? ""
    do throws(DescriptorError) {
      guard SchemaCompiler.isPlain(name) else {
        throw DescriptorError("\"\(name)\" is not a plain relative path")
      }
      var reader = FileDescriptorReader(limits: limits)
      if let info = proto.message(9) {
        reader.info = try SourceInfoReader(info, limits: limits)
      }
      return try reader.file(proto, named: name)
    } catch {
      throw DescriptorError(error.message, in: name)
    }
  }

  private init(limits: SchemaLimits) {
    self.limits = limits
  }

  private func file(
    _ proto: ProtoMessage,
    named name: String
  ) throws(DescriptorError) -> FileDescriptor {
    var file = FileDescriptor(name: name, source: info.source)
    file.locations = info.locations
    file.package = try proto.string(2) ?? ""
    if !file.package.isEmpty { try Self.checkQualified(file.package) }
    file.packageSpan = info.knownSpan([2])
    try readLanguage(proto, into: &file)
    file.imports = try imports(proto)
    file.messages = try each(4, of: proto, []) { part, path throws(DescriptorError) in
      try message(part, path, depth: 1)
    }
    file.enums = try each(5, of: proto, [], enumeration)
    file.services = try each(6, of: proto, [], service)
    file.extensions = try each(7, of: proto, []) { part, path throws(DescriptorError) in
      try field(part, path, oneofs: 0)
    }
    file.options = try options.read(proto.message(8), .file)
    return file
  }

  private func readLanguage(
    _ proto: ProtoMessage,
    into file: inout FileDescriptor
  ) throws(DescriptorError) {
    let name = try proto.string(12) ?? ""
    guard let syntax = Syntax(rawValue: name.isEmpty ? "proto2" : name) else {
      throw DescriptorError("the syntax \"\(name)\" is not known")
    }
    file.syntax = syntax
    file.lacksSourceOptions = true
    switch syntax {
    case .proto2: file.edition = .proto2
    case .proto3: file.edition = .proto3
    case .editions:
      guard let edition = proto.int32(14).flatMap(Edition.init), edition >= .edition2023 else {
        throw DescriptorError("the edition is not one that is read; there are 2023 and 2024")
      }
      file.edition = edition
    }
    file.comments = info.comments([12])
  }

  private func imports(_ proto: ProtoMessage) throws(DescriptorError) -> [ImportDescriptor] {
    var imports: [ImportDescriptor] = []
    for (index, path) in try proto.strings(3).enumerated() {
      let span = info.span([3, Int32(index)])
      imports.append(ImportDescriptor(path: path, span: span, pathSpan: span))
    }
    for (number, kind) in [(10, .public), (11, .weak)] as [(Int32, ImportDescriptor.Kind)] {
      for index in try proto.int32s(number).map(Int.init) {
        guard imports.indices.contains(index) else {
          throw DescriptorError("a public or weak import is not among the imports")
        }
        imports[index].kind = kind
      }
    }
    for (index, path) in try proto.strings(15).enumerated() {
      let span = info.span([15, Int32(index)])
      imports.append(ImportDescriptor(path: path, kind: .option, span: span, pathSpan: span))
    }
    return imports
  }

  /// The elements of a repeated field, each with its path in the source info.
  private func each<Element>(
    _ number: Int32,
    of proto: ProtoMessage,
    _ path: [Int32],
    _ read: (ProtoMessage, [Int32]) throws(DescriptorError) -> Element
  ) throws(DescriptorError) -> [Element] {
    var elements: [Element] = []
    for (index, bytes) in proto.all(number).enumerated() {
      elements.append(try read(ProtoMessage(bytes), path + [number, Int32(index)]))
    }
    return elements
  }

  // MARK: - Names

  private func name(_ proto: ProtoMessage) throws(DescriptorError) -> String {
    let name = try proto.string(1) ?? ""
    try Self.checkName(name[...])
    return name
  }

  /// Names go into generated code: they must be names.
  private static func checkName(_ name: Substring) throws(DescriptorError) {
    guard let first = name.utf8.first, first.isIdentifierStart,
      name.utf8.allSatisfy(\.isIdentifierPart)
    else { throw DescriptorError("\"\(name)\" is not a name") }
  }

  private static func checkQualified(_ name: String) throws(DescriptorError) {
    for part in name.split(separator: ".", omittingEmptySubsequences: false) {
      try checkName(part)
    }
  }

  /// The name of a type, fully qualified when it begins with a dot.
  private func typeName(
    _ number: Int32,
    of proto: ProtoMessage
  ) throws(DescriptorError) -> String? {
    guard let name = try proto.string(number) else { return nil }
    try Self.checkQualified(name.hasPrefix(".") ? String(name.dropFirst()) : name)
    return name
  }

  // MARK: - Messages

  private func message(
    _ proto: ProtoMessage,
    _ path: [Int32],
    depth: Int
  ) throws(DescriptorError) -> MessageDescriptor {
    guard depth <= limits.messageDepth + 1 else {
      throw DescriptorError("messages are nested more than \(limits.messageDepth) deep")
    }
    var message = MessageDescriptor(
      name: try name(proto),
      span: info.span(path),
      nameSpan: info.span(path + [1])
    )
    message.visibility = proto.int32(11).flatMap(SymbolVisibility.init)
    message.options = try options.read(proto.message(7), .message)
    message.oneofs = try each(8, of: proto, path, oneof)
    let oneofs = message.oneofs.count
    message.fields = try each(2, of: proto, path) { part, path throws(DescriptorError) in
      try field(part, path, oneofs: oneofs)
    }
    message.extensions = try each(6, of: proto, path) { part, path throws(DescriptorError) in
      try field(part, path, oneofs: 0)
    }
    message.messages = try each(3, of: proto, path) { part, path throws(DescriptorError) in
      try self.message(part, path, depth: depth + 1)
    }
    message.enums = try each(4, of: proto, path, enumeration)
    message.extensionRanges = try each(5, of: proto, path, extensionRange)
    message.reservedRanges = try each(9, of: proto, path) { part, path throws(DescriptorError) in
      try halfOpenRange(part, path)
    }
    message.reservedNames = try reservedNames(10, of: proto, path)
    message.comments = info.comments(path)
    try markSyntheticOneofs(of: &message)
    if message.isMapEntry { try checkEntry(message) }
    return message
  }

  private func oneof(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> OneofDescriptor {
    var oneof = OneofDescriptor(
      name: try name(proto),
      span: info.span(path),
      nameSpan: info.span(path + [1])
    )
    oneof.options = try options.read(proto.message(2), .oneof)
    oneof.comments = info.comments(path)
    return oneof
  }

  private func markSyntheticOneofs(of message: inout MessageDescriptor) throws(DescriptorError) {
    var members = [Int](repeating: 0, count: message.oneofs.count)
    for field in message.fields {
      guard let index = field.oneofIndex else { continue }
      members[index] += 1
      if field.isProto3Optional { message.oneofs[index].isSynthetic = true }
    }
    for (oneof, count) in zip(message.oneofs, members) where count != 1 {
      if count > 1, !oneof.isSynthetic { continue }
      throw DescriptorError("the oneof \"\(oneof.name)\" has \(count) fields")
    }
  }

  private func checkEntry(_ entry: MessageDescriptor) throws(DescriptorError) {
    guard entry.fields.map(\.number) == [1, 2], entry.fields.map(\.name) == ["key", "value"],
      entry.fields.allSatisfy({ $0.label == .optional }), entry.oneofs.isEmpty,
      entry.messages.isEmpty, entry.enums.isEmpty
    else { throw DescriptorError("\"\(entry.name)\" is not the type of a map's entries") }
  }

  private func extensionRange(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> ExtensionRange {
    var range = ExtensionRange(range: try halfOpenRange(proto, path))
    range.options = try options.read(proto.message(3), .extensionRange)
    return range
  }

  /// A range whose end does not belong to it.
  private func halfOpenRange(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> NumberRange {
    guard let first = proto.int32(1), let end = proto.int32(2), first < end else {
      throw DescriptorError("a range of numbers ends before it starts")
    }
    return NumberRange(first: first, last: end - 1, span: info.span(path))
  }

  private func reservedNames(
    _ number: Int32,
    of proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> [ReservedName] {
    try proto.strings(number).enumerated().map { index, name in
      ReservedName(name: name, span: info.span(path + [number, Int32(index)]))
    }
  }

  // MARK: - Fields

  private func field(
    _ proto: ProtoMessage,
    _ path: [Int32],
    oneofs: Int
  ) throws(DescriptorError) -> FieldDescriptor {
    let name = try name(proto)
    // Extensions of message sets may have larger numbers, which the linker knows.
    guard let number = proto.int32(3), proto.has(2) || Linker.unusable(number) == nil else {
      throw DescriptorError("the field \"\(name)\" has no number that a field may have")
    }
    let label = FieldLabel(rawValue: proto.int32(4) ?? 1)
    guard let label, let type = FieldType(rawValue: proto.int32(5) ?? 0) else {
      throw DescriptorError("the field \"\(name)\" has an unknown label or type")
    }
    let typeName = try typeName(6, of: proto) ?? ""
    let isNamed = [.unresolved, .message, .group, .enum].contains(type)
    guard typeName.isEmpty != isNamed else {
      throw DescriptorError("the field \"\(name)\" has a type that does not fit its type's name")
    }
    var field = FieldDescriptor(
      name: name,
      number: number,
      label: label,
      type: type,
      typeName: typeName,
      span: info.span(path),
      nameSpan: info.span(path + [1]),
      numberSpan: info.span(path + [3]),
      typeSpan: info.span(path + [isNamed ? 6 : 5]),
      labelSpan: info.knownSpan(path + [4])
    )
    field.extendee = try self.typeName(2, of: proto)
    if field.extendee != nil { field.extendeeSpan = info.span(path + [2]) }
    field.defaultValue = try proto.string(7)
    field.options = try options.read(proto.message(8), .field)
    field.oneofIndex = try oneofIndex(proto, of: name, oneofs: oneofs)
    field.jsonName = try proto.string(10) ?? JSONName.derived(from: name)
    field.jsonNameSpan = info.knownSpan(path + [10])
    field.isProto3Optional = proto.flag(17)
    field.comments = info.comments(path)
    return field
  }

  private func oneofIndex(
    _ proto: ProtoMessage,
    of field: String,
    oneofs: Int
  ) throws(DescriptorError) -> Int? {
    guard let index = proto.int32(9) else { return nil }
    guard (0..<oneofs).contains(Int(index)) else {
      throw DescriptorError("the field \"\(field)\" is in a oneof that does not exist")
    }
    return Int(index)
  }

  // MARK: - Enums and services

  private func enumeration(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> EnumDescriptor {
    var result = EnumDescriptor(
      name: try name(proto),
      span: info.span(path),
      nameSpan: info.span(path + [1])
    )
    result.values = try each(2, of: proto, path, enumValue)
    result.visibility = proto.int32(6).flatMap(SymbolVisibility.init)
    result.options = try options.read(proto.message(3), .enumeration)
    result.reservedRanges = try each(4, of: proto, path) { part, path throws(DescriptorError) in
      let first = part.int32(1) ?? 0
      return NumberRange(first: first, last: part.int32(2) ?? 0, span: info.span(path))
    }
    result.reservedNames = try reservedNames(5, of: proto, path)
    result.comments = info.comments(path)
    return result
  }

  private func enumValue(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> EnumValueDescriptor {
    var value = EnumValueDescriptor(
      name: try name(proto),
      number: proto.int32(2) ?? 0,
      span: info.span(path),
      nameSpan: info.span(path + [1]),
      numberSpan: info.span(path + [2])
    )
    value.options = try options.read(proto.message(3), .enumValue)
    value.comments = info.comments(path)
    return value
  }

  private func service(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> ServiceDescriptor {
    var service = ServiceDescriptor(
      name: try name(proto),
      span: info.span(path),
      nameSpan: info.span(path + [1])
    )
    service.methods = try each(2, of: proto, path, method)
    service.options = try options.read(proto.message(3), .service)
    service.comments = info.comments(path)
    return service
  }

  private func method(
    _ proto: ProtoMessage,
    _ path: [Int32]
  ) throws(DescriptorError) -> MethodDescriptor {
    var method = MethodDescriptor(
      name: try name(proto),
      inputType: try typeName(2, of: proto) ?? "",
      outputType: try typeName(3, of: proto) ?? "",
      span: info.span(path),
      nameSpan: info.span(path + [1]),
      inputSpan: info.span(path + [2]),
      outputSpan: info.span(path + [3])
    )
    method.hasBlock = proto.has(4)
    method.options = try options.read(proto.message(4), .method)
    method.isClientStreaming = proto.flag(5)
    method.isServerStreaming = proto.flag(6)
    method.comments = info.comments(path)
    return method
  }
}

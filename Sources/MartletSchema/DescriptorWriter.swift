// Descriptors in protobuf's wire format, as protoc writes them.

/// Writes linked files as google.protobuf.FileDescriptorProto.
package enum DescriptorWriter {
  /// A FileDescriptorSet.
  ///
  /// - Parameters:
  ///   - files: linked files, each after those it imports.
  ///   - includesSourceInfo: whether places and comments are written.
  /// - Returns: its bytes.
  package static func fileDescriptorSet(
    _ files: [FileDescriptor],
    includesSourceInfo: Bool
  ) -> [UInt8] {
    var set = ProtoBytes()
    for file in files {
      set.field(1, fileDescriptor(file, includesSourceInfo: includesSourceInfo))
    }
    return set.bytes
  }

  /// A FileDescriptorProto.
  ///
  /// - Parameters:
  ///   - file: a linked file.
  ///   - includesSourceInfo: whether places and comments are written.
  /// - Returns: its bytes.
  package static func fileDescriptor(
    _ file: FileDescriptor,
    includesSourceInfo: Bool
  ) -> [UInt8] {
    var bytes = ProtoBytes()
    bytes.field(1, file.name)
    if !file.package.isEmpty { bytes.field(2, file.package) }
    for item in file.imports where item.kind != .option { bytes.field(3, item.path) }
    for message in file.messages { bytes.message(4) { write(message, to: &$0) } }
    for enumeration in file.enums { bytes.message(5) { write(enumeration, to: &$0) } }
    for service in file.services { bytes.message(6) { write(service, to: &$0) } }
    for field in file.extensions { bytes.message(7) { write(field, to: &$0) } }
    OptionWriter.write(file.options, 8, to: &bytes)
    if includesSourceInfo { bytes.message(9) { SourceInfoWriter.write(file, to: &$0) } }
    for (index, item) in file.imports.enumerated() where item.kind == .public {
      bytes.field(10, Int32(index))
    }
    for (index, item) in file.imports.enumerated() where item.kind == .weak {
      bytes.field(11, Int32(index))
    }
    if file.syntax != .proto2 { bytes.field(12, file.syntax.rawValue) }
    if file.syntax == .editions { bytes.field(14, file.edition.rawValue) }
    for item in file.imports where item.kind == .option { bytes.field(15, item.path) }
    return bytes.bytes
  }

  private static func write(_ message: MessageDescriptor, to bytes: inout ProtoBytes) {
    bytes.field(1, message.name)
    for field in message.fields { bytes.message(2) { write(field, to: &$0) } }
    for nested in message.messages { bytes.message(3) { write(nested, to: &$0) } }
    for enumeration in message.enums { bytes.message(4) { write(enumeration, to: &$0) } }
    for item in message.extensionRanges {
      bytes.message(5) {
        $0.field(1, item.range.first)
        $0.field(2, Int64(item.range.last) + 1)
        OptionWriter.write(item.options, 3, to: &$0)
      }
    }
    for field in message.extensions { bytes.message(6) { write(field, to: &$0) } }
    if message.isMapEntry {
      bytes.message(7) { $0.field(7, flag: true) }
    } else {
      OptionWriter.write(message.options, 7, to: &bytes)
    }
    for oneof in message.oneofs {
      bytes.message(8) {
        $0.field(1, oneof.name)
        OptionWriter.write(oneof.options, 2, to: &$0)
      }
    }
    for range in message.reservedRanges {
      bytes.message(9) {
        $0.field(1, range.first)
        $0.field(2, Int64(range.last) + 1)
      }
    }
    for reserved in message.reservedNames { bytes.field(10, reserved.name) }
    if let visibility = message.visibility { bytes.field(11, visibility.rawValue) }
  }

  private static func write(_ field: FieldDescriptor, to bytes: inout ProtoBytes) {
    bytes.field(1, field.name)
    if let extendee = field.extendee { bytes.field(2, "." + extendee) }
    bytes.field(3, field.number)
    bytes.field(4, field.label.rawValue)
    bytes.field(5, field.type.rawValue)
    if !field.typeName.isEmpty { bytes.field(6, "." + field.typeName) }
    if let value = field.defaultValue { bytes.field(7, value) }
    OptionWriter.write(field.options, 8, to: &bytes)
    if let index = field.oneofIndex { bytes.field(9, Int32(index)) }
    bytes.field(10, field.jsonName)
    bytes.field(17, flag: field.isProto3Optional)
  }

  private static func write(_ enumeration: EnumDescriptor, to bytes: inout ProtoBytes) {
    bytes.field(1, enumeration.name)
    for value in enumeration.values {
      bytes.message(2) {
        $0.field(1, value.name)
        $0.field(2, value.number)
        OptionWriter.write(value.options, 3, to: &$0)
      }
    }
    OptionWriter.write(enumeration.options, 3, to: &bytes)
    for range in enumeration.reservedRanges {
      bytes.message(4) {
        $0.field(1, range.first)
        $0.field(2, range.last)
      }
    }
    for reserved in enumeration.reservedNames { bytes.field(5, reserved.name) }
    if let visibility = enumeration.visibility { bytes.field(6, visibility.rawValue) }
  }

  private static func write(_ service: ServiceDescriptor, to bytes: inout ProtoBytes) {
    bytes.field(1, service.name)
    for method in service.methods {
      bytes.message(2) {
        $0.field(1, method.name)
        $0.field(2, "." + method.inputType)
        $0.field(3, "." + method.outputType)
        // A method with an empty block has options, which say nothing.
        OptionWriter.write(method.options, 4, isPresent: method.hasBlock, to: &$0)
        $0.field(5, flag: method.isClientStreaming)
        $0.field(6, flag: method.isServerStreaming)
      }
    }
    OptionWriter.write(service.options, 3, to: &bytes)
  }
}

// The meaning of options, as the messages of descriptor.proto that hold them.

enum OptionWriter {
  /// Writes an element's options as its field `number`, when it has any.
  static func write(
    _ options: DescriptorOptions,
    _ number: Int32,
    isPresent: Bool = false,
    to bytes: inout ProtoBytes
  ) {
    let isEmpty = options.fields.allSatisfy(\.isSourceOnly)
    guard !isEmpty || isPresent else { return }
    bytes.message(number) { write(options.fields, to: &$0) }
  }

  /// A message of options by itself.
  static func bytes(of fields: [OptionField]) -> [UInt8] {
    var bytes = ProtoBytes()
    write(fields, to: &bytes)
    return bytes.bytes
  }

  /// By number, as any serializer would: parts of one message given one by one become one.
  private static func write(_ fields: [OptionField], to bytes: inout ProtoBytes) {
    var groups: [Int32: [OptionField]] = [:]
    for field in fields where !field.isSourceOnly {
      groups[field.number, default: []].append(field)
      // Of a oneof, the last one stays.
      guard let oneof = field.oneofIndex else { continue }
      let others = groups.keys.filter { $0 != field.number && groups[$0]?[0].oneofIndex == oneof }
      for other in others { groups[other] = nil }
    }
    for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
      if group[0].isRepeated {
        writeRepeated(group, to: &bytes)
      } else if case .message = group[0].value {
        write(group.flatMap(\.parts), of: group[0], to: &bytes)
      } else if let last = group.last, last.hasPresence || !last.isZero {
        write(last, to: &bytes)
      }
    }
  }

  /// A message behind its length, or a group between its tags.
  private static func write(
    _ parts: [OptionField],
    of field: OptionField,
    to bytes: inout ProtoBytes
  ) {
    if field.isInMessageSet {
      bytes.tag(1, wireType: 3)
      bytes.field(2, field.number)
      bytes.message(3) { write(parts, to: &$0) }
      bytes.tag(1, wireType: 4)
      return
    }
    guard field.type == .group else {
      bytes.message(field.number) { write(parts, to: &$0) }
      return
    }
    bytes.tag(field.number, wireType: 3)
    write(parts, to: &bytes)
    bytes.tag(field.number, wireType: 4)
  }

  private static func writeRepeated(_ group: [OptionField], to bytes: inout ProtoBytes) {
    guard group[0].isPacked else {
      for field in group { write(field, to: &bytes) }
      return
    }
    var content = ProtoBytes()
    for field in group { writeValue(field, to: &content) }
    bytes.field(group[0].number, content.bytes)
  }

  private static func write(_ field: OptionField, to bytes: inout ProtoBytes) {
    if field.type == .unresolved, case .bytes(let raw) = field.value {
      bytes.append(raw)
      return
    }
    switch field.value {
    case .bytes(let value): bytes.field(field.number, value)
    case .string(let value): bytes.field(field.number, value)
    case .message(let fields): write(fields, of: field, to: &bytes)
    case .bool, .signed, .unsigned, .double, .enumValue:
      bytes.tag(field.number, wireType: field.type.wireType)
      writeValue(field, to: &bytes)
    case .list:
      // Only `DescriptorOptions.known` holds lists.
      break
    }
  }

  /// A number without its tag.
  private static func writeValue(_ field: OptionField, to bytes: inout ProtoBytes) {
    let bits: UInt64
    switch field.value {
    case .bool(let value): bits = value ? 1 : 0
    case .signed(let value):
      let isZigZag = field.type == .sint32 || field.type == .sint64
      bits = UInt64(bitPattern: isZigZag ? (value << 1) ^ (value >> 63) : value)
    case .unsigned(let value): bits = value
    case .double(let value):
      bits = field.type == .float ? UInt64(Float(value).bitPattern) : value.bitPattern
    case .enumValue(_, let number): bits = UInt64(bitPattern: Int64(number))
    case .bytes, .string, .message, .list: return
    }
    switch field.type.wireType {
    case 1: bytes.littleEndian(bits, count: 8)
    case 5: bytes.littleEndian(bits, count: 4)
    default: bytes.varint(bits)
    }
  }
}

extension OptionField {
  /// Whether the value is what a reader takes for a field that is not there.
  fileprivate var isZero: Bool {
    switch value {
    case .bool(let value): !value
    case .signed(let value): value == 0
    case .unsigned(let value): value == 0
    case .double(let value): value.bitPattern == 0
    case .enumValue(_, let number): number == 0
    case .bytes(let value): value.isEmpty
    case .string(let value): value.isEmpty
    case .list, .message: false
    }
  }

  /// The fields of a message.
  fileprivate var parts: [OptionField] {
    if case .message(let fields) = value { fields } else { [] }
  }
}

extension FieldType {
  /// How values are put on the wire.
  var wireType: UInt64 {
    switch self {
    case .double, .fixed64, .sfixed64: 1
    case .float, .fixed32, .sfixed32: 5
    case .string, .bytes, .message: 2
    default: 0
    }
  }
}

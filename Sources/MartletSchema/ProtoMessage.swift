/// Why bytes are not descriptors.
package struct DescriptorError: Error, Hashable, CustomStringConvertible {
  /// The schema file concerned; nil when none is known yet.
  package var file: String?
  /// One English sentence part without a full stop.
  package var message: String

  init(_ message: String, in file: String? = nil) {
    self.file = file
    self.message = message
  }

  package var description: String { file.map { "\($0): \(message)" } ?? message }
}

/// The fields of one message in protobuf's wire format, found by number.
///
/// It is `ProtoBytes` the other way around, for the few messages of descriptor.proto and
/// plugin.proto. Nothing is copied: values are slices of the bytes given.
struct ProtoMessage {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
    /// What stands between a group's tags.
    case group
  }

  struct Field {
    var number: Int32
    var value: Value
    /// The field with its tag.
    var raw: ArraySlice<UInt8>
  }

  private(set) var fields: [Field] = []

  init(_ bytes: ArraySlice<UInt8>) throws(DescriptorError) {
    var cursor = ProtoCursor(rest: bytes)
    while !cursor.rest.isEmpty {
      let start = cursor.rest
      let (number, wireType) = try cursor.tag()
      let value = try cursor.value(number, wireType, depth: 0)
      let raw = start[start.startIndex..<cursor.rest.startIndex]
      fields.append(Field(number: number, value: value, raw: raw))
    }
  }

  func has(_ number: Int32) -> Bool { fields.contains { $0.number == number } }

  /// The values of a field of texts, bytes or messages.
  func all(_ number: Int32) -> [ArraySlice<UInt8>] {
    fields.compactMap { field in
      if field.number == number, case .bytes(let bytes) = field.value { bytes } else { nil }
    }
  }

  func strings(_ number: Int32) throws(DescriptorError) -> [String] {
    var result: [String] = []
    for bytes in all(number) { result.append(try Self.text(bytes)) }
    return result
  }

  /// The last one wins, as everywhere in protobuf.
  func string(_ number: Int32) throws(DescriptorError) -> String? {
    guard let bytes = all(number).last else { return nil }
    return try Self.text(bytes)
  }

  /// The bytes of a single message; parts of it are one after the other.
  func message(_ number: Int32) -> ArraySlice<UInt8>? {
    let parts = all(number)
    return parts.count > 1 ? ArraySlice(Array(parts.joined())) : parts.first
  }

  func int32(_ number: Int32) -> Int32? {
    fields.last { $0.number == number }.flatMap { field in
      if case .varint(let bits) = field.value { Int32(truncatingIfNeeded: bits) } else { nil }
    }
  }

  func flag(_ number: Int32) -> Bool { int32(number).map { $0 != 0 } ?? false }

  /// The values of a repeated field of numbers, packed or not.
  func int32s(_ number: Int32) throws(DescriptorError) -> [Int32] {
    var result: [Int32] = []
    for field in fields where field.number == number {
      switch field.value {
      case .varint(let bits): result.append(Int32(truncatingIfNeeded: bits))
      case .bytes(let bytes):
        var cursor = ProtoCursor(rest: bytes)
        while !cursor.rest.isEmpty {
          result.append(Int32(truncatingIfNeeded: try cursor.varint()))
        }
      default: break
      }
    }
    return result
  }

  static func text(_ bytes: ArraySlice<UInt8>) throws(DescriptorError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DescriptorError("a text is not UTF-8")
    }
    return text
  }
}

/// Takes values from the front of bytes.
struct ProtoCursor {
  var rest: ArraySlice<UInt8>

  /// Groups within groups; no descriptor comes near it.
  private static let groupDepth = 32

  mutating func varint() throws(DescriptorError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
      guard let byte = rest.popFirst() else { throw Self.truncated }
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw DescriptorError("a number is longer than 64 bits")
  }

  /// A value of `count` bytes, the lowest first.
  mutating func fixed(_ count: Int) throws(DescriptorError) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func tag() throws(DescriptorError) -> (number: Int32, wireType: UInt64) {
    let tag = try varint()
    guard tag >> 3 >= 1, tag >> 3 <= UInt64(FileParser.lastFieldNumber) else {
      throw DescriptorError("a field has no valid number")
    }
    return (Int32(tag >> 3), tag & 7)
  }

  mutating func value(
    _ number: Int32,
    _ wireType: UInt64,
    depth: Int
  ) throws(DescriptorError) -> ProtoMessage.Value {
    switch wireType {
    case 0: return .varint(try varint())
    case 1: return .fixed64(try fixed(8))
    case 2:
      let count = try varint()
      guard count <= UInt64(rest.count) else { throw Self.truncated }
      return .bytes(try take(Int(count)))
    case 3:
      try skipGroup(number, depth: depth)
      return .group
    case 5: return .fixed32(UInt32(try fixed(4)))
    default: throw DescriptorError("a field has a wire type that does not exist here")
    }
  }

  private mutating func skipGroup(_ number: Int32, depth: Int) throws(DescriptorError) {
    guard depth < Self.groupDepth else { throw DescriptorError("groups nest too deeply") }
    while true {
      let (inner, wireType) = try tag()
      if wireType == 4 {
        guard inner == number else { throw DescriptorError("a group ends that did not start") }
        return
      }
      _ = try value(inner, wireType, depth: depth + 1)
    }
  }

  private mutating func take(_ count: Int) throws(DescriptorError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Self.truncated }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private static let truncated = DescriptorError("the bytes end too early")
}

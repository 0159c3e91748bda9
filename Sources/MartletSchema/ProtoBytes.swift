/// Appends fields of one message to bytes.
struct ProtoBytes {
  private(set) var bytes: [UInt8] = []

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Fields that are encoded already.
  mutating func append(_ fields: [UInt8]) {
    bytes += fields
  }

  mutating func tag(_ number: Int32, wireType: UInt64) {
    varint(UInt64(UInt32(bitPattern: number)) << 3 | wireType)
  }

  mutating func field(_ number: Int32, _ value: Int64) {
    tag(number, wireType: 0)
    varint(UInt64(bitPattern: value))
  }

  mutating func field(_ number: Int32, _ value: Int32) {
    field(number, Int64(value))
  }

  mutating func field(_ number: Int32, flag value: Bool) {
    if value { field(number, Int64(1)) }
  }

  mutating func field(_ number: Int32, _ value: some Collection<UInt8>) {
    tag(number, wireType: 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func field(_ number: Int32, _ value: String) {
    field(number, value.utf8)
  }

  mutating func field(_ number: Int32, packed values: [Int32]) {
    var content = ProtoBytes()
    for value in values { content.varint(UInt64(bitPattern: Int64(value))) }
    field(number, content.bytes)
  }

  mutating func message(_ number: Int32, _ fill: (inout ProtoBytes) -> Void) {
    var content = ProtoBytes()
    fill(&content)
    field(number, content.bytes)
  }

  /// The low `count` bytes of a value, lowest first.
  mutating func littleEndian(_ value: UInt64, count: Int) {
    for index in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }
}

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
    message(number) {
      for value in values { $0.varint(UInt64(bitPattern: Int64(value))) }
    }
  }

  /// Writes a field in place: its length goes before it when it is known.
  mutating func message(_ number: Int32, _ fill: (inout ProtoBytes) -> Void) {
    tag(number, wireType: 2)
    let start = bytes.count
    bytes.append(0)
    fill(&self)
    let count = bytes.count - start - 1
    if count < 0x80 {
      bytes[start] = UInt8(count)
      return
    }
    var length = ProtoBytes()
    length.varint(UInt64(count))
    bytes.replaceSubrange(start...start, with: length.bytes)
  }

  /// The low `count` bytes of a value, lowest first.
  mutating func littleEndian(_ value: UInt64, count: Int) {
    for index in 0..<count {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }
}

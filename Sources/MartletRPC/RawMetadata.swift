/// Metadata as it came, copied into one array and sorted out only when somebody asks: most calls'
/// is never read.
struct RawMetadata: Sendable {
  private var bytes: [UInt8] = []

  /// What most calls' metadata fits into, so that it is allocated once.
  private static let firstCapacity = 160

  mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    if bytes.isEmpty { bytes.reserveCapacity(Self.firstCapacity) }
    append(count: name.count)
    append(count: value.count)
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: value)
  }

  /// The metadata, in order, without the names that the protocol uses.
  var metadata: Metadata {
    var metadata = Metadata()
    var rest = bytes[...]
    while !rest.isEmpty {
      let nameCount = Self.takeCount(&rest)
      let valueCount = Self.takeCount(&rest)
      let name = String(decoding: rest.prefix(nameCount), as: UTF8.self)
      rest = rest.dropFirst(nameCount)
      metadata.receive(name: name, value: String(decoding: rest.prefix(valueCount), as: UTF8.self))
      rest = rest.dropFirst(valueCount)
    }
    return metadata
  }

  private mutating func append(count: Int) {
    withUnsafeBytes(of: UInt32(clamping: count).bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func takeCount(_ rest: inout ArraySlice<UInt8>) -> Int {
    let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    rest = rest.dropFirst(4)
    return count
  }
}

/// Metadata as it came, copied into one array and sorted out only when somebody asks: most calls'
/// is never read.
struct RawMetadata: Sendable {
  private var bytes: [UInt8] = []

  /// What most calls' metadata fits into, so that it is allocated once.
  private static let firstCapacity = 160

  mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    let count = 8 + name.count + value.count
    if bytes.isEmpty { bytes.reserveCapacity(max(Self.firstCapacity, count)) }
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 4) { entry in
      entry.storeBytes(of: UInt32(clamping: name.count).bigEndian, as: UInt32.self)
      entry.storeBytes(
        of: UInt32(clamping: value.count).bigEndian,
        toByteOffset: 4,
        as: UInt32.self
      )
      UnsafeMutableRawBufferPointer(rebasing: entry[8...]).copyMemory(from: name)
      UnsafeMutableRawBufferPointer(rebasing: entry[(8 + name.count)...]).copyMemory(from: value)
      bytes.append(contentsOf: UnsafeRawBufferPointer(entry))
    }
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

  private static func takeCount(_ rest: inout ArraySlice<UInt8>) -> Int {
    let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    rest = rest.dropFirst(4)
    return count
  }
}

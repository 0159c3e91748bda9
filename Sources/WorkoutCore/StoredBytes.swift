// Numbers as bytes for the stored forms of tracks and events: LEB128 varints, zigzag for signed
// ones, and a CRC-32C at the end.

/// Builds a stored form.
struct StoredBytesWriter {
  private var bytes: [UInt8]

  init(version: UInt8, capacity: Int) {
    bytes = [version]
    bytes.reserveCapacity(capacity)
  }

  @inline(__always)
  mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  mutating func append(signed value: Int64) {
    append(UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  mutating func append(raw run: [UInt8]) {
    bytes.append(contentsOf: run)
  }

  /// All that was appended, closed by its checksum.
  consuming func finished() -> [UInt8] {
    var bytes = bytes
    let checksum = CRC32C.checksum(of: bytes.span, count: bytes.count)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: checksum >> shift))
    }
    return bytes
  }
}

/// Where a reader of a stored form stands in its bytes.
struct StoredBytesReader {
  private var place = 1
  /// Where the checksum begins.
  private let end: Int
  private let column: TrackError.Column

  /// Checks version and checksum of the whole.
  init(_ bytes: Span<UInt8>, version: UInt8, column: TrackError.Column) throws(TrackError) {
    guard bytes.count >= 5 else { throw TrackError(column, .malformed) }
    guard bytes[0] == version else { throw TrackError(column, .unknownVersion(bytes[0])) }
    self.column = column
    end = bytes.count - 4
    let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[end + $1]) << UInt32(8 * $1) }
    guard CRC32C.checksum(of: bytes, count: end) == stored else {
      throw TrackError(column, .checksum)
    }
  }

  /// Bytes that are left; no list can be longer, as each element takes one at least.
  var remaining: Int { end - place }

  @inline(__always)
  mutating func unsigned(_ bytes: Span<UInt8>) throws(TrackError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < end {
      let byte = bytes[place]
      place += 1
      // The tenth byte holds the last bit; anything above does not fit.
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw TrackError(column, .malformed)
  }

  @inline(__always)
  mutating func signed(_ bytes: Span<UInt8>) throws(TrackError) -> Int64 {
    let value = try unsigned(bytes)
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A length of something that takes `bitsEach` bits or more an element in the rest.
  mutating func length(_ bytes: Span<UInt8>, limit: Int) throws(TrackError) -> Int {
    let length = Int(clamping: try unsigned(bytes))
    guard length <= limit else {
      throw TrackError(column, .tooMany(count: length, limit: limit))
    }
    guard length <= remaining else { throw TrackError(column, .malformed) }
    return length
  }

  mutating func raw(_ bytes: Span<UInt8>, count: Int) throws(TrackError) -> [UInt8] {
    guard count <= remaining else { throw TrackError(column, .malformed) }
    let start = place
    place += count
    return (start..<place).map { bytes[$0] }
  }

  /// Throws unless everything was read.
  func finish() throws(TrackError) {
    guard place == end else { throw TrackError(column, .malformed) }
  }
}

/// CRC-32C (Castagnoli, as in RFC 3720): tells a damaged blob from a good one.
enum CRC32C {
  static func checksum(of bytes: Span<UInt8>, count: Int) -> UInt32 {
    let table = table
    var crc = ~UInt32(0)
    for index in 0..<count {
      crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ crc >> 8
    }
    return ~crc
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
  }
}

/// The bytes that a stream has still to send, in the arrays in which they were given.
///
/// One array is the common case (a message a flush), so the first needs no list around it.
struct OutboundQueue {
  private var first: [UInt8] = []
  private var rest: [[UInt8]] = []
  private var restStart = 0
  /// Bytes of `first` that are gone.
  private var offset = 0
  private(set) var count = 0

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if count == 0 {
      first = bytes
      offset = 0
    } else {
      rest.append(bytes)
    }
    count += bytes.count
  }

  /// Up to here, small pieces are put together in one array.
  private static let maxJoinedBytes = 4096
  /// Up to here, an array that is empty again is kept for what comes next.
  private static let keptCapacity = 256

  /// Adds a copy of `bytes`, behind those of the last array if they fit there.
  mutating func append(copying bytes: UnsafeRawBufferPointer) {
    if count == 0, bytes.count > Self.maxJoinedBytes { return append(Array(bytes)) }
    if rest.count == restStart, first.count + bytes.count <= Self.maxJoinedBytes {
      first.append(contentsOf: bytes)
    } else if let last = rest.indices.last, last >= restStart,
      rest[last].count + bytes.count <= Self.maxJoinedBytes
    {
      rest[last].append(contentsOf: bytes)
    } else {
      rest.append(Array(bytes))
    }
    count += bytes.count
  }

  /// Copies the next bytes over the whole of `target`, which is at most `count` long.
  mutating func move(into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count <= count)
    var filled = 0
    while filled < target.count {
      let size = min(target.count - filled, first.count - offset)
      first.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[filled..<filled + size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + size]))
      }
      filled += size
      offset += size
      count -= size
      if offset == first.count { advance() }
    }
  }

  mutating func removeAll() {
    self = OutboundQueue()
  }

  private mutating func advance() {
    offset = 0
    guard restStart < rest.count else {
      if first.capacity <= Self.keptCapacity {
        first.removeAll(keepingCapacity: true)
      } else {
        first = []
      }
      rest = []
      restStart = 0
      return
    }
    first = rest[restStart]
    rest[restStart] = []
    restStart += 1
    if restStart >= 64, restStart * 2 >= rest.count {
      rest.removeFirst(restStart)
      restStart = 0
    }
  }
}

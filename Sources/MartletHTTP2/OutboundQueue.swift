/// The bytes that a stream has still to send: small pieces that were copied, then the arrays that
/// were given after them.
///
/// A small message a flush, or one array, is the common case: the one costs two copies and no array,
/// the other needs no list around it.
struct OutboundQueue: ~Copyable {
  /// Small pieces, one behind the other, from `jointStart` to `jointEnd`.
  private var joint: UnsafeMutableRawPointer?
  private var jointCapacity = 0
  private var jointStart = 0
  private var jointEnd = 0
  private var first: [UInt8] = []
  private var rest: [[UInt8]] = []
  private var restStart = 0
  /// Bytes of `first` that are gone.
  private var offset = 0
  private(set) var count = 0

  /// Up to here, small pieces are put together.
  private static let maxJoinedBytes = 4096
  /// Up to here, memory that is empty again is kept for what comes next.
  private static let keptCapacity = 256
  private static let firstCapacity = 64

  deinit { joint?.deallocate() }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if first.isEmpty {
      first = bytes
    } else {
      rest.append(bytes)
    }
    count += bytes.count
  }

  /// Adds a copy of `bytes`, behind those that were copied before if they fit there.
  mutating func append(copying bytes: UnsafeRawBufferPointer) {
    guard first.isEmpty, jointEnd + bytes.count <= Self.maxJoinedBytes else {
      return appendBehind(bytes)
    }
    guard let source = bytes.baseAddress else { return }
    if jointCapacity - jointEnd < bytes.count { growJoint(by: bytes.count) }
    joint?.advanced(by: jointEnd).copyMemory(from: source, byteCount: bytes.count)
    jointEnd += bytes.count
    count += bytes.count
  }

  private mutating func growJoint(by count: Int) {
    let capacity = max(jointEnd + count, jointCapacity * 2, Self.firstCapacity)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
    if let joint { fresh.copyMemory(from: joint, byteCount: jointEnd) }
    joint?.deallocate()
    joint = fresh
    jointCapacity = capacity
  }

  private mutating func appendBehind(_ bytes: UnsafeRawBufferPointer) {
    let last = rest.count - 1
    if last >= restStart, rest[last].count + bytes.count <= Self.maxJoinedBytes {
      rest[last].append(contentsOf: bytes)
      count += bytes.count
    } else {
      append(Array(bytes))
    }
  }

  /// Copies the next bytes over the whole of `target`, which is at most `count` long.
  mutating func move(into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count <= count)
    var filled = moveJoint(into: target)
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

  @inline(__always)
  private mutating func moveJoint(into target: UnsafeMutableRawBufferPointer) -> Int {
    let size = min(target.count, jointEnd - jointStart)
    guard size > 0, let joint else { return 0 }
    target.baseAddress?.copyMemory(from: joint + jointStart, byteCount: size)
    jointStart += size
    count -= size
    if jointStart == jointEnd { emptyJoint() }
    return size
  }

  private mutating func emptyJoint() {
    jointStart = 0
    jointEnd = 0
    guard jointCapacity > Self.keptCapacity else { return }
    joint?.deallocate()
    joint = nil
    jointCapacity = 0
  }

  /// Whether the next bytes stand in one array, behind as many bytes that are gone as `header` takes.
  func isInPlace(_ size: Int, behind header: Int) -> Bool {
    offset >= header && first.count - offset >= size
  }

  /// Writes `header` over the bytes that are gone, and gives `body` it and the next bytes where they
  /// stand.
  ///
  /// Where `isInPlace` said so.
  mutating func take(
    _ size: Int,
    behind header: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    precondition(isInPlace(size, behind: header.count))
    let start = offset - header.count
    first.withUnsafeMutableBytes { all in
      let target = UnsafeMutableRawBufferPointer(rebasing: all[start..<offset + size])
      target.copyMemory(from: header)
      body(UnsafeRawBufferPointer(target))
    }
    offset += size
    count -= size
    if offset == first.count { advance() }
  }

  mutating func removeAll() {
    self = OutboundQueue()
  }

  private mutating func advance() {
    offset = 0
    guard restStart < rest.count else {
      first = []
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

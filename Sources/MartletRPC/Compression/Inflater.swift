internal import CZlib
internal import Glibc

/// Why bytes are not a compressed message.
package enum InflateError: Error, Hashable {
  /// It grows beyond the limit; no more than that was inflated.
  case tooLarge(limit: Int)
  /// It is not of the format, is damaged, or its checksum is wrong.
  case malformed(String)
  /// It ends too early.
  case truncated
  /// There is something behind its end.
  case trailingBytes(Int)
  /// zlib has no memory for its state.
  case outOfMemory
}

/// zlib's decompressor with a buffer for what comes out; used for one message after the other.
///
/// About 7 KiB, 40 while it works on a message, and the buffer. Confined to whoever has it.
package final class Inflater {
  private let stream: UnsafeMutablePointer<z_stream>
  private var output = GrowingBuffer()

  /// Nil when there is no memory for it.
  package init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard martlet_inflate_init(stream, MAX_WBITS) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Inflates a whole message and hands it to `body`; the bytes live as long as that runs.
  ///
  /// - Parameters:
  ///   - input: the message as it came.
  ///   - algorithm: gzip or deflate.
  ///   - limit: the most bytes that may come out; no more memory than this is used for them, and
  ///     the work stops there.
  ///   - body: gets the inflated message.
  /// - Returns: what `body` does.
  /// - Throws: `InflateError`.
  /// - Complexity: O(input + output).
  package func inflate<Result>(
    _ input: UnsafeRawBufferPointer,
    _ algorithm: CompressionAlgorithm,
    limit: Int,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(InflateError) -> Result {
    defer { output.empty() }
    try run(input, algorithm, limit)
    return body(output.bytes)
  }

  private func run(
    _ input: UnsafeRawBufferPointer,
    _ algorithm: CompressionAlgorithm,
    _ limit: Int
  ) throws(InflateError) {
    guard inflateReset2(stream, algorithm.windowBits) == Z_OK else { throw .outOfMemory }
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress
    )
    stream.pointee.avail_in = UInt32(input.count)
    defer { stream.pointee.next_in = nil }
    while true {
      try makeRoom(input.count, limit)
      let code = step()
      guard output.count <= limit else { throw .tooLarge(limit: limit) }
      switch code {
      case Z_STREAM_END:
        guard stream.pointee.avail_in > 0 else { return }
        try startNextMember(algorithm)
      case Z_OK: break
      case Z_BUF_ERROR: throw .truncated
      case Z_MEM_ERROR: throw .outOfMemory
      default: throw .malformed(stream.pointee.msg.map { String(cString: $0) } ?? "no dictionary")
      }
      guard stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0 else { throw .truncated }
    }
  }

  /// Inflates into what room there is.
  private func step() -> Int32 {
    let room = UInt32(clamping: output.room)
    stream.pointee.next_out = output.end
    stream.pointee.avail_out = room
    let code = CZlib.inflate(stream, Z_NO_FLUSH)
    output.advance(by: Int(room - stream.pointee.avail_out))
    return code
  }

  private func makeRoom(_ inputBytes: Int, _ limit: Int) throws(InflateError) {
    guard output.room == 0 else { return }
    let wanted = output.count == 0 ? max(inputBytes * 4, 4096) : output.count * 2
    // One byte more than the limit, so that a message of exactly the limit is told from a longer
    // one.
    guard output.grow(to: min(wanted, limit) + 1) else { throw .outOfMemory }
  }

  /// A gzip file may be several, one behind the other (RFC 1952, section 2.2).
  private func startNextMember(_ algorithm: CompressionAlgorithm) throws(InflateError) {
    let rest = Int(stream.pointee.avail_in)
    guard algorithm == .gzip, rest >= 2, let next = stream.pointee.next_in,
      next[0] == 0x1f, next[1] == 0x8b
    else { throw .trailingBytes(rest) }
    guard inflateReset(stream) == Z_OK else { throw .outOfMemory }
  }
}

extension CompressionAlgorithm {
  /// What zlib's functions call the format.
  var windowBits: Int32 { self == .gzip ? 16 + MAX_WBITS : MAX_WBITS }
}

/// Memory that grows in place where the allocator can, and is kept between messages while it is
/// small.
private struct GrowingBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private(set) var count = 0

  /// Above this the memory is given back after each message.
  private static let keptCapacity = 16 << 10

  var room: Int { capacity - count }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  var end: UnsafeMutablePointer<UInt8>? {
    base.map { ($0 + count).assumingMemoryBound(to: UInt8.self) }
  }

  mutating func advance(by bytes: Int) { count += bytes }

  /// False when there is no memory.
  mutating func grow(to newCapacity: Int) -> Bool {
    guard let grown = realloc(base, newCapacity) else { return false }
    base = grown
    capacity = newCapacity
    return true
  }

  mutating func empty() {
    count = 0
    guard capacity > Self.keptCapacity else { return }
    free(base)
    base = nil
    capacity = 0
  }

  deinit { free(base) }
}

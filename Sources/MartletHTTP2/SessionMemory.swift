internal import CNGHTTP2
internal import Glibc
internal import MartletNet

/// The memory of all sessions of one loop, as nghttp2 asks for it.
///
/// nghttp2 takes and gives back some thirty small blocks a request, and keeps a buffer of 16 KiB a
/// session in which it builds one frame at a time. Here the small blocks come back from free lists
/// that need no lock, and one frame buffer serves all sessions.
///
/// The frame buffer may be shared because no session leaves anything in it between two calls of
/// `nghttp2_session_mem_send`, and those calls never nest: a loop flushes one connection at a time.
/// A frame that goes through the buffer is returned whole and is copied out at once
/// (`HTTP2Connection.flush`); of a DATA frame only the header is built there, and the callback that
/// takes it never answers "would block", which alone would make nghttp2 come back to it. The further
/// buffers of a header block that needs CONTINUATION frames are the session's own. A client's
/// preface, which stands in the buffer from the start, is sent before another session is made; and a
/// session that is made while another sends, by whoever hears of a stream's end from within, gets a
/// buffer of its own.
///
/// Confined to its loop, which keeps it; every session of the loop is freed before.
final class SessionMemory: @unchecked Sendable {
  let blocks: UnsafeMutablePointer<BlockLists>

  private init() {
    blocks = .allocate(capacity: 1)
    blocks.initialize(to: BlockLists())
  }

  deinit {
    blocks.pointee.free()
    blocks.deallocate()
  }

  /// The loop's own.
  static func of(_ loop: EventLoop) -> SessionMemory {
    if let memory = loop.sessionMemory as? SessionMemory { return memory }
    let memory = SessionMemory()
    loop.sessionMemory = memory
    return memory
  }

  /// Runs `create` with the functions that a new session copies.
  ///
  /// The first block of a frame buffer's size that it asks for is the shared one; other large blocks
  /// come from `run`.
  func lend<Result>(
    _ run: inout FoldableRun?,
    _ create: (UnsafeMutablePointer<nghttp2_mem>) -> Result
  ) -> Result {
    var functions = nghttp2_mem(
      mem_user_data: UnsafeMutableRawPointer(blocks),
      malloc: { size, user in lists(user).pointee.take(size) },
      free: { block, user in lists(user).pointee.give(block) },
      calloc: { count, size, user in lists(user).pointee.takeZeroed(count, size) },
      realloc: { block, size, user in lists(user).pointee.resize(block, size) }
    )
    blocks.pointee.lendsFrameBuffer = !blocks.pointee.isSending
    swap(&blocks.pointee.run, &run)
    defer {
      blocks.pointee.lendsFrameBuffer = false
      swap(&blocks.pointee.run, &run)
    }
    return create(&functions)
  }
}

private func lists(_ user: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<BlockLists> {
  // Always what `lend` gave.
  user.unsafelyUnwrapped.assumingMemoryBound(to: BlockLists.self)
}

/// Free blocks, a list for each multiple of 16 bytes.
///
/// Each block has its size class in the 8 bytes before it, or, if it stands in a run, minus its size;
/// one that is free has the next in its first 8.
struct BlockLists {
  /// The largest block that is kept, bytes.
  static let maxBlockBytes = 1_008
  /// nghttp2's frame buffer: a header of 9 bytes, one for padding's length, a payload of 2^14.
  static let frameBufferBytes = 9 + 1 + 16_384

  /// Whether some session is between asking for a frame and having copied it.
  var isSending = false
  /// Whether a session is being made.
  var lendsFrameBuffer = false
  /// What large blocks are taken from while a session is made.
  var run: FoldableRun?
  /// Bytes of free blocks, never above `HTTP2Limits.maxKeptBlockBytes`.
  private(set) var keptBytes = 0
  /// Blocks in use, the frame buffer not counted.
  private(set) var usedCount = 0
  /// Sessions that use the frame buffer.
  private(set) var lentCount = 0
  private let frameBuffer = UnsafeMutableRawPointer.allocate(
    byteCount: frameBufferBytes,
    alignment: 16
  )
  private let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>

  private static let headerBytes = 8
  private static let classCount = maxBlockBytes / 16 + 1

  init() {
    heads = .allocate(capacity: Self.classCount)
    heads.initialize(repeating: nil, count: Self.classCount)
  }

  func free() {
    for index in 0..<Self.classCount {
      while let block = heads[index] {
        heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
        Glibc.free(block - Self.headerBytes)
      }
    }
    heads.deallocate()
    frameBuffer.deallocate()
  }

  /// Class 0 is for blocks that are not kept.
  @inline(__always)
  private static func sizeClass(_ size: Int) -> Int {
    size > maxBlockBytes ? 0 : max(1, (size + 15) >> 4)
  }

  @inline(__always)
  mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let index = Self.sizeClass(size)
    guard index > 0, let block = heads[index] else { return allocate(size, index) }
    heads[index] = block.load(as: UnsafeMutableRawPointer?.self)
    keptBytes -= index << 4
    usedCount += 1
    return block
  }

  private mutating func allocate(_ size: Int, _ index: Int) -> UnsafeMutableRawPointer? {
    let (total, overflow) = (index > 0 ? index << 4 : size)
      .addingReportingOverflow(Self.headerBytes)
    guard !overflow else { return nil }
    if index == 0, let start = run?.take(total) {
      start.storeBytes(of: -size, as: Int.self)
      return start + Self.headerBytes
    }
    guard let start = malloc(total) else { return nil }
    start.storeBytes(of: index, as: Int.self)
    usedCount += 1
    return start + Self.headerBytes
  }

  @inline(__always)
  mutating func give(_ block: UnsafeMutableRawPointer?) {
    guard let block else { return }
    guard block != frameBuffer else { return lentCount -= 1 }
    let index = (block - Self.headerBytes).load(as: Int.self)
    // It ends with its run.
    guard index >= 0 else { return }
    usedCount -= 1
    guard index > 0, keptBytes + index << 4 <= HTTP2Limits.maxKeptBlockBytes else {
      return Glibc.free(block - Self.headerBytes)
    }
    block.storeBytes(of: heads[index], as: UnsafeMutableRawPointer?.self)
    heads[index] = block
    keptBytes += index << 4
  }

  mutating func takeZeroed(_ count: Int, _ size: Int) -> UnsafeMutableRawPointer? {
    let (total, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, let block = take(total) else { return nil }
    memset(block, 0, total)
    return block
  }

  mutating func resize(_ block: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
    guard let block else {
      guard lendsFrameBuffer, size == Self.frameBufferBytes else { return take(size) }
      lendsFrameBuffer = false
      lentCount += 1
      return frameBuffer
    }
    if block == frameBuffer { return move(block, Self.frameBufferBytes, size) }
    let index = (block - Self.headerBytes).load(as: Int.self)
    guard index == 0 else {
      let room = index > 0 ? index << 4 : -index
      return size <= room ? block : move(block, room, size)
    }
    guard size > Self.maxBlockBytes else { return block }
    let (total, overflow) = size.addingReportingOverflow(Self.headerBytes)
    guard !overflow, let start = realloc(block - Self.headerBytes, total) else { return nil }
    return start + Self.headerBytes
  }

  private mutating func move(
    _ block: UnsafeMutableRawPointer,
    _ count: Int,
    _ size: Int
  ) -> UnsafeMutableRawPointer? {
    guard let target = take(size) else { return nil }
    memcpy(target, block, min(count, size))
    give(block)
    return target
  }
}

internal import CLinux
internal import Glibc
internal import Synchronization

/// Whole pages for what a library keeps of one connection, which can be folded: while nothing
/// happens on the connection, the words that are not zero stand in a block of the heap, and the
/// pages' memory is the system's.
///
/// nghttp2's state of a connection is 9 KB, of which 1 KB is not zero, and OpenSSL's 8 KB, of which
/// 1.5 KB is not. Both are opaque, and full of pointers to each other: folding moves nothing, as
/// after `unfold` every byte is where it was. Between the two nobody may look at them: a debug build
/// makes them inaccessible for so long, so that whoever does crashes.
///
/// Its owner frees it, after the library has freed all that stands in it. Confined to its owner.
package struct FoldableRun {
  private var memory: martlet_run
  private let pageCount: Int
  /// A bitmap of the words that are not zero, then these words; nil while unfolded.
  private var folded: UnsafeMutablePointer<UInt64>?

  /// Takes fresh pages, all zero; nil when there are none.
  package init?(pageCount: Int) {
    guard let start = PageRuns.take(pageCount) else { return nil }
    self.pageCount = pageCount
    memory = martlet_run(
      start: start.assumingMemoryBound(to: CChar.self),
      size: pageCount * PageRuns.pageBytes,
      used: 0
    )
  }

  /// Lets TLS connections be folded in a process that is about to use OpenSSL for something else.
  package static func prepareOpenSSL() { OpenSSLMemory.replace() }

  /// Gives the pages back, with all that stands in them.
  ///
  /// If OpenSSL still holds a block there, which it never should, they are given up instead.
  package mutating func free() {
    unfold()
    let isUnused = martlet_run_count(&memory) == 0
    assert(isUnused, "OpenSSL holds on to what belongs to one connection")
    if isUnused { PageRuns.give(UnsafeMutableRawPointer(memory.start), pageCount) }
    memory.size = 0
    memory.used = 0
  }

  package var isFolded: Bool { folded != nil }

  /// The next block, for `size` bytes; nil when there is no room.
  package mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    martlet_run_take(&memory, size)
  }

  /// Runs `body` with OpenSSL taking its large blocks from here.
  mutating func withOpenSSL<Result>(_ body: () -> Result) -> Result {
    withUnsafeMutablePointer(to: &memory) { memory in
      martlet_open_run(memory)
      defer { martlet_open_run(nil) }
      return body()
    }
  }

  // MARK: Folding

  /// Keeps what is not zero and gives the memory of the pages to the system.
  ///
  /// False, and nothing has changed, when there is no memory for what is kept.
  package mutating func fold() -> Bool {
    guard folded == nil, memory.used > 0 else { return false }
    let words = words
    let bitmapCount = (words.count + 63) / 64
    var kept = 0
    for word in words where word != 0 { kept += 1 }
    guard let target = malloc((bitmapCount + kept) * 8)?.assumingMemoryBound(to: UInt64.self)
    else { return false }
    var next = target + bitmapCount
    for group in 0..<bitmapCount {
      var bits: UInt64 = 0
      for index in group * 64..<min(group * 64 + 64, words.count) where words[index] != 0 {
        bits |= 1 << UInt64(index % 64)
        next.initialize(to: words[index])
        next += 1
      }
      target[group] = bits
    }
    folded = target
    PageRuns.empty(UnsafeMutableRawPointer(memory.start), pageCount)
    PageRuns.setAccess(UnsafeMutableRawPointer(memory.start), pageCount, false)
    return true
  }

  /// Puts everything back where it was.
  package mutating func unfold() {
    guard let folded else { return }
    PageRuns.setAccess(UnsafeMutableRawPointer(memory.start), pageCount, true)
    let words = words
    let bitmapCount = (words.count + 63) / 64
    var next = folded + bitmapCount
    for group in 0..<bitmapCount {
      var bits = folded[group]
      while bits != 0 {
        words[group * 64 + bits.trailingZeroBitCount] = next.pointee
        next += 1
        bits &= bits - 1
      }
    }
    discardFolded()
  }

  private var words: UnsafeMutableBufferPointer<UInt64> {
    let start = UnsafeMutableRawPointer(memory.start).assumingMemoryBound(to: UInt64.self)
    return UnsafeMutableBufferPointer(start: start, count: memory.used / 8)
  }

  /// There may be keys in it.
  private mutating func discardFolded() {
    guard let folded else { return }
    explicit_bzero(folded, malloc_usable_size(folded))
    Glibc.free(folded)
    self.folded = nil
  }
}

/// The pages of all runs of the process.
///
/// They stand in one part of the address space, so that OpenSSL's `free` knows them by their
/// address.
private enum PageRuns {
  /// The only size of pages with which folding pays.
  static let pageBytes = 4096
  /// Address space for a million connections; it costs no memory.
  private static let reservedBytes = 32 << 30
  private static let extensionBytes = 1 << 20
  private static let maxPageCount = 4

  private struct Free {
    /// Nil before the first run.
    var isUsable: Bool?
    /// Addresses of free runs, a list for each number of pages.
    var lists: [[UInt]] = Array(repeating: [], count: maxPageCount + 1)
    /// What no run has been made of: from `rest` to `end`.
    var rest: UInt = 0
    var end: UInt = 0
  }

  private static let free = Mutex(Free())

  static func take(_ pageCount: Int) -> UnsafeMutableRawPointer? {
    precondition(pageCount <= maxPageCount)
    let size = UInt(pageCount * pageBytes)
    let address = free.withLock { free -> UInt in
      if let known = free.lists[pageCount].popLast() { return known }
      if free.end - free.rest < size { extend(&free) }
      guard free.end - free.rest >= size else { return 0 }
      defer { free.rest += size }
      return free.rest
    }
    return UnsafeMutableRawPointer(bitPattern: address)
  }

  /// What is left over of the last extension is not used.
  private static func extend(_ free: inout Free) {
    let isUsable =
      free.isUsable
      ?? (sysconf(Int32(_SC_PAGESIZE)) == pageBytes && martlet_reserve_runs(reservedBytes) == 0)
    free.isUsable = isUsable
    guard isUsable, let start = martlet_extend_runs(extensionBytes) else { return }
    free.rest = UInt(bitPattern: start)
    free.end = free.rest + UInt(extensionBytes)
  }

  static func give(_ start: UnsafeMutableRawPointer, _ pageCount: Int) {
    empty(start, pageCount)
    free.withLock { $0.lists[pageCount].append(UInt(bitPattern: start)) }
  }

  /// Gives the memory of pages back; they are all zero when they are next looked at.
  static func empty(_ start: UnsafeMutableRawPointer, _ pageCount: Int) {
    guard madvise(start, pageCount * pageBytes, MADV_DONTNEED) != 0 else { return }
    memset(start, 0, pageCount * pageBytes)
  }

  /// Lets a debug build crash on whoever looks at pages that are folded.
  @inline(__always)
  static func setAccess(_ start: UnsafeMutableRawPointer, _ pageCount: Int, _ isOpen: Bool) {
    #if DEBUG
      let access = isOpen ? PROT_READ | PROT_WRITE : PROT_NONE
      let code = mprotect(start, pageCount * pageBytes, access)
      // The kernel may have no further part of the address space to tell apart (vm.max_map_count).
      precondition(code == 0 || !isOpen, "mprotect: \(martlet_errno())")
    #endif
  }
}

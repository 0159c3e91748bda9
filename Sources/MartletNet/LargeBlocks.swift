internal import CLinux
internal import Glibc
internal import Synchronization

/// Has glibc's malloc reuse the memory of large messages.
///
/// By default it gives a freed block of some megabytes back to the kernel, and the next message of
/// that size pays a page fault for each of its pages: at 4 MB more than half of a call's CPU time.
enum LargeBlocks {
  /// The most that malloc takes as a threshold for blocks from its heaps (mallopt(3)).
  private static let maxKeptBytes = 32 << 20

  private static let isDecided = Atomic<Bool>(false)

  /// Tells malloc, the first time in the process's life, to keep up to `bytes` freed bytes at the
  /// end of each arena, of which each loop's thread has one.
  ///
  /// Whoever sets malloc's thresholds in the environment knows better.
  static func keep(_ bytes: Int) {
    guard !isDecided.exchange(true, ordering: .relaxed) else { return }
    let names = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"]
    guard names.allSatisfy({ getenv($0) == nil }) else { return }
    martlet_malloc_keep(Int32(clamping: min(max(bytes, 0), maxKeptBytes)))
  }
}

internal import CLinux
internal import Glibc

/// Has glibc's malloc reuse the memory of large messages.
///
/// By default it gives a freed block of some megabytes back to the kernel, and the next message of
/// that size pays a page fault for each of its pages: at 4 MB more than half of a call's CPU time.
enum LargeBlocks {
  /// Freed bytes that an arena keeps, one for each loop's thread; malloc's own upper bound for what
  /// it adapts to (mallopt(3)).
  static let keptBytes: Int32 = 32 << 20

  /// Whoever sets malloc's thresholds in the environment knows better.
  private static let areKept: Bool = {
    let names = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"]
    guard names.allSatisfy({ getenv($0) == nil }) else { return false }
    martlet_malloc_keep(keptBytes)
    return true
  }()

  /// Tells malloc once in the process's life.
  static func keep() { _ = areKept }
}

internal import CLinux
internal import COpenSSL
internal import Synchronization

/// The memory that OpenSSL takes, in the whole process.
enum OpenSSLMemory {
  private static let state = Atomic<Int>(0)

  /// Has OpenSSL take large blocks from a run, where one is open, and all others from malloc.
  ///
  /// OpenSSL agrees only before it has taken its first block (CRYPTO_set_mem_functions(3)): a process
  /// that used it before stays as it is, and its connections are not folded.
  static func replace() {
    // Every loop asks; the first answer stands.
    guard state.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged else {
      return
    }
    let isReplaced = CRYPTO_set_mem_functions(
      martlet_run_malloc,
      martlet_run_realloc,
      martlet_run_free
    )
    if isReplaced == 1 { state.store(2, ordering: .relaxed) }
  }

  /// Room for an SSL and its certificates: 7.6 KB and 0.5 KB in OpenSSL 3.0.
  ///
  /// Nil where OpenSSL would not use it.
  static func newRun() -> FoldableRun? {
    state.load(ordering: .relaxed) == 2 ? FoldableRun(pageCount: 2) : nil
  }
}

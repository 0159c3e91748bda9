internal import CLinux

/// Tells when a loop has lost so many of its connections that their memory is worth giving back.
///
/// malloc keeps freed blocks between others for what comes next, without end: a process would stay
/// as large as its busiest moment made it. A value without I/O.
struct HeapTrim {
  private var peak = 0
  private var isPlanned = false
  private var last: MonotonicTime?

  /// There are `count` connections now.
  ///
  /// Returns when to trim, if that is not planned yet.
  mutating func changed(to count: Int, now: MonotonicTime) -> Duration? {
    peak = max(peak, count)
    guard !isPlanned, peak >= NetLimits.trimConnections, count <= peak / 2 else { return nil }
    isPlanned = true
    let rest = last.map { NetLimits.trimInterval - (now - $0) } ?? .zero
    return max(NetLimits.trimDelay, rest)
  }

  /// It is done.
  mutating func trimmed(at count: Int, now: MonotonicTime) {
    isPlanned = false
    peak = count
    last = now
  }

  /// Gives the free memory of all heaps back, on a thread where it keeps no loop from its events.
  ///
  /// It locks one heap at a time, and a loop that needs more than its cache of small blocks waits for
  /// its own: 50 ms where 300 MB are free. That is why it is done so seldom.
  static func trim() {
    // Refused only by a pool that is full or shut down; then it is for the next time.
    try? BlockingPool.shared.submit { martlet_malloc_trim() }
  }
}

internal import CLinux

/// A point on the machine's monotonic clock.
///
/// Never runs backwards, means nothing elsewhere.
package struct MonotonicTime: Comparable, Hashable, Sendable {
  /// Nanoseconds since an arbitrary start.
  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  /// Asks the clock.
  package static func read() -> MonotonicTime {
    MonotonicTime(nanoseconds: martlet_monotonic_nanoseconds())
  }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The point `delay` later; stays in range whatever the delay.
  package static func + (time: MonotonicTime, delay: Duration) -> MonotonicTime {
    let (sum, overflow) = time.nanoseconds.addingReportingOverflow(delay.clampedNanoseconds)
    return MonotonicTime(nanoseconds: overflow ? .max : sum)
  }

  /// The point `delay` earlier, or the clock's start.
  package static func - (time: MonotonicTime, delay: Duration) -> MonotonicTime {
    let (difference, overflow) = time.nanoseconds.subtractingReportingOverflow(
      delay.clampedNanoseconds
    )
    return MonotonicTime(nanoseconds: overflow ? 0 : difference)
  }

  package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
    left >= right
      ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
      : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
  }
}

extension Duration {
  /// Whole nanoseconds, 0 for a negative duration, the maximum for one that does not fit.
  package var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return overflow || carry ? .max : sum
  }
}

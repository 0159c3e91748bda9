internal import MartletNet

/// Counts the PINGs of a peer that come too early: a value, with the clock handed in.
///
/// A client may ask for a sign of life now and then, and as often as it likes while we send it
/// something: each DATA or HEADERS frame of ours forgives what was before
/// (<https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md>, "Server
/// Enforcement").
struct PingGuard {
  /// The last PING since we sent something.
  private var last: MonotonicTime?
  private var strikes = 0

  /// We sent DATA or HEADERS.
  mutating func sentSomething() {
    last = nil
    strikes = 0
  }

  /// A PING came; false when it was one too many.
  mutating func receivedPing(
    now: MonotonicTime,
    minInterval: Duration,
    maxStrikes: Int
  ) -> Bool {
    defer { last = now }
    guard let last, now - last < minInterval else { return true }
    strikes += 1
    return strikes <= maxStrikes
  }
}

internal import MartletNet

/// How many frames that do no work a peer may send: token buckets, with the clock handed in.
///
/// A peer that resets its streams as fast as it opens them, or sends PINGs, SETTINGS or empty DATA
/// without end, costs us work and no window stops it (CVE-2023-44487, CVE-2019-9512 to 9518).
struct FrameBudget {
  enum Charge {
    /// A reset stream, by the peer or because of what it sent.
    case reset
    /// A frame that carries nothing for a stream.
    case idle
  }

  private var resets: TokenBucket
  private var idleFrames: TokenBucket

  init(_ limits: HTTP2Limits, now: MonotonicTime) {
    resets = TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond, now: now)
    idleFrames = TokenBucket(
      burst: limits.idleFrameBurst,
      perSecond: limits.idleFramesPerSecond,
      now: now
    )
  }

  /// Takes tokens; false when there are not so many left.
  mutating func spend(_ charge: Charge, _ count: Int, now: MonotonicTime) -> Bool {
    switch charge {
    case .reset: resets.take(count, now: now)
    case .idle: idleFrames.take(count, now: now)
    }
  }
}

/// Tokens that come back at a steady rate up to a maximum.
struct TokenBucket {
  private let burst: Int
  private let interval: Duration
  private var tokens: Int
  private var refilled: MonotonicTime

  init(burst: Int, perSecond: Int, now: MonotonicTime) {
    self.burst = burst
    interval = .nanoseconds(1_000_000_000 / max(1, perSecond))
    tokens = burst
    refilled = now
  }

  mutating func take(_ count: Int, now: MonotonicTime) -> Bool {
    if tokens < burst {
      let earned = Int(
        clamping: (now - refilled).clampedNanoseconds / max(1, interval.clampedNanoseconds)
      )
      if earned >= burst - tokens {
        tokens = burst
        refilled = now
      } else if earned > 0 {
        tokens += earned
        refilled = refilled + interval * earned
      }
    } else {
      refilled = now
    }
    guard tokens >= count else { return false }
    tokens -= count
    return true
  }
}

internal import Glibc

/// Where the service takes time from, so that tests can turn it.
package struct ServiceClock: Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z, which may jump.
  package var wallMilliseconds: @Sendable () -> Int64

  /// Time since any fixed moment, which never goes back.
  package var monotonic: @Sendable () -> Duration

  package init(
    wallMilliseconds: @escaping @Sendable () -> Int64,
    monotonic: @escaping @Sendable () -> Duration
  ) {
    self.wallMilliseconds = wallMilliseconds
    self.monotonic = monotonic
  }

  /// Unix time, seconds.
  package var wallSeconds: Int64 { wallMilliseconds() / 1000 }

  /// The machine's clocks.
  package static let system = ServiceClock(
    wallMilliseconds: {
      var now = timespec()
      unsafe clock_gettime(CLOCK_REALTIME, &now)
      return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    },
    monotonic: {
      var now = timespec()
      unsafe clock_gettime(CLOCK_MONOTONIC, &now)
      return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
    }
  )
}

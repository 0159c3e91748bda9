internal import Glibc

// A point in time: seconds and nanoseconds since 1970-01-01T00:00:00Z, leap seconds left out.
extension ProtoTimestamp {
  /// The seconds that a valid timestamp may have: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
  public static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

  /// Makes a timestamp of its parts as they stand on the wire.
  ///
  /// - Parameters:
  ///   - seconds: Since 1970-01-01T00:00:00Z; before then they are negative.
  ///   - nanos: From 0 to 999,999,999; they count forwards before 1970 too.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.init()
    self.seconds = seconds
    self.nanos = nanos
  }

  /// Makes a timestamp of milliseconds since 1970-01-01T00:00:00Z.
  public init(millisecondsSince1970 milliseconds: Int64) {
    let (seconds, rest) = Self.floored(milliseconds, by: 1000)
    self.init(seconds: seconds, nanos: Int32(rest) * 1_000_000)
  }

  /// The time of the system's clock.
  public static var now: ProtoTimestamp {
    // C's timespec is two words. Its members are not named here: of which module they are depends
    // on the order in which the compiler loads modules, and with it whether they are visible.
    var time = (seconds: 0, nanos: 0)
    unsafe withUnsafeMutablePointer(to: &time) { words in
      let words = UnsafeMutableRawPointer(words)
      _ = unsafe clock_gettime(CLOCK_REALTIME, words.assumingMemoryBound(to: timespec.self))
    }
    return ProtoTimestamp(seconds: Int64(time.seconds), nanos: Int32(time.nanos))
  }

  /// Whether protobuf allows it: within `secondsRange`, and `nanos` from 0 to 999,999,999.
  public var isValid: Bool {
    Self.secondsRange.contains(seconds) && (0...999_999_999).contains(nanos)
  }

  /// Whole milliseconds since 1970-01-01T00:00:00Z, rounded down.
  ///
  /// Where no `Int64` holds them, which no valid timestamp needs, the nearest that one holds.
  public var millisecondsSince1970: Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, overflowOfSum) =
      product.addingReportingOverflow(Self.floored(Int64(nanos), by: 1_000_000).quotient)
    return overflow || overflowOfSum ? (seconds < 0 ? .min : .max) : sum
  }

  /// Quotient and remainder where the remainder is never negative.
  static func floored<Value: SignedInteger & FixedWidthInteger>(
    _ value: Value,
    by divisor: Value
  ) -> (quotient: Value, remainder: Value) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension ProtoTimestamp: InstantProtocol {
  /// Whether one time is before another.
  public static func < (left: ProtoTimestamp, right: ProtoTimestamp) -> Bool {
    (left.seconds, left.nanos) < (right.seconds, right.nanos)
  }

  /// The time a while after this one, to the nanosecond below.
  ///
  /// - Parameter duration: How much later; earlier where it is negative.
  /// - Returns: The time; not a valid one where no year from 1 to 9999 holds it.
  public func advanced(by duration: Duration) -> ProtoTimestamp {
    // In 128 bits, where no sum of the two overflows.
    let added = Self.floored(duration.attoseconds, by: 1_000_000_000).quotient
    let nanos = Int128(seconds) * 1_000_000_000 + Int128(nanos) + added
    let (sum, rest) = Self.floored(nanos, by: 1_000_000_000)
    return ProtoTimestamp(seconds: Int64(clamping: sum), nanos: Int32(rest))
  }

  /// How long it is from this time to another; negative where the other is earlier.
  public func duration(to other: ProtoTimestamp) -> Duration {
    Duration(secondsComponent: other.seconds, attosecondsComponent: 0)
      - Duration(secondsComponent: seconds, attosecondsComponent: 0)
      + .nanoseconds(Int64(other.nanos) - Int64(nanos))
  }
}

// A span of time: seconds and nanoseconds of one sign.

extension ProtoDuration {
  /// The seconds that a valid duration may have: about 10,000 years either way.
  public static let secondsRange: ClosedRange<Int64> = -315_576_000_000...315_576_000_000

  /// Makes a duration of its parts as they stand on the wire.
  ///
  /// - Parameters:
  ///   - seconds: Whole seconds.
  ///   - nanos: From -999,999,999 to 999,999,999; never of another sign than `seconds`.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.init()
    self.seconds = seconds
    self.nanos = nanos
  }

  /// Makes a duration of Swift's; what is below the nanosecond is dropped.
  public init(_ duration: Duration) {
    let (seconds, attoseconds) =
      duration.attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000_000)
    self.init(seconds: Int64(clamping: seconds), nanos: Int32(attoseconds / 1_000_000_000))
  }

  /// Whether protobuf allows it: within `secondsRange`, and `nanos` below a second either way and
  /// of no other sign than `seconds`.
  public var isValid: Bool {
    Self.secondsRange.contains(seconds) && (-999_999_999...999_999_999).contains(nanos)
      && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0))
  }

  /// Reads a duration such as `1.5s` or `-0.000001s`.
  ///
  /// - Parameter text: Seconds with up to nine digits after the point, and `s`; nil results from
  ///   anything else and from what is not a valid duration.
  public init?(text: String) {
    var text = text
    let duration = text.withUTF8 { bytes in
      unsafe Self(text: TimeScanner(UnsafeRawBufferPointer(bytes)))
    }
    guard let duration else { return nil }
    self = duration
  }

  /// The duration as `1.500s`, with 0, 3, 6 or 9 digits after the point as needed; nil when it is
  /// not valid.
  public var text: String? { timeText?.string }

  /// For JSON: reads the whole of a text.
  package init?(text scanner: TimeScanner) {
    var scanner = scanner
    let isNegative = scanner.take("-")
    guard let seconds = scanner.integer(), let nanos = scanner.fraction(), scanner.take("s"),
      scanner.isAtEnd
    else { return nil }
    self.init(seconds: isNegative ? -seconds : seconds, nanos: isNegative ? -nanos : nanos)
    guard isValid else { return nil }
  }

  /// For JSON: the bytes of `text`.
  package var timeText: TimeText? {
    guard isValid else { return nil }
    let seconds = Int64(seconds.magnitude)
    var width = 1
    var limit: Int64 = 10
    while seconds >= limit {
      width += 1
      limit *= 10
    }
    var text = TimeText()
    if self.seconds < 0 || nanos < 0 { text.append("-") }
    text.append(digits: seconds, width: width)
    text.append(fractionOfNanos: abs(nanos))
    text.append("s")
    return text
  }
}

extension ProtoDuration: Comparable {
  /// Whether one duration is shorter than another, negative ones below all others.
  public static func < (left: ProtoDuration, right: ProtoDuration) -> Bool {
    Duration(left) < Duration(right)
  }
}

extension Duration {
  /// Makes a duration of protobuf's.
  public init(_ duration: ProtoDuration) {
    self =
      Duration(secondsComponent: duration.seconds, attosecondsComponent: 0)
      + .nanoseconds(Int64(duration.nanos))
  }
}

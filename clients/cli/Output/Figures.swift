import WorkoutSchema

/// Numbers as athletes read them.
enum Figures {
  /// `7.42 km`, below a kilometre `420 m`.
  static func distance(_ meters: Double) -> String {
    guard isPrintable(meters) else { return "?" }
    return meters < 1000 ? "\(Int(meters.rounded())) m" : "\(fixed(meters / 1000, 2)) km"
  }

  /// `45:00`, from an hour on `1:02:03`.
  static func duration(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    let tail = padded(seconds % 60)
    return hours > 0 ? "\(hours):\(padded(minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  /// `6:04 /km`, or `24.1 km/h` for sports that count so; nil while nothing moved.
  static func pace(meters: Double, milliseconds: Int64, type: ActivityType) -> String? {
    guard meters >= 1, meters.isFinite, milliseconds > 0 else { return nil }
    if [.ride, .ski, .row].contains(type) {
      return "\(fixed(meters / Double(milliseconds) * 3600, 1)) km/h"
    }
    // Whoever hardly moves has no pace that says anything.
    let millisecondsPerKilometer = Double(milliseconds) / meters * 1000
    guard millisecondsPerKilometer < 3_600_000 else { return nil }
    return "\(duration(Int64(millisecondsPerKilometer.rounded()))) /km"
  }

  static func climb(_ meters: Double) -> String {
    isPrintable(meters) ? "\(Int(meters.rounded())) m" : "?"
  }

  static func heartRate(_ beatsPerMinute: Double?) -> String? {
    beatsPerMinute.flatMap { isPrintable($0) ? "\(Int($0.rounded()))" : nil }
  }

  /// Whether a number from elsewhere is one, and small enough for an `Int`.
  private static func isPrintable(_ value: Double) -> Bool { value.magnitude < 1e15 }

  /// A number with this many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    guard let scaled = Int64(exactly: (value * scale).rounded()) else { return "?" }
    let whole = scaled.magnitude / UInt64(scale)
    let fraction = String(scaled.magnitude % UInt64(scale))
    let zeros = String(repeating: "0", count: max(0, digits - fraction.count))
    return (scaled < 0 ? "-" : "") + "\(whole)" + (digits > 0 ? ".\(zeros)\(fraction)" : "")
  }

  static func padded(_ number: some BinaryInteger) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}

/// What other people wrote, made harmless for a terminal: without control characters.
func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
  }
  return result
}

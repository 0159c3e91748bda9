/// The mean of a sensor over time, not over samples: a value stands for the time to the next one.
struct SensorMean: Sendable, Hashable {
  /// Value times milliseconds.
  private(set) var weighted = 0.0
  /// Milliseconds.
  private(set) var weight = 0.0
  private(set) var highest: UInt16?
  private var last: (value: UInt16, timeMs: Int64)? {
    get { hasLast ? (lastValue, lastMs) : nil }
    set {
      hasLast = newValue != nil
      lastValue = newValue?.value ?? lastValue
      lastMs = newValue?.timeMs ?? lastMs
    }
  }
  private var hasLast = false
  private var lastValue: UInt16 = 0
  private var lastMs: Int64 = 0

  /// Takes a value; returns what it adds to the sums: the mean of the two ends over the time
  /// between, of which no more than the hold counts.
  mutating func add(_ value: UInt16, atMs timeMs: Int64) -> (weighted: Double, weight: Double) {
    highest = max(highest ?? value, value)
    defer { last = (value, timeMs) }
    guard let last else { return (0, 0) }
    let ms = Double(min(timeMs - last.timeMs, StatisticsRules.sensorHoldMs))
    let product = Double(Int(last.value) + Int(value)) / 2 * ms
    weighted += product
    weight += ms
    return (product, ms)
  }

  /// Ends a stretch: the time until the next value does not count.
  mutating func pause() {
    last = nil
  }

  /// The mean; the latest value while no time has passed.
  var mean: Double? {
    if weight > 0 { return weighted / weight }
    return highest == nil ? nil : Double(lastValue)
  }
}

import WorkoutCore

/// Made-up ways along the equator, where 1e-7 degrees are 0.0111319490793 m.
struct Workout {
  static let startMs: Int64 = 1_700_000_000_000
  static let metersPerE7 = 0.011_131_949_079_3

  private(set) var samples: [TrackSample] = []
  private var east = 0.0
  private(set) var clockMs = startMs

  /// Steps of a second at a steady speed; the first call begins with a sample at its start.
  mutating func go(seconds: Int, metersPerSecond: Double, heartRate: UInt16? = nil) {
    if samples.isEmpty { mark(heartRate) }
    for _ in 0..<seconds {
      clockMs += 1_000
      east += metersPerSecond
      mark(heartRate)
    }
  }

  /// Time passes without samples.
  mutating func skip(seconds: Int) { clockMs += Int64(seconds) * 1_000 }

  private mutating func mark(_ heartRate: UInt16?) {
    var sample = TrackSample(
      timeMs: clockMs,
      latitudeE7: 0,
      longitudeE7: Int32((east / Self.metersPerE7).rounded())
    )
    sample.heartRateBpm = heartRate
    samples.append(sample)
  }

  mutating func change(_ index: Int, _ change: (inout TrackSample) -> Void) {
    change(&samples[index])
  }

  func engine(_ type: ActivityType = .run, _ events: [ActivityEvent] = []) -> StatisticsEngine {
    var engine = StatisticsEngine(type: type, startedAtMs: Self.startMs)
    var pending = events[...]
    for sample in samples {
      while let event = pending.first, event.timeMs < sample.timeMs {
        engine.add(event)
        pending.removeFirst()
      }
      engine.add(sample)
    }
    for event in pending { engine.add(event) }
    return engine
  }

  func statistics(_ type: ActivityType = .run, _ events: [ActivityEvent] = []) -> Statistics {
    engine(type, events).statistics()
  }
}

extension ActivityEvent {
  /// An event some seconds after the start.
  init(_ type: Kind, after seconds: Int) {
    self.init(type: type, timeMs: Workout.startMs + Int64(seconds) * 1_000)
  }
}

import WorkoutClient
import WorkoutCore

/// Plays a recorded workout into a recorder by the file's own clock.
struct Replay {
  /// Samples in one append at most: what a kill between two appends may cost is the replay's time,
  /// never a sample that was appended.
  private static let groupSamples = 512

  /// The replay wakes no more often, so that at high speed one write to the disk holds many samples.
  private static let shortestSleep = Duration.milliseconds(20)

  let workout: RecordedWorkout
  /// How many times faster than the file's clock; nil for no waiting at all.
  let speed: Double?

  /// Appends what follows the given places, until the end or until the task is cancelled.
  ///
  /// - Returns: Whether it came to the end.
  func run(
    into recorder: ActivityRecorder,
    sample firstSample: Int,
    event firstEvent: Int,
    moment: @Sendable (Int64) -> Void
  ) async throws -> Bool {
    var sample = firstSample
    var event = firstEvent
    let dueTimes = dueTimes()
    let origin = sample > 0 ? dueTimes[sample - 1] : workout.startedAtMs
    let start = ContinuousClock.now
    while event < workout.events.count {
      if Task.isCancelled { return false }
      let now = fileTime(origin: origin, elapsed: ContinuousClock.now - start)
      moment(min(now, dueTimes.last ?? now))
      let next = workout.events[event]
      if sample < next.afterSample {
        let end = endOfGroup(dueTimes, from: sample, to: next.afterSample, now: now)
        guard end > sample else {
          try? await sleep(until: dueTimes[sample], now)
          continue
        }
        try await recorder.append(Array(workout.samples[sample..<end]))
        sample = end
      } else if next.event.timeMs <= now {
        try await recorder.append(next.event)
        event += 1
      } else {
        try? await sleep(until: next.event.timeMs, now)
      }
    }
    return true
  }

  /// When each sample is due: at its time, but not before those that it follows in the file.
  private func dueTimes() -> [Int64] {
    var latest: Int64 = 0
    return workout.samples.map {
      latest = max(latest, $0.timeMs)
      return latest
    }
  }

  private func endOfGroup(_ dueTimes: [Int64], from: Int, to: Int, now: Int64) -> Int {
    var end = from
    while end < to, end - from < Self.groupSamples, dueTimes[end] <= now { end += 1 }
    return end
  }

  /// The file's clock.
  private func fileTime(origin: Int64, elapsed: Duration) -> Int64 {
    guard let speed else { return .max }
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    return origin + Int64(clamping: Int(min(seconds * 1000 * speed, 9e15)))
  }

  private func sleep(until due: Int64, _ now: Int64) async throws {
    let milliseconds = Double(due - now) / (speed ?? 1)
    try await Task.sleep(for: max(Self.shortestSleep, .milliseconds(Int(min(milliseconds, 1e9)))))
  }
}

extension RecordedWorkout {
  /// The same workout as if it had started at another time.
  func shifted(by milliseconds: Int64) -> RecordedWorkout {
    var shifted = self
    for index in shifted.samples.indices { shifted.samples[index].timeMs += milliseconds }
    for index in shifted.events.indices { shifted.events[index].event.timeMs += milliseconds }
    return shifted
  }
}

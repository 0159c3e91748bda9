import MartletRPC
import Synchronization
import WorkoutClient
import WorkoutSchema

/// What a person sees while a recording is sent.
final class SendingView: Sendable {
  private struct State {
    var recorded: UInt64 = 0
    var durable: UInt64 = 0
    var watchers: UInt32 = 0
    var connection = "connecting"
    var statistics: Statistics?
    /// Where the replay stands in the file, ms since its start.
    var position: Int64?
  }

  private let state = Mutex(State())
  private let line: StatusLine
  private let type: ActivityType
  private let length: Int64?
  private let isOnline: Bool

  /// Shows nothing when it is quiet; `length` is the replayed file's, milliseconds.
  init(type: ActivityType, length: Int64?, isOnline: Bool = true, isQuiet: Bool) {
    self.type = type
    self.length = length
    self.isOnline = isOnline
    line = StatusLine(isEnabled: !isQuiet)
  }

  /// Takes what the recorder reports.
  func take(_ update: TrackingUpdate) {
    state.withLock { state in
      switch update {
      case .connected: state.connection = "live"
      case .disconnected(let failure): state.connection = "offline, \(printable("\(failure)"))"
      case .progress(let progress):
        state.recorded = progress.recordedSamples
        state.durable = progress.durableSamples
        state.watchers = progress.watchers
      case .statistics(let statistics): state.statistics = statistics
      }
    }
    show()
  }

  /// Takes where the replay stands.
  func take(position: Int64) {
    state.withLock { $0.position = position }
    show()
  }

  func clear() { line.clear() }

  private func show() {
    line.show(
      state.withLock { state in
        var parts: [String] = []
        if let position = state.position, let length {
          parts.append("\(Figures.duration(min(position, length))) of \(Figures.duration(length))")
        }
        if let statistics = state.statistics { parts.append(ActivityText.line(statistics, type)) }
        guard isOnline else { return (parts + ["offline"]).joined(separator: "  ") }
        parts.append("\(state.durable) points durable")
        if state.watchers > 0 { parts.append("\(state.watchers) watching") }
        parts.append(state.connection)
        return parts.joined(separator: "  ")
      }
    )
  }
}

/// How sending an activity ended, for people, programs and the shell.
struct SendingSummary {
  let activityID: String
  let outcome: TrackingOutcome
  let progress: TrackingProgress?
  /// Samples in the journal.
  let recorded: UInt64
  let wasInterrupted: Bool

  var sent: UInt64 { progress?.sentSamples ?? 0 }
  var durable: UInt64 { progress?.durableSamples ?? 0 }

  /// `recorded: 2700 points sent, 2700 durable`.
  func line(_ verb: String) -> String { "\(verb): \(sent) points sent, \(durable) durable" }

  var json: JSONValue {
    var object = JSONObject()
    object.add("activity_id", activityID)
    object.add("points_recorded", recorded)
    object.add("points_sent", sent)
    object.add("points_durable", durable)
    object.add("outcome", outcomeName)
    return object.value
  }

  private var outcomeName: String {
    switch outcome {
    case .completed: "completed"
    case .drained: "drained"
    case .stopped: "stopped"
    case .unreachable: "unreachable"
    case .failed: "failed"
    }
  }

  /// What is left to do; nil when nothing is.
  var rest: String? {
    let count = recorded - min(recorded, durable)
    return count > 0 ? "\(count) points wait in the journal for martlet sync" : nil
  }

  /// The failure that the command ends with; nil when all is well.
  var failure: CommandFailure? {
    let kept = rest.map { "; \($0)" } ?? ""
    switch outcome {
    case .completed, .drained: return nil
    case .stopped:
      return wasInterrupted ? CommandFailure(ExitStatus.interrupted, "interrupted\(kept)") : nil
    case .unreachable(let failure), .failed(let failure):
      var commandFailure = CommandFailure(failure)
      if case .unreachable = outcome { commandFailure.status = ExitStatus.unavailable }
      commandFailure.message = (commandFailure.message ?? "") + kept
      return commandFailure
    }
  }
}

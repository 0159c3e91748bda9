import ArgumentParser
import MartletRPC
import WorkoutClient
import WorkoutCore
import WorkoutSchema

/// `martlet sync`.
struct Sync: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send everything in the journal that the server does not hold yet.",
    discussion: """
      A recording that did not come to its end is sent as far as it goes and stays open; \
      martlet record --resume goes on with it, --finish ends it at its last point.

      EXAMPLE:
        martlet sync
        martlet sync --finish --json
      """
  )

  @Flag(help: "End recordings that did not come to their end, at their last point.")
  var finish = false

  @Option(help: "How many seconds to try to reach the server.")
  var giveUpAfter = PatienceOption(seconds: 60)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ServerOptions

  func run() async throws {
    do {
      let desk = try Desk(options: options, needsServer: true)
      var summaries: [SendingSummary] = []
      for activity in try await desk.journal.openActivities() {
        let summary = try await send(activity, desk)
        summaries.append(summary)
        if !json { Terminal.print("\(activity.header.id)  \(summary.line("synced"))") }
        // What keeps one activity from arriving keeps the others, too, unless it is its own fault.
        if case .failed(.permanent) = summary.outcome { continue }
        if summary.failure != nil { break }
      }
      await desk.close()
      if json {
        var object = JSONObject()
        object.add("activities", .array(summaries.map(\.json)))
        Terminal.print(object.value.text)
      } else if summaries.isEmpty {
        Terminal.note("nothing waits in the journal")
      }
      if let failure = summaries.lazy.compactMap(\.failure).first { throw failure }
    } catch { throw CommandFailure.wrapping(error) }
  }

  private func send(
    _ activity: JournalActivity,
    _ desk: Desk
  ) async throws -> SendingSummary {
    let id = activity.header.id
    if finish, !activity.isEnded { try await end(activity, desk.journal) }
    var settings = TrackingSettings()
    settings.giveUpMilliseconds = giveUpAfter.milliseconds
    let view = SendingView(
      type: WorkoutSchema.ActivityType(rawValue: Int32(activity.header.type.rawValue)),
      length: nil,
      isQuiet: json
    )
    let recorder = try await ActivityRecorder.resume(
      id,
      journal: desk.journal,
      client: desk.client,
      settings: settings,
      report: { view.take($0) }
    )
    await recorder.endForNow()
    let interruption = Interruption { Task { await recorder.stopSending() } }
    defer { interruption.end() }
    let outcome = await recorder.outcome()
    view.clear()
    return SendingSummary(
      activityID: id.text,
      outcome: outcome,
      progress: await recorder.progress,
      recorded: try await desk.journal.activity(id).sampleCount,
      wasInterrupted: interruption.hasHappened
    )
  }

  private func end(_ activity: JournalActivity, _ journal: DeviceJournal) async throws {
    let id = activity.header.id
    let samples = try await journal.samples(0..<activity.sampleCount, of: id)
    let events = try await journal.events(of: id).map(\.event.timeMs)
    let times = samples.map(\.timeMs) + events + [activity.header.startedAtMs]
    try await journal.append(
      WorkoutCore.ActivityEvent(type: .finish, timeMs: times.max() ?? 0),
      to: id
    )
  }
}

import ArgumentParser
import WorkoutClient
import WorkoutCore
import WorkoutSchema

/// `martlet record`.
struct Record: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record a workout live, by replaying a GPX file at its own pace or faster.",
    discussion: """
      Every point is written to the journal in your profile first and sent from there. Without a \
      network the recording goes on; martlet sync sends the rest later. Ctrl-C stops recording \
      and sending and keeps everything; --resume goes on where it stopped, also after a crash. \
      The file's own times are kept, unless --now is given.

      EXAMPLE:
        martlet record --from run.gpx --speed 60 --title "Morning run"
        martlet record --from run.gpx --speed max --json
        martlet record --resume
      """
  )

  @Option(help: "The GPX file to replay.")
  var from: String?

  @Option(help: "How many times faster than the file's clock, or 'max' for no waiting.")
  var speed = SpeedOption(factor: 1)

  @Option(help: "The kind of sport. (default: the file's; \(TypeOption.list))")
  var type: TypeOption?

  @Option(help: "A title. (default: the file's)")
  var title: String?

  @Option(help: "Who may see it: private, friends or everyone.")
  var visibility = VisibilityOption(visibility: .friends)

  @Flag(help: "Shift the file's times so that the workout starts now.")
  var now = false

  @Flag(help: "Go on with the newest recording that the server does not hold as a whole.")
  var resume = false

  @Flag(help: "Record into the journal only; send it with martlet sync.")
  var offline = false

  @Option(help: "How many seconds to try to reach the server once the recording has ended.")
  var giveUpAfter = PatienceOption(seconds: 60)

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ServerOptions

  func validate() throws {
    guard resume != (from != nil) else { throw ValidationError("Give either --from or --resume.") }
  }

  func run() async throws {
    do {
      let desk = try Desk(options: options, needsServer: !offline)
      let job = try await resume ? continued(desk) : begun(desk)
      let summary = try await record(job, desk)
      await desk.close()
      if json {
        Terminal.print(summary.json.text)
      } else {
        if let completed = summary.progress?.completed {
          let statistics = completed.statistics ?? WorkoutSchema.Statistics()
          Terminal.print(ActivityText.line(statistics, completed.type))
        }
        Terminal.print(summary.line("recorded"))
      }
      if let failure = summary.failure { throw failure }
      if let rest = summary.rest { Terminal.note(rest) }
    } catch { throw CommandFailure.wrapping(error) }
  }

  /// An activity of the journal and the file it comes from.
  private struct Job {
    var activity: JournalActivity
    var workout: RecordedWorkout
  }

  private func read(_ path: String) throws -> RecordedWorkout {
    let document = try GPXDocument.read(path: path)
    let workout = try RecordedWorkout(document, file: path)
    if document.ignoredValueCount > 0 {
      Terminal.note("\(path): \(document.ignoredValueCount) values are out of range and ignored")
    }
    return workout
  }

  private func begun(_ desk: Desk) async throws -> Job {
    guard let path = from else { throw ValidationError("Give --from.") }
    var workout = try read(path)
    if now { workout = workout.shifted(by: wallClockMilliseconds() - workout.startedAtMs) }
    let fileType = WorkoutSchema.ActivityType(rawValue: Int32(workout.type.rawValue))
    var details = ActivityDetails(
      type: type?.type ?? fileType,
      startedAtMilliseconds: workout.startedAtMs
    )
    details.title = title ?? workout.title
    details.visibility = visibility.visibility
    details.source = absolutePath(path)
    let activity = try await desk.journal.start(details, profile: desk.profile)
    return Job(activity: activity, workout: workout)
  }

  /// The newest recording that is not on the server as a whole.
  ///
  /// What follows comes from its file, which must be the same still; one that has come to its end
  /// is only to be sent.
  private func continued(_ desk: Desk) async throws -> Job {
    let open = try await desk.journal.openActivities()
    guard let activity = open.last(where: { !$0.header.source.isEmpty }) else {
      let rest = open.isEmpty ? "" : "; martlet sync sends what waits"
      throw CommandFailure(ExitStatus.badData, "no recording to go on with\(rest)")
    }
    let id = activity.header.id
    let held = try await desk.journal.samples(0..<activity.sampleCount, of: id)
    if activity.isEnded {
      let events = try await desk.journal.events(of: id)
      return Job(activity: activity, workout: RecordedWorkout(samples: held, events: events))
    }
    let path = activity.header.source
    var workout = try read(path)
    workout = workout.shifted(by: activity.header.startedAtMs - workout.startedAtMs)
    guard held.elementsEqual(workout.samples.prefix(held.count)),
      activity.eventCount < workout.events.count
    else {
      throw CommandFailure(ExitStatus.badData, "\(path): not the file that was being recorded")
    }
    return Job(activity: activity, workout: workout)
  }

  private func record(_ job: Job, _ desk: Desk) async throws -> SendingSummary {
    let header = job.activity.header
    let view = SendingView(
      type: WorkoutSchema.ActivityType(rawValue: Int32(header.type.rawValue)),
      length: job.workout.lengthMs,
      isOnline: !offline,
      isQuiet: json
    )
    var settings = TrackingSettings()
    settings.giveUpMilliseconds = giveUpAfter.milliseconds
    let recorder = try await ActivityRecorder.resume(
      header.id,
      journal: desk.journal,
      client: desk.client,
      settings: settings,
      report: { view.take($0) }
    )
    announce(job)
    let wasInterrupted = try await replay(job, into: recorder, view)
    view.clear()
    return SendingSummary(
      activityID: header.id.text,
      outcome: await recorder.outcome(),
      progress: await recorder.progress,
      recorded: try await desk.journal.activity(header.id).sampleCount,
      wasInterrupted: wasInterrupted
    )
  }

  /// Plays the file and waits until it is sent; returns whether the person broke it off.
  private func replay(
    _ job: Job,
    into recorder: ActivityRecorder,
    _ view: SendingView
  ) async throws -> Bool {
    let replay = Replay(workout: job.workout, speed: speed.factor)
    let start = job.workout.startedAtMs
    let sample = Int(job.activity.sampleCount)
    let event = Int(job.activity.eventCount)
    let task = Task {
      try await replay.run(into: recorder, sample: sample, event: event) {
        view.take(position: $0 - start)
      }
    }
    let interruption = Interruption {
      task.cancel()
      Task { await recorder.stopSending() }
    }
    defer { interruption.end() }
    _ = try await task.value
    _ = await recorder.outcome()
    return interruption.hasHappened
  }

  private func announce(_ job: Job) {
    guard !json else { return }
    let header = job.activity.header
    let title = header.title.isEmpty ? "" : " \"\(printable(header.title))\""
    let pace = speed.factor.map { "at \(Figures.fixed($0, $0 < 10 ? 1 : 0)) times its pace" }
    Terminal.print(
      "recording\(title): \(job.workout.samples.count) points in "
        + "\(Figures.duration(job.workout.lengthMs)), \(pace ?? "as fast as it goes")"
    )
    Terminal.print("activity \(header.id)")
  }
}

extension RecordedWorkout {
  /// From the first sample to the FINISH, milliseconds.
  fileprivate var lengthMs: Int64 { max(0, (events.last?.event.timeMs ?? 0) - startedAtMs) }
}

/// How fast to replay, on the command line.
struct SpeedOption: ExpressibleByArgument, CustomStringConvertible {
  /// Nil for no waiting at all.
  let factor: Double?

  init(factor: Double?) { self.factor = factor }

  init?(argument: String) {
    if argument == "max" {
      factor = nil
      return
    }
    guard let factor = Double(argument), factor >= 0.01, factor <= 1_000_000 else { return nil }
    self.factor = factor
  }

  var description: String { factor.map { Figures.fixed($0, 0) } ?? "max" }
}

/// Who may see an activity, on the command line.
struct VisibilityOption: ExpressibleByArgument, CustomStringConvertible {
  let visibility: WorkoutSchema.Visibility

  init(visibility: WorkoutSchema.Visibility) { self.visibility = visibility }

  init?(argument: String) {
    let choices: [WorkoutSchema.Visibility] = [.private, .friends, .everyone]
    guard let choice = choices.first(where: { $0.words == argument }) else { return nil }
    visibility = choice
  }

  var description: String { visibility.words }
}

import ArgumentParser
import MartletRPC
import WorkoutClient
import WorkoutCore
import WorkoutSchema

/// `martlet watch`.
struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch a friend's workout while it happens.",
    discussion: """
      With --json, each message of the server becomes one line: a snapshot, updates, and the \
      completed activity.

      EXAMPLE:
        martlet watch ann
        martlet watch ann --wait --json
      """
  )

  @Argument(help: "Whom to watch, by username.")
  var user: String

  @Flag(help: "Wait for the next workout when none is live.")
  var wait = false

  @Option(help: "How many seconds to try to come back when the server goes away.")
  var giveUpAfter = PatienceOption(seconds: 60)

  @Flag(help: "Print JSON, one line for each message.")
  var json = false

  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await options.withClient { client in
      let view = WatchView(user: user, json: json)
      var request = WatchRequest()
      request.target = .username(user)
      request.waitUntilLive = wait
      try await watch(request, client, view)
    }
  }

  /// Watches to the end; comes back to the same activity when the server was away meanwhile.
  private func watch(
    _ request: WatchRequest,
    _ client: MartletClient,
    _ view: WatchView
  ) async throws {
    var request = request
    var deadline: ContinuousClock.Instant?
    while true {
      do {
        try await client.watch(request) { response in
          deadline = nil
          try view.take(response)
          try Terminal.checkOutput()
        }
        if view.isCompleted { return }
        throw ClientError.rpc(RPCError(.unavailable, "the server ended the stream"))
      } catch let error as ClientError {
        guard case .rpc(let fault) = error, let id = view.activityID else { throw error }
        if fault.code == .notFound { return try await view.settle(client.activity(id)) }
        guard fault.code == .unavailable || fault.code == .deadlineExceeded else { throw error }
        let end = deadline ?? .now + .seconds(giveUpAfter.seconds)
        deadline = end
        guard ContinuousClock.now < end else { throw error }
        view.interrupted(fault)
        request.target = .activityId(id)
        try await Task.sleep(for: .milliseconds(Int.random(in: 300...700)))
      }
    }
  }
}

/// What a watcher sees.
///
/// Used by one task.
private final class WatchView {
  private let user: String
  private let json: Bool
  private let line: StatusLine
  private var samples = 0
  private var updates = 0
  private var type = WorkoutSchema.ActivityType.unspecified
  private(set) var activityID: String?
  private(set) var isCompleted = false

  init(user: String, json: Bool) {
    self.user = user
    self.json = json
    line = StatusLine(isEnabled: !json)
  }

  func take(_ response: WatchResponse) throws {
    switch response.content {
    case .snapshot(let snapshot): try take(snapshot)
    case .update(let update): try take(update)
    case .completed(let activity): completed(activity)
    // A newer server may say more than this program knows.
    case nil: break
    }
  }

  private func take(_ snapshot: WatchSnapshot) throws {
    let activity = snapshot.activity ?? Activity()
    activityID = activity.id
    type = activity.type
    // The route so far holds what was seen before, too, when this is a second snapshot.
    samples = try snapshot.route.checkedSamples().count
    if json {
      var object = JSONObject()
      object.add("message", "snapshot")
      object.add("samples", samples)
      object.add("activity", JSONObject(activity, withSplits: false).value)
      Terminal.print(object.value.lineText)
    } else {
      line.clear()
      let title = activity.title.isEmpty ? "" : " \"\(printable(activity.title))\""
      Terminal.print("watching \(user)\(title): \(samples) points so far")
    }
  }

  private func take(_ update: WatchUpdate) throws {
    let new = try update.samples.checkedSamples()
    samples += new.count
    updates += 1
    if json {
      var object = JSONObject()
      object.add("message", "update")
      object.add("samples", new.count)
      object.add("state", update.state.words)
      object.add("conflated", update.conflated)
      if let statistics = update.statistics {
        object.add("statistics", JSONObject(statistics, withSplits: false).value)
      }
      Terminal.print(object.value.lineText)
    } else {
      let statistics = update.statistics ?? WorkoutSchema.Statistics()
      let now = new.last?.heartRateBpm.map { "  ♥ \($0) now" } ?? ""
      line.show("\(user)  \(ActivityText.line(statistics, type))\(now)  \(samples) points")
    }
  }

  private func completed(_ activity: Activity) {
    isCompleted = true
    if json {
      var object = JSONObject()
      object.add("message", "completed")
      object.add("samples_seen", samples)
      object.add("updates", updates)
      object.add("activity", JSONObject(activity, withSplits: true).value)
      Terminal.print(object.value.lineText)
    } else {
      line.clear()
      let statistics = activity.statistics ?? WorkoutSchema.Statistics()
      Terminal.print("\(user)  \(ActivityText.line(statistics, activity.type))")
      Terminal.print("watched: \(samples) points in \(updates) updates, \(activity.state.words)")
    }
  }

  /// The activity ended while we were away.
  func settle(_ activity: Activity) throws {
    guard activity.state == .completed || activity.state == .discarded else {
      throw CommandFailure(ExitStatus.unavailable, "\(user)'s workout is not live any more")
    }
    completed(activity)
  }

  func interrupted(_ error: RPCError) {
    line.clear()
    Terminal.note("\(printable(error.message)); trying again")
  }
}

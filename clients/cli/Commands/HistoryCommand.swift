import ArgumentParser
import WorkoutClient
import WorkoutSchema

/// `martlet history`.
struct History: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List activities, newest first.",
    discussion: """
      EXAMPLE:
        martlet history --type run --from 2026-05-01 --to 2026-06-01
        martlet history --friends --limit 50 --json
      """
  )

  @Flag(help: "Your friends' activities.")
  var friends = false

  @Flag(help: "Yours and your friends' activities.")
  var all = false

  @Option(help: "One person's activities.")
  var user: String?

  @Option(help: "Only this kind of sport; may be repeated. (\(TypeOption.list))")
  var type: [TypeOption] = []

  @Option(help: "Only those that started on or after this day (YYYY-MM-DD, or with THH:MM).")
  var from: DateOption?

  @Option(help: "Only those that started before this day (YYYY-MM-DD, or with THH:MM).")
  var to: DateOption?

  @Option(help: "How many at most, 1 to 10000.")
  var limit = 20

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ServerOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000.") }
    guard [friends, all, user != nil].count(where: { $0 }) <= 1 else {
      throw ValidationError("Only one of --friends, --all and --user.")
    }
  }

  func run() async throws {
    try await options.withClient { client in
      var request = request()
      var activities: [Activity] = []
      repeat {
        request.pageSize = UInt32(min(200, limit - activities.count))
        let page = try await client.activities(request)
        activities += page.activities.prefix(limit - activities.count)
        request.pageToken = page.nextPageToken
      } while activities.count < limit && !request.pageToken.isEmpty
      show(activities, hasMore: !request.pageToken.isEmpty)
    }
  }

  private func request() -> ListActivitiesRequest {
    var request = ListActivitiesRequest()
    request.scope = all ? .all : friends ? .friends : .own
    request.username = user ?? ""
    request.types = type.map(\.type)
    request.startedFromMs = from?.milliseconds
    request.startedBeforeMs = to?.milliseconds
    return request
  }

  private func show(_ activities: [Activity], hasMore: Bool) {
    if json {
      var object = JSONObject()
      let list = activities.map { JSONObject($0, withSplits: false).value }
      object.add("activities", .array(list))
      object.add("has_more", hasMore)
      Terminal.print(object.value.text)
    } else {
      for line in ActivityText.table(activities) { Terminal.print(line) }
      if activities.isEmpty { Terminal.note("no activities") }
      if hasMore { Terminal.note("there are more: --limit") }
    }
  }
}

/// A kind of sport on the command line.
struct TypeOption: ExpressibleByArgument {
  let type: ActivityType

  static let list = ActivityType.choices.map(\.words).joined(separator: ", ")

  init?(argument: String) {
    guard let type = ActivityType.choices.first(where: { $0.words == argument }) else { return nil }
    self.type = type
  }

  static var allValueStrings: [String] { ActivityType.choices.map(\.words) }
}

/// A date on the command line, in this computer's time zone.
struct DateOption: ExpressibleByArgument {
  let milliseconds: Int64

  init?(argument: String) {
    guard let milliseconds = Dates.milliseconds(parsing: argument) else { return nil }
    self.milliseconds = milliseconds
  }
}

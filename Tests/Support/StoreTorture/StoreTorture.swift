import Glibc
import StoreTestSupport
import WorkoutCore
import WorkoutStore

/// Writes to a store, and says on standard output what was acknowledged.
///
///     store-torture write DIRECTORY SEED   until it is killed
///     store-torture full DIRECTORY         until files may not grow, and on when they may again
///     store-torture load DIRECTORY ACTIVITIES SECONDS    measures, in a release build
@main
enum StoreTorture {
  static func main() async {
    let arguments = CommandLine.arguments
    do {
      switch arguments.dropFirst().first {
      case "write" where arguments.count == 4:
        try await Writer(directory: arguments[2], seed: UInt64(arguments[3]) ?? 0).run()
      case "full" where arguments.count == 3:
        try await FullDisk(directory: arguments[2]).run()
      case "load" where arguments.count == 5:
        let activities = max(1, Int(arguments[3]) ?? 1)
        let load = Load(
          directory: arguments[2],
          activities: activities,
          seconds: Double(arguments[4]) ?? 1
        )
        try await load.run()
      default:
        fail(
          "usage: store-torture write DIRECTORY SEED | full DIRECTORY | load DIRECTORY N SECONDS"
        )
      }
    } catch {
      fail("\(error)")
    }
  }
}

func fail(_ message: String) -> Never {
  let bytes = Array("store-torture: \(message)\n".utf8)
  _ = write(2, bytes, bytes.count)
  exit(1)
}

/// One line in one write, so that a kill cannot cut it from its acknowledgement.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  guard write(1, bytes, bytes.count) == bytes.count else { exit(2) }
}

func configuration(_ directory: String) -> StoreConfiguration {
  StoreConfiguration(root: directory) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

func makeUser(_ number: Int) -> UserRecord {
  UserRecord(
    id: TortureNames.user(number),
    username: "user\(number)",
    email: "user\(number)@example.org",
    displayName: "",
    passwordHash: [UInt8(number)],
    createdAtMs: TortureNames.startMs
  )
}

func makeHeader(_ number: Int, of user: Int) -> ActivityHeader {
  ActivityHeader(
    id: TortureNames.activity(number, of: user),
    owner: TortureNames.user(user),
    device: TortureNames.device(of: user),
    type: .run,
    startedAtMs: TortureNames.startMs + Int64(number)
  )
}

func makeBatch(
  _ header: ActivityHeader,
  _ range: Range<UInt64>,
  events: [ActivityEvent] = []
) -> TrackBatch {
  TrackBatch(
    activity: header.id,
    device: header.device,
    firstSequence: range.lowerBound,
    samples: samples(range),
    events: events
  )
}

let finish = ActivityEvent(
  type: .finish,
  timeMs: TortureNames.startMs + Int64(TortureNames.samples) * 1_000
)

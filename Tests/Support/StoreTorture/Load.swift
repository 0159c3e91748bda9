import Glibc
import StoreTestSupport
import WorkoutCore
import WorkoutStore

/// Many live activities that append one batch after another: what a durable append costs.
struct Load {
  var directory: String
  var activities: Int
  var seconds: Double
  /// Samples in a batch: about 80 bytes.
  let batchSize: UInt64 = 12

  func run() async throws {
    var settings = configuration(directory)
    settings.flushAfterSamples = 600
    settings.maintenanceIntervalMs = 1_000
    let store = try await SQLiteStore.open(settings)
    try await store.createUser(makeUser(0))
    let headers = (0..<activities).map { makeHeader($0, of: 0) }
    for header in headers { _ = try await store.openActivity(header) }
    let (commits, cpu, start) = (await store.counters().commits, cpuSeconds(), monotonicSeconds())
    let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
      for header in headers {
        group.addTask { try await append(header, to: store, until: start + seconds) }
      }
      return try await group.reduce(into: [Double]()) { $0 += $1 }
    }
    let elapsed = monotonicSeconds() - start
    let used = cpuSeconds() - cpu
    let groups = await store.counters().commits - commits
    report(latencies.sorted(), elapsed: elapsed, cpu: used, commits: groups)
    await store.close()
  }

  private func append(
    _ header: ActivityHeader,
    to store: SQLiteStore,
    until end: Double
  ) async throws -> [Double] {
    var latencies: [Double] = []
    var next: UInt64 = 0
    while monotonicSeconds() < end, next < 900_000 {
      let start = monotonicSeconds()
      next = try await store.append(makeBatch(header, next..<next + batchSize)).nextSequence
      latencies.append(monotonicSeconds() - start)
    }
    return latencies
  }

  private func report(_ latencies: [Double], elapsed: Double, cpu: Double, commits: Int) {
    guard let worst = latencies.last else { fail("nothing was appended") }
    let count = Double(latencies.count)
    let milliseconds = [0.5, 0.99].map { latencies[Int(count * $0)] * 1_000 } + [worst * 1_000]
    say(
      """
      \(activities) activities: \(Int(count / elapsed)) appends/s, \
      \(Int(count) / max(1, commits)) a commit, \(Int(Double(commits) / elapsed)) commits/s, \
      CPU \(rounded(cpu / count * 1e6)) us an append, \
      ack ms p50 \(rounded(milliseconds[0])) p99 \(rounded(milliseconds[1])) \
      max \(rounded(milliseconds[2]))
      """
    )
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let parts = [usage.ru_utime, usage.ru_stime]
    return parts.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }
}

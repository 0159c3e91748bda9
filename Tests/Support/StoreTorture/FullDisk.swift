import Glibc
import StoreTestSupport
import WorkoutCore
import WorkoutStore

/// Lets files grow no further for a while: SQLite then fails as on a full disk.
struct FullDisk {
  var directory: String

  func run() async throws {
    signal(SIGXFSZ, SIG_IGN)
    var settings = configuration(directory)
    settings.maintenanceIntervalMs = 0
    settings.flushAfterMs = 0
    let store = try await SQLiteStore.open(settings)
    try await store.createUser(makeUser(0))
    let header = makeHeader(0, of: 0)
    _ = try await store.openActivity(header)
    let before = try await store.append(makeBatch(header, 0..<10)).nextSequence

    try limitFiles(to: 200_000)
    let reached = try await fill(store, header, from: before)
    try await expectAllRefused(store, header, from: reached)
    guard try await store.openActivity(header).progress.nextSequence == reached else {
      fail("a refused append moved the tail")
    }
    guard try await store.track(of: header.id).samples == samples(0..<reached) else {
      fail("reading fails on a full disk")
    }

    try limitFiles(to: nil)
    let after = try await store.append(makeBatch(header, reached..<reached + 100)).nextSequence
    guard after == reached + 100 else { fail("the store does not recover") }
    try await flush(store, header, samples: after)
    try await settle(store, header, samples: after)
    await store.close()
    try await check(header, samples: after)
    say("ok \(reached)")
  }

  /// Appends until the disk is full; returns what was acknowledged.
  private func fill(
    _ store: SQLiteStore,
    _ header: ActivityHeader,
    from start: UInt64
  ) async throws -> UInt64 {
    var next = start
    while next < 500_000 {
      do {
        next = try await store.append(makeBatch(header, next..<next + 1_000)).nextSequence
      } catch {
        guard case StoreError.diskFull = error else { fail("not diskFull: \(error)") }
        return next
      }
    }
    fail("the disk never filled")
  }

  /// Everybody in a group that cannot be committed is told so.
  private func expectAllRefused(
    _ store: SQLiteStore,
    _ header: ActivityHeader,
    from next: UInt64
  ) async throws {
    let refused = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            _ = try await store.append(makeBatch(header, next..<next + 1_000))
            return false
          } catch {
            if case StoreError.diskFull = error { return true }
            return false
          }
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    guard refused == 20 else { fail("\(refused) of 20 appends were refused") }
  }

  /// A tail that cannot move into its bucket file stays where it is.
  private func flush(
    _ store: SQLiteStore,
    _ header: ActivityHeader,
    samples count: UInt64
  ) async throws {
    for limit in [20_000, nil] as [UInt64?] {
      try limitFiles(to: limit)
      await store.maintain()
      await store.maintain()
      guard try await store.track(of: header.id).samples == samples(0..<count) else {
        fail("a flush lost samples")
      }
    }
  }

  /// The bucket file meets the limit too, and completes when it is gone.
  private func settle(
    _ store: SQLiteStore,
    _ header: ActivityHeader,
    samples: UInt64
  ) async throws {
    _ = try await store.append(makeBatch(header, samples..<samples, events: [finish]))
    try limitFiles(to: 20_000)
    do {
      _ = try await store.settleActivity(header.id)
      fail("settling fits into no space")
    } catch {
      guard case StoreError.diskFull = error else { fail("not diskFull: \(error)") }
    }
    try limitFiles(to: nil)
    let record = try await store.settleActivity(header.id)
    guard record.statistics.sampleCount == samples else { fail("settled \(record)") }
  }

  private func check(_ header: ActivityHeader, samples count: UInt64) async throws {
    let store = try await SQLiteStore.open(configuration(directory))
    let track = try await store.track(of: header.id)
    guard track.samples == samples(0..<count) else { fail("samples are missing") }
    await store.close()
  }

  private func limitFiles(to bytes: UInt64?) throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else {
      fail("setrlimit: \(errno)")
    }
  }
}

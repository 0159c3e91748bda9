package import WorkoutCore

/// Where a store lives and how it paces itself.
///
/// Time comes from here; the store reads no clock of its own.
package struct StoreConfiguration: Sendable {
  /// A directory, one a disk, that holds its share of the buckets and a journal.
  package struct Shard: Sendable, Hashable {
    /// Buckets follow the name, so it never changes; the path may.
    package var name: String
    package var path: String

    package init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// The directory with the manifest; made when missing.
  package var root: String
  /// Where the data lies; empty stands for one shard in `<root>/shard`.
  package var shards: [Shard] = []
  /// Buckets of a new store; an existing one refuses another number.
  package var buckets = StoreLimits.defaultBuckets

  /// Threads for bucket files; each bucket belongs to one of them.
  package var bucketThreads = 2
  /// Bucket files open at a time, over all threads.
  package var openBuckets = StoreLimits.defaultOpenBuckets

  /// A live tail moves into its bucket file when its oldest sample is this old, milliseconds.
  package var flushAfterMs: Int64 = 300_000
  /// A live tail moves into its bucket file when it has this many samples.
  package var flushAfterSamples = 600
  /// A live activity that is silent for this long leaves memory, milliseconds.
  package var forgetAfterMs: Int64 = 900_000
  /// A journal file gives way to the next at this age, milliseconds.
  package var rotateAfterMs: Int64 = 600_000
  /// A journal file gives way to the next at this size, bytes.
  package var rotateAfterBytes = 64 << 20
  /// How often the store does its chores by itself, milliseconds; 0 leaves them to `maintain`.
  package var maintenanceIntervalMs: Int64 = 5_000

  /// Milliseconds since 1970-01-01T00:00:00Z.
  package var now: @Sendable () -> Int64
  /// The statistics of a completed activity.
  package var summarize: @Sendable (ActivityHeader, StoredTrack) -> Statistics = { header, track in
    track.merged.statistics(type: header.type, startedAtMs: header.startedAtMs)
  }

  /// Told of each problem once, when it is found: by a call, by a chore or at the start.
  package var onProblem: @Sendable (StoreProblem) -> Void = { _ in }

  package init(root: String, now: @escaping @Sendable () -> Int64) {
    self.root = root
    self.now = now
  }
}

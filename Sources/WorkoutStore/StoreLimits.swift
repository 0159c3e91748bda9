/// Every limit of this module, in one place.
package enum StoreLimits {
  // Layout.
  /// Buckets that users hash to, when a store is created; never changed afterwards.
  package static let defaultBuckets = 64
  /// Most buckets a store may be created with.
  package static let maxBuckets = 4_096
  /// Directory buckets, for what must be found without a user's id.
  package static let directoryBuckets = 16
  /// Bytes of a shard's name.
  package static let maxShardNameBytes = 64
  /// Bucket files held open at a time, over all threads.
  package static let defaultOpenBuckets = 256

  // Accounts.
  /// Bytes of a username.
  package static let maxUsernameBytes = 64
  /// Bytes of an e-mail address (RFC 5321 §4.5.3.1.3 less the brackets).
  package static let maxEmailBytes = 254
  /// Bytes of a display name or a device name.
  package static let maxNameBytes = 1_024
  /// Bytes of a password hash or of a refresh token's hash.
  package static let maxHashBytes = 512
  /// Sessions of one user that are not revoked; the least recently refreshed gives way.
  package static let maxSessionsPerUser = 64
  /// Spent refresh tokens remembered for one session, newest first.
  package static let maxSpentTokensPerSession = 256
  /// How long sessions that ended are kept, milliseconds: 30 days.
  package static let keepEndedSessionsMs: Int64 = 30 * 86_400_000

  // Friends.
  /// Friends and waiting requests of one user.
  package static let maxFriendsPerUser = 5_000
  /// Friends on one page.
  package static let maxFriendsPerPage = 1_000

  // Live.
  /// Samples in one append.
  package static let maxSamplesPerAppend = 3_600
  /// Events in one append.
  package static let maxEventsPerAppend = 100
  /// Devices that record into one activity.
  package static let maxDevicesPerActivity = 8
  /// Appends that wait for the journal's next commit; more are refused as overloaded.
  package static let maxWaitingAppends = 65_536
  /// Appends in one commit.
  package static let maxAppendsPerCommit = 4_096
  /// Bytes of one journal row: a commit is cut into rows of about this size.
  package static let maxJournalRowBytes = 1 << 20
  /// Live activities whose tail is in memory.
  package static let maxLiveActivities = 1_000_000
  /// How long completed activities are remembered, milliseconds; longer than any job waits.
  ///
  /// Somebody who looked just before must not take one for live.
  package static let rememberFinishedMs: Int64 = 120_000

  // History.
  /// Activities on one page.
  package static let maxActivitiesPerPage = 200
  /// People whose activities are merged into one list.
  package static let maxSourcesPerList = 5_001
  /// Bytes of a title or of a time zone's name in a record.
  package static let maxTextBytes = 1_024

  // Running.
  /// Problems remembered for a person to see.
  package static let maxProblems = 1_000
  /// Live activities that are flushed in one transaction.
  package static let maxFlushesPerTransaction = 256

  // Threads.
  /// Jobs that wait for one bucket thread; more are refused as overloaded.
  package static let maxWaitingJobs = 16_384
}

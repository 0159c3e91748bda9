/// Every limit of the service, in one place; those of calls and connections are MartletRPC's.
package enum ServiceLimits {
  // MARK: Tokens

  /// How long an access token opens the API.
  ///
  /// Short, because only a bounded list in memory can revoke it earlier.
  package static let accessTokenLifeSeconds: Int64 = 15 * 60

  /// How long a refresh token that is not used stays good.
  package static let refreshTokenLifeSeconds: Int64 = 60 * 24 * 3600

  /// How far clocks of two servers may differ.
  package static let accessTokenLeewaySeconds: Int64 = 5

  /// The longest access token that is read; ours have about 500 bytes.
  package static let accessTokenBytes = 1024

  /// Verified tokens kept, so that a token's signature is checked once and not at each call.
  package static let verifiedTokens = 65_536

  /// Sessions that ended while an access token of theirs may still be good.
  package static let revokedSessions = 65_536

  // MARK: Logging in

  /// Failures after which an account's log-in is refused for a while.
  package static let logInFailuresPerAccount = 10

  /// Failures after which an address is refused: higher, since many people share an address.
  package static let logInFailuresPerAddress = 100

  /// How fast failures are forgotten: the whole allowance comes back in this time.
  package static let logInFailureMemory: Duration = .seconds(15 * 60)

  /// Accounts and addresses, each, whose failures are remembered.
  package static let rememberedLogInFailures = 65_536

  /// Password hashes computed at one time: each takes 32 MiB and a core.
  package static let passwordHashesAtOnce = 2

  /// Password hashes waiting for their turn; more are refused.
  package static let passwordHashesWaiting = 32

  // MARK: Live

  /// How often a device is to send while somebody watches.
  package static let watchedSendInterval: Duration = .seconds(1)

  /// How often a device is to send while nobody watches.
  package static let unwatchedSendInterval: Duration = .seconds(15)

  /// How often statistics go to the device at most.
  package static let statisticsInterval: Duration = .seconds(1)

  /// How often numbers that became inexact are counted anew at most, and how much longer the pause
  /// is for each sample: counting takes about a microsecond a sample, so this is 2 % of a core.
  package static let recountInterval: Duration = .seconds(5)
  package static let recountPausePerSample: Duration = .microseconds(50)

  /// How long a device may stay silent.
  ///
  /// Several times `unwatchedSendInterval`, so that one lost
  /// batch does not end the stream.
  package static let trackIdleTimeout: Duration = .seconds(90)

  /// How often waiting streams are looked after: idle time and statistics that are due.
  package static let liveTick: Duration = .milliseconds(250)

  /// Batches that a stream may have sent and that are not durable yet; then it is not read.
  package static let batchesInFlight = 32

  /// Samples in those batches, so that 32 times an hour's samples cannot pile up.
  package static let samplesInFlight = 14_400

  /// Heartbeats that may wait to be answered; then the stream is not read.
  package static let heartbeatsInFlight = 64

  /// Watchers of one activity.
  package static let watchersPerActivity = 1_000

  /// Calls that one person watches or waits with, on all devices: fewer than the places of an
  /// activity or a person, so that nobody takes all of them.
  package static let watchCallsPerPerson = 100

  /// People who wait for somebody to go live, in all and for one person.
  package static let liveWaiters = 100_000
  package static let liveWaitersPerPerson = 1_000

  /// Samples kept for the slowest watcher of an activity.
  ///
  /// Who falls further behind is sent away
  /// and may come back, to begin with the route so far.
  package static let liveTailSamples = 50_000

  /// Samples that an event loop counts or encodes by itself: some milliseconds; more go elsewhere.
  package static let samplesOnLoop = 4_000

  // MARK: Requests

  /// Bytes of an identifier typed in at log-in: an e-mail address or a username.
  package static let identifierBytes = 254

  /// Bytes of a password.
  package static let passwordBytes = 8...256

  /// Characters of a username, and those it may have.
  package static let usernameCharacters = 3...30

  /// Characters of a name to show.
  package static let displayNameCharacters = 80

  /// Characters of a device's name.
  package static let deviceNameCharacters = 80

  /// Bytes of a time zone's name.
  package static let timeZoneBytes = 64

  /// Samples in one batch.
  package static let samplesPerBatch = 3_600

  /// Events in one batch.
  package static let eventsPerBatch = 100

  /// Samples in one chunk of a route or a track that is read.
  package static let samplesPerChunk = 3_600

  /// Activities on a page: when the request does not say, and at most.
  package static let activitiesPerPage = (standard: 20, maximum: 200)

  /// Friends on a page: when the request does not say, and at most.
  package static let friendsPerPage = (standard: 100, maximum: 1_000)

  /// Bytes of a page token that is read; ours are shorter.
  package static let pageTokenBytes = 512
}

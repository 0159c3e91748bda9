package import WorkoutCore
public import WorkoutSchema

/// Records one activity: into the journal first, from there to the server.
///
/// What `append` returned for is safe on this device whatever happens next: without a network the
/// recording goes on, and what the server lacks is sent when it is back, by this recorder or by
/// another one that is made for the same activity later.
public actor ActivityRecorder {
  /// The activity's id, made on this device.
  public nonisolated let activityID: String

  private let id: ActivityID
  private let journal: DeviceJournal
  /// Nil when recording without a server.
  private let driver: TrackingDriver?

  /// Starts a new activity.
  ///
  /// - Parameters:
  ///   - details: What describes it.
  ///   - journal: The journal of the account that is signed in.
  ///   - profile: The profile, whose device records.
  ///   - client: The server; nil to record only and send later.
  ///   - settings: Sizes and times of sending.
  ///   - report: Called for each thing worth showing, from any thread; it must not block.
  /// - Returns: The recorder, which is connecting already.
  /// - Throws: `ClientError` when the journal refuses.
  public static func start(
    _ details: ActivityDetails,
    journal: DeviceJournal,
    profile: Profile,
    client: MartletClient?,
    settings: TrackingSettings = TrackingSettings(),
    report: @escaping @Sendable (TrackingUpdate) -> Void = { _ in }
  ) async throws(ClientError) -> ActivityRecorder {
    do {
      let activity = try await journal.start(details, profile: profile)
      return try await resume(
        activity.header.id,
        journal: journal,
        client: client,
        settings: settings,
        report: report
      )
    } catch { throw ClientError(error) }
  }

  /// Goes on with an activity of the journal, after a crash or a pause in sending.
  package static func resume(
    _ id: ActivityID,
    journal: DeviceJournal,
    client: MartletClient?,
    settings: TrackingSettings = TrackingSettings(),
    report: @escaping @Sendable (TrackingUpdate) -> Void = { _ in }
  ) async throws(JournalError) -> ActivityRecorder {
    let activity = try await journal.activity(id)
    let events = try await journal.events(of: id)
    let driver = client.map {
      TrackingDriver(
        activity: activity,
        events: events,
        journal: journal,
        client: $0,
        settings: settings,
        report: report
      )
    }
    await driver?.tell(activity.isEnded ? .recordingEnded : .tick)
    return ActivityRecorder(id, journal, driver)
  }

  private init(_ id: ActivityID, _ journal: DeviceJournal, _ driver: TrackingDriver?) {
    self.id = id
    activityID = id.text
    self.journal = journal
    self.driver = driver
  }

  // MARK: Recording

  /// Appends samples; they are on this device's disk when it returns.
  ///
  /// One call is one write to the disk: at a sample a second call it for each; when several come
  /// at once, pass them together, up to 3,600.
  ///
  /// - Parameter samples: In the order they were taken.
  /// - Throws: `JournalError`; then none of them was recorded.
  public func append(_ samples: [WorkoutSample]) async throws(JournalError) {
    try await append(samples.map(TrackSample.init))
  }

  /// The same for the core's samples.
  package func append(_ samples: [TrackSample]) async throws(JournalError) {
    let end = try await journal.append(samples, to: id)
    await driver?.tell(.samplesAppended(end: end))
  }

  /// Stops counting time until `resume`.
  ///
  /// - Parameter timeMilliseconds: When, by the device's clock, since 1970-01-01T00:00:00Z.
  /// - Throws: `JournalError`.
  public func pause(at timeMilliseconds: Int64) async throws(JournalError) {
    try await append(ActivityEvent(type: .pause, timeMs: timeMilliseconds))
  }

  /// Counts time again.
  ///
  /// - Parameter timeMilliseconds: When.
  /// - Throws: `JournalError`.
  public func resume(at timeMilliseconds: Int64) async throws(JournalError) {
    try await append(ActivityEvent(type: .resume, timeMs: timeMilliseconds))
  }

  /// Marks a lap.
  ///
  /// - Parameter timeMilliseconds: When.
  /// - Throws: `JournalError`.
  public func lap(at timeMilliseconds: Int64) async throws(JournalError) {
    try await append(ActivityEvent(type: .lap, timeMs: timeMilliseconds))
  }

  /// Ends the activity; nothing can be appended after it.
  ///
  /// - Parameter timeMilliseconds: When.
  /// - Throws: `JournalError`.
  public func finish(at timeMilliseconds: Int64) async throws(JournalError) {
    try await append(ActivityEvent(type: .finish, timeMs: timeMilliseconds))
  }

  /// Throws the activity away, here and on the server; nothing can be appended after it.
  ///
  /// - Parameter timeMilliseconds: When.
  /// - Throws: `JournalError`.
  public func discard(at timeMilliseconds: Int64) async throws(JournalError) {
    try await append(ActivityEvent(type: .discard, timeMs: timeMilliseconds))
  }

  /// The same for any event.
  package func append(_ event: WorkoutCore.ActivityEvent) async throws(JournalError) {
    let placed = try await journal.append(event, to: id)
    await driver?.tell(.eventAppended(TrackingSession.EventMark(placed)))
    if event.type.isFinal { await driver?.tell(.recordingEnded) }
  }

  // MARK: Sending

  /// How far it has come.
  public var progress: TrackingProgress? {
    get async { await driver?.progress }
  }

  /// Says that nothing will be appended for now, so that `outcome` may be `.drained`.
  public func endForNow() async { await driver?.tell(.recordingEnded) }

  /// Stops sending; the journal keeps what the server lacks.
  public func stopSending() async { await driver?.tell(.stop) }

  /// Waits until sending has ended.
  ///
  /// - Returns: How; `.stopped` for a recorder without a server.
  public func outcome() async -> TrackingOutcome { await driver?.waitForOutcome() ?? .stopped }
}

/// What describes an activity when it starts.
public struct ActivityDetails: Sendable {
  /// The kind of sport.
  public var type: WorkoutSchema.ActivityType

  /// Device's clock at the start, milliseconds since 1970-01-01T00:00:00Z.
  public var startedAtMilliseconds: Int64

  /// Up to 200 characters; may be empty.
  public var title = ""

  /// IANA time zone name at the start, "Europe/Ljubljana"; may be empty.
  public var timeZone = ""

  /// Who may see it.
  public var visibility = WorkoutSchema.Visibility.friends

  /// The file that is replayed; empty for sensors.
  package var source = ""

  /// Creates details.
  public init(type: WorkoutSchema.ActivityType, startedAtMilliseconds: Int64) {
    self.type = type
    self.startedAtMilliseconds = startedAtMilliseconds
  }

  fileprivate func header(device: DeviceID) -> JournalActivity.Header {
    var random = SystemRandomNumberGenerator()
    return JournalActivity.Header(
      id: ActivityID.make(timeMs: wallClockMilliseconds(), using: &random),
      device: device,
      type: WorkoutCore.ActivityType(rawValue: UInt8(clamping: type.rawValue)) ?? .other,
      startedAtMs: startedAtMilliseconds,
      timeZone: timeZone,
      title: String(title.prefix(CoreLimits.maxTitleCharacters)),
      visibility: WorkoutCore.Visibility(rawValue: UInt8(clamping: visibility.rawValue))
        ?? .friends,
      source: source
    )
  }
}

extension DeviceJournal {
  /// Starts an activity of this profile's device under a new id.
  ///
  /// - Parameters:
  ///   - details: What describes it.
  ///   - profile: The profile, whose device records.
  /// - Returns: The activity, empty.
  /// - Throws: `ClientError` when the journal or the profile refuses.
  package func start(
    _ details: ActivityDetails,
    profile: Profile
  ) throws(ClientError) -> JournalActivity {
    do {
      let header = details.header(device: try profile.deviceID())
      try start(header)
      return try activity(header.id)
    } catch { throw ClientError(error) }
  }
}

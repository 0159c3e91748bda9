import Logging
import MartletRPC
import Synchronization
import TestFiles
import Testing
import WorkoutCore
import WorkoutSchema
import WorkoutStore

@testable import WorkoutService

/// A clock that tests turn; it also runs by itself.
final class TestClock: Sendable {
  private let offset = Mutex(Duration.zero)

  func advance(by duration: Duration) { offset.withLock { $0 += duration } }

  var clock: ServiceClock {
    ServiceClock(
      wallMilliseconds: { [self] in
        let milliseconds = offset.withLock { $0 }.components.seconds * 1000
        return ServiceClock.system.wallMilliseconds() + milliseconds
      },
      monotonic: { [self] in ServiceClock.system.monotonic() + offset.withLock { $0 } }
    )
  }
}

/// The whole service with a real store in a temporary directory, served over loopback on two loops.
final class RunningService: Sendable {
  let channel: Channel
  let port: Int
  let backend: WorkoutBackend
  let clock: TestClock
  let directory: TemporaryDirectory
  private let server: Server
  private let store: SQLiteStore
  private let time: Task<Void, any Error>

  /// Opens the store in `directory`, which may hold what an earlier service left.
  init(in directory: TemporaryDirectory? = nil, clock: TestClock = TestClock()) async throws {
    self.directory = try directory ?? TemporaryDirectory()
    self.clock = clock
    var configuration = StoreConfiguration(
      root: self.directory.path + "/store",
      now: clock.clock.wallMilliseconds
    )
    configuration.buckets = 4
    store = try await SQLiteStore.open(configuration)
    let backend = WorkoutBackend(
      store: store,
      signer: try TokenSigner(keyFile: self.directory.path + "/key.pem"),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      passwordCost: try #require(ScryptCost(logN: 4, r: 1, p: 1)),
      clock: clock.clock
    )
    self.backend = backend
    server = Server(
      configuration: ServerConfiguration(loops: 2),
      services: backend.services,
      interceptors: backend.interceptors
    )
    let address = try #require(try server.start().first)
    port = address.port
    channel = Channel(
      to: .host("127.0.0.1", port: address.port),
      configuration: ChannelConfiguration(security: .plaintext)
    )
    time = Task { try await backend.keepTime() }
  }

  func stop() async {
    await channel.close()
    backend.stopStreams()
    await server.shutdown(grace: .seconds(5))
    time.cancel()
    await store.close()
  }

  /// Signs somebody up.
  func person(_ name: String) async throws -> Person {
    var request = RegisterRequest()
    request.username = name
    request.email = "\(name)@example.org"
    request.password = "password of \(name)"
    request.device = Person.device()
    let response = try await AccountServiceClient(channel).register(request)
    let user = try #require(response.user)
    let session = try #require(response.session)
    return try Person(channel: channel, user: user, session: session, device: request.device)
  }

  /// Two people who are friends.
  func friends(_ first: String = "ann", _ second: String = "bob") async throws -> (Person, Person) {
    let first = try await person(first)
    let second = try await person(second)
    try await first.befriend(second)
    return (first, second)
  }
}

/// Runs a test against a service of its own and stops it, whatever comes of the test.
func withService(_ body: (RunningService) async throws -> Void) async throws {
  let service = try await RunningService()
  do {
    try await body(service)
  } catch {
    await service.stop()
    throw error
  }
  await service.stop()
}

/// The code that a call ends with; nothing when it succeeds.
func code(_ body: () async throws -> some Any) async -> StatusCode? {
  await failure(body)?.code
}

/// The error that a call ends with; nothing when it succeeds.
func failure(_ body: () async throws -> some Any) async -> RPCError? {
  do {
    _ = try await body()
    return nil
  } catch let error as RPCError {
    return error
  } catch {
    Issue.record(error)
    return nil
  }
}

/// Somebody who is signed in, with the clients of all services.
struct Person: Sendable {
  let channel: Channel
  let user: User
  var session: Session
  let device: Device
  let options: CallOptions

  static func device() -> Device {
    var generator = SystemRandomNumberGenerator()
    var device = Device()
    device.id = DeviceID.make(timeMs: 1, using: &generator).text
    device.name = "a device"
    return device
  }

  static func newActivityID() -> String {
    var generator = SystemRandomNumberGenerator()
    return ActivityID.make(timeMs: 1, using: &generator).text
  }

  init(channel: Channel, user: User, session: Session, device: Device?) throws {
    self.channel = channel
    self.user = user
    self.session = session
    self.device = try #require(device)
    options = try Self.options(session.accessToken)
  }

  static func options(_ token: String) throws -> CallOptions {
    var options = CallOptions(timeout: .seconds(60))
    try options.metadata.append("Bearer \(token)", for: "authorization")
    return options
  }

  var accounts: AccountServiceClient { AccountServiceClient(channel) }
  var friends: FriendServiceClient { FriendServiceClient(channel) }
  var live: LiveServiceClient { LiveServiceClient(channel) }
  var history: HistoryServiceClient { HistoryServiceClient(channel) }

  /// The same person with other tokens.
  func with(_ session: Session) throws -> Person {
    try Person(channel: channel, user: user, session: session, device: device)
  }

  func profile() async throws -> GetProfileResponse {
    try await accounts.getProfile(GetProfileRequest(), options: options)
  }

  func logIn(device: Device? = nil) async throws -> Person {
    var request = LogInRequest()
    request.identifier = user.username
    request.password = "password of \(user.username)"
    request.device = device ?? self.device
    let response = try await accounts.logIn(request)
    return try Person(
      channel: channel,
      user: try #require(response.user),
      session: try #require(response.session),
      device: request.device
    )
  }

  func refreshed() async throws -> Person {
    var request = RefreshRequest()
    request.refreshToken = session.refreshToken
    return try with(try #require(try await accounts.refresh(request).session))
  }

  @discardableResult
  func request(_ other: Person) async throws -> Friend {
    var request = RequestFriendRequest()
    request.username = other.user.username
    return try #require(try await friends.requestFriend(request, options: options).friend)
  }

  func befriend(_ other: Person) async throws {
    try await request(other)
    try await other.request(self)
  }

  @discardableResult
  func remove(_ other: Person) async throws -> Bool {
    var request = RemoveFriendRequest()
    request.username = other.user.username
    return try await friends.removeFriend(request, options: options).removed
  }

  // MARK: Recording

  func open(
    _ activity: String,
    visibility: WorkoutSchema.Visibility = .unspecified,
    startedAtMs: Int64 = Walk.startMs,
    device: String? = nil
  ) -> TrackRequest {
    var open = TrackOpen()
    open.activityId = activity
    open.deviceId = device ?? self.device.id
    open.type = .run
    open.startedAtMs = startedAtMs
    open.visibility = visibility
    var request = TrackRequest()
    request.content = .open(open)
    return request
  }

  /// Opens a stream and waits for the answer to `open`.
  func startTracking(
    _ activity: String,
    visibility: WorkoutSchema.Visibility = .unspecified,
    startedAtMs: Int64 = Walk.startMs,
    device: String? = nil
  ) async throws -> TrackStream {
    let stream = try await TrackStream(person: self)
    try await stream.send(
      open(activity, visibility: visibility, startedAtMs: startedAtMs, device: device)
    )
    return stream
  }

  /// Records a whole activity.
  @discardableResult
  func record(
    _ count: Int,
    activity: String = newActivityID(),
    visibility: WorkoutSchema.Visibility = .unspecified,
    startedAtMs: Int64 = Walk.startMs
  ) async throws -> Activity {
    let stream = try await startTracking(
      activity,
      visibility: visibility,
      startedAtMs: startedAtMs
    )
    try await stream.send(
      Walk.batch(0..<count, startMs: startedAtMs, events: [(.finish, count - 1)])
    )
    return try await stream.completed()
  }

  func watch(activity: String, maxRouteSamples: UInt32 = 0) async throws -> WatchStream {
    var request = WatchRequest()
    request.target = .activityId(activity)
    request.maxRouteSamples = maxRouteSamples
    return WatchStream(try await live.watch(request, options: options))
  }

  func watch(_ other: Person, wait: Bool = false) async throws -> WatchStream {
    var request = WatchRequest()
    request.target = .username(other.user.username)
    request.waitUntilLive = wait
    return WatchStream(try await live.watch(request, options: options))
  }

  // MARK: Reading back

  func activity(_ id: String) async throws -> Activity {
    var request = GetActivityRequest()
    request.activityId = id
    return try #require(try await history.getActivity(request, options: options).activity)
  }

  func track(_ id: String, maxSamples: UInt32 = 0) async throws -> GetTrackResponse {
    var request = GetTrackRequest()
    request.activityId = id
    request.maxSamples = maxSamples
    return try await history.getTrack(request, options: options)
  }

  func list(
    _ change: (inout ListActivitiesRequest) -> Void = { _ in }
  ) async throws -> ListActivitiesResponse {
    var request = ListActivitiesRequest()
    change(&request)
    return try await history.listActivities(request, options: options)
  }
}

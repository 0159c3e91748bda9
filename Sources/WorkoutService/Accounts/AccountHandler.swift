package import MartletRPC
internal import Synchronization
internal import WorkoutCore
package import WorkoutSchema
internal import WorkoutStore

/// Answers `martlet.v1.AccountService`.
package final class AccountHandler: AccountServiceHandler {
  private let parts: ServiceParts
  private let sessions: SessionKeeper
  private let hasher: PasswordHasher
  private let limiter = Mutex(LogInLimiter())

  init(parts: ServiceParts, sessions: SessionKeeper, hasher: PasswordHasher) {
    self.parts = parts
    self.sessions = sessions
    self.hasher = hasher
  }

  package func register(
    _ request: RegisterRequest,
    _ call: ServerCall
  ) async throws -> RegisterResponse {
    try Validation.username(request.username)
    try Validation.email(request.email)
    try Validation.password(request.password)
    try Validation.text(
      request.displayName,
      "display_name",
      characters: ServiceLimits.displayNameCharacters
    )
    let device = try Self.checked(request.device)
    // Asked before the costly hash; `createUser` decides.
    guard try await parts.store.user(named: request.username) == nil else {
      throw StoreError.usernameTaken
    }
    let hash = try await hasher.hash(request.password)
    let now = parts.clock.wallMilliseconds()
    var generator = SystemRandomNumberGenerator()
    let user = UserRecord(
      id: UserID.make(timeMs: now, using: &generator),
      username: request.username,
      email: request.email,
      displayName: request.displayName.isEmpty ? request.username : request.displayName,
      passwordHash: [UInt8](hash.utf8),
      createdAtMs: now
    )
    try await parts.store.createUser(user)
    parts.log.info("registered", ["user": user.id.text, "peer": call.peerHost])
    var response = RegisterResponse()
    response.user = User(user.person)
    response.session = try await sessions.open(
      user: user.id,
      device: device.id,
      deviceName: device.name
    )
    return response
  }

  package func logIn(_ request: LogInRequest, _ call: ServerCall) async throws -> LogInResponse {
    guard !request.identifier.isEmpty,
      request.identifier.utf8.count <= ServiceLimits.identifierBytes
    else { throw Validation.fail("identifier", "must have 1 to 254 bytes") }
    guard !request.password.isEmpty,
      request.password.utf8.count <= ServiceLimits.passwordBytes.upperBound
    else { throw Validation.fail("password", "must have 1 to 256 bytes") }
    let device = try Self.checked(request.device)
    // One spelling, as the store finds accounts: an account has one allowance.
    let account = request.identifier.lowercased()
    try admit(account: account, address: call.peerHost)
    let user: UserRecord?
    do {
      user = try await authenticated(request)
    } catch {
      // The password was not looked at.
      limiter.withLock { $0.refund(account: account, address: call.peerHost) }
      throw error
    }
    guard let user else {
      parts.log.warning("log-in-failed", ["peer": call.peerHost])
      throw RPCError(.unauthenticated, "unknown account or wrong password")
    }
    limiter.withLock { $0.refund(account: account, address: call.peerHost) }
    var response = LogInResponse()
    response.user = User(user.person)
    response.session = try await sessions.open(
      user: user.id,
      device: device.id,
      deviceName: device.name
    )
    parts.log.info("logged-in", ["user": user.id.text, "peer": call.peerHost])
    return response
  }

  package func refresh(
    _ request: RefreshRequest,
    _ call: ServerCall
  ) async throws -> RefreshResponse {
    guard let session = try await sessions.renew(request.refreshToken, log: parts.log) else {
      throw RPCError(.unauthenticated, "the refresh token is not good: log in again")
    }
    var response = RefreshResponse()
    response.session = session
    return response
  }

  package func logOut(_ request: LogOutRequest, _ call: ServerCall) async throws -> LogOutResponse {
    let caller = try call.caller()
    let ended = try await sessions.end(
      caller.session,
      of: caller.user,
      andAllOthers: request.allDevices
    )
    parts.log.info("logged-out", ["user": caller.user.text, "sessions": String(ended)])
    var response = LogOutResponse()
    response.endedSessions = UInt32(clamping: ended)
    return response
  }

  package func getProfile(
    _ request: GetProfileRequest,
    _ call: ServerCall
  ) async throws -> GetProfileResponse {
    guard let user = try await parts.store.user(try call.caller().user) else {
      throw RPCError(.notFound, "the account does not exist any more")
    }
    var response = GetProfileResponse()
    response.user = User(user.person)
    response.email = user.email
    response.createdAtMs = user.createdAtMs
    return response
  }

  /// The account if there is one and the password is right; both ways to fail take as long.
  private func authenticated(_ request: LogInRequest) async throws -> UserRecord? {
    let user =
      request.identifier.utf8.contains(UInt8(ascii: "@"))
      ? try await parts.store.user(email: request.identifier)
      : try await parts.store.user(named: request.identifier)
    let stored = user.map { String(decoding: $0.passwordHash, as: UTF8.self) }
    return try await hasher.check(request.password, against: stored) ? user : nil
  }

  private func admit(account: String, address: String) throws(RPCError) {
    let verdict = limiter.withLock {
      $0.begin(account: account, address: address, now: parts.clock.monotonic())
    }
    guard case .refused(let wait) = verdict else { return }
    parts.log.warning("log-in-limited", ["peer": address])
    throw RPCError(
      .resourceExhausted,
      "too many failed log-ins: try again in \(wait.components.seconds + 1) s"
    )
  }

  private static func checked(_ device: Device?) throws(RPCError) -> (id: DeviceID, name: String) {
    guard let device else { throw Validation.fail("device", "is missing") }
    try Validation.text(
      device.name,
      "device.name",
      characters: ServiceLimits.deviceNameCharacters
    )
    return (try Validation.id(device.id, "device.id"), device.name)
  }
}

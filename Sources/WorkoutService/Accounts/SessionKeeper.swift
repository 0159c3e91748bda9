internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

/// Opens, renews and ends the sessions of devices.
struct SessionKeeper: Sendable {
  let store: any ShardStore
  let signer: TokenSigner
  let verifier: TokenVerifier
  /// Tells the streams of a session that it has ended.
  let bus: any LiveBus
  let clock: ServiceClock

  /// Signs a device in; an earlier session of the same device ends, with its access tokens and
  /// streams.
  func open(
    user: UserID,
    device: DeviceID,
    deviceName: String
  ) async throws -> WorkoutSchema.Session {
    let now = clock.wallMilliseconds()
    var generator = SystemRandomNumberGenerator()
    let id = SessionID.make(timeMs: now, using: &generator)
    let refresh = try RefreshToken(user: user, session: id)
    let earlier = try await store.createSession(
      SessionRecord(
        id: id,
        user: user,
        device: device,
        deviceName: deviceName,
        refreshHash: refresh.digest.bytes,
        createdAtMs: now,
        expiresAtMs: now + ServiceLimits.refreshTokenLifeSeconds * 1000
      )
    )
    ended(earlier, nowMs: now)
    return try tokens(user: user, session: id, device: device, refresh: refresh, nowMs: now)
  }

  /// Trades a refresh token; nothing when it is not good.
  ///
  /// A token shown twice ends the session.
  func renew(_ text: String, log: ServiceLog) async throws -> WorkoutSchema.Session? {
    guard let shown = RefreshToken(text: text) else { return nil }
    let next = try RefreshToken(user: shown.user, session: shown.session)
    let now = clock.wallMilliseconds()
    let outcome = try await store.rotateSession(
      RefreshRotation(
        user: shown.user,
        session: shown.session,
        presentedHash: shown.digest.bytes,
        nextHash: next.digest.bytes,
        atMs: now,
        expiresAtMs: now + ServiceLimits.refreshTokenLifeSeconds * 1000
      )
    )
    switch outcome {
    case .rotated(let session):
      return try tokens(
        user: session.user,
        session: session.id,
        device: session.device,
        refresh: next,
        nowMs: now
      )
    case .reused(let session, let spentAtMs):
      ended([session.id], nowMs: now)
      log.warning(
        "refresh-token-reused",
        [
          "user": session.user.text, "session": session.id.text,
          "spent_ms_ago": String(now - spentAtMs),
        ]
      )
      return nil
    case .unknown, .expired, .revoked:
      return nil
    }
  }

  /// Ends one session of a user, or all; says how many ended.
  func end(_ session: SessionID, of user: UserID, andAllOthers: Bool) async throws -> Int {
    let now = clock.wallMilliseconds()
    guard andAllOthers else {
      let isEnded = try await store.revokeSession(session, of: user, atMs: now)
      ended([session], nowMs: now)
      return isEnded ? 1 : 0
    }
    let sessions = try await store.revokeSessions(of: user, atMs: now)
    ended(sessions, nowMs: now)
    return sessions.count
  }

  /// The store has it; what runs on the sessions' access tokens ends too.
  private func ended(_ sessions: [SessionID], nowMs: Int64) {
    for session in sessions { verifier.revoke(sessionID: session, nowSeconds: nowMs / 1000) }
    if !sessions.isEmpty { bus.publish(.sessionsEnded(Set(sessions))) }
  }

  private func tokens(
    user: UserID,
    session: SessionID,
    device: DeviceID,
    refresh: RefreshToken,
    nowMs: Int64
  ) throws -> WorkoutSchema.Session {
    var answer = WorkoutSchema.Session()
    answer.accessToken = try signer.accessToken(
      userID: user,
      sessionID: session,
      deviceID: device,
      nowSeconds: nowMs / 1000
    )
    answer.accessExpiresInSeconds = UInt32(clamping: ServiceLimits.accessTokenLifeSeconds)
    answer.refreshToken = refresh.text
    answer.refreshExpiresInSeconds = UInt32(clamping: ServiceLimits.refreshTokenLifeSeconds)
    return answer
  }
}

internal import MartletSQLite
internal import WorkoutCore

extension BucketFile {
  // MARK: Users

  func insertUser(_ user: UserRecord) throws(StoreError) {
    try run(
      "INSERT INTO user VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
      [
        .id(user.id), .text(user.username), .text(user.email), .text(user.displayName),
        .blob(user.passwordHash), .int(user.createdAtMs),
      ]
    )
  }

  func user(_ id: UserID) throws(StoreError) -> UserRecord? {
    try first(
      """
      SELECT username, email, display_name, password_hash, created_at FROM user WHERE id = ?1
      """,
      [.id(id)]
    ) { row in
      UserRecord(
        id: id,
        username: row.text(0),
        email: row.text(1),
        displayName: row.text(2),
        passwordHash: row.blob(3),
        createdAtMs: row.int64(4)
      )
    }
  }

  func hasUser(_ id: UserID) throws(StoreError) -> Bool {
    try exists("SELECT 1 FROM user WHERE id = ?1", [.id(id)])
  }

  func people(_ ids: [UserID]) throws(StoreError) -> [PersonRecord] {
    var people: [PersonRecord] = []
    for id in ids {
      let person = try first(
        "SELECT username, display_name FROM user WHERE id = ?1",
        [.id(id)]
      ) { row in PersonRecord(id: id, username: row.text(0), displayName: row.text(1)) }
      if let person { people.append(person) }
    }
    return people
  }

  // MARK: Sessions

  private static let sessionColumns = """
    id, device, device_name, refresh_hash, generation, created_at, refreshed_at, expires_at,
    revoked_at
    """

  private func readSession(_ row: Row, of user: UserID) -> SessionRecord {
    SessionRecord(
      id: row.id(0),
      user: user,
      device: row.id(1),
      deviceName: row.text(2),
      refreshHash: row.blob(3),
      generation: UInt32(clamping: row.int64(4)),
      createdAtMs: row.int64(5),
      refreshedAtMs: row.int64(6),
      expiresAtMs: row.int64(7),
      revokedAtMs: row.optionalInt64(8)
    )
  }

  /// Says which sessions gave way.
  func insertSession(_ session: SessionRecord) throws(StoreError) -> [SessionID] {
    try transaction { () throws(StoreError) in
      guard try hasUser(session.user) else { throw .userNotFound }
      // One session a device: who signs in again has lost the older one's tokens.
      let replaced = try query(
        """
        UPDATE session SET revoked_at = ?3
        WHERE user = ?1 AND device = ?2 AND id <> ?4 AND revoked_at IS NULL RETURNING id
        """,
        [.id(session.user), .id(session.device), .int(session.createdAtMs), .id(session.id)]
      ) { row in row.id(0, SessionID.self) }
      let pruned = try pruneSessions(of: session.user, atMs: session.createdAtMs)
      try run(
        """
        INSERT INTO session VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO NOTHING
        """,
        [
          .id(session.user), .id(session.id), .id(session.device), .text(session.deviceName),
          .blob(session.refreshHash), .int(Int64(session.generation)), .int(session.createdAtMs),
          .int(session.refreshedAtMs), .int(session.expiresAtMs),
          .optional(session.revokedAtMs),
        ]
      )
      return replaced + pruned
    }
  }

  /// Forgets what ended long ago, and ends what is over the number a user may have; says what it
  /// ended.
  private func pruneSessions(of user: UserID, atMs: Int64) throws(StoreError) -> [SessionID] {
    let horizon = atMs - StoreLimits.keepEndedSessionsMs
    let ended = "user = ?1 AND (revoked_at < ?2 OR expires_at < ?2)"
    try run(
      "DELETE FROM spent_token WHERE session IN (SELECT id FROM session WHERE \(ended))",
      [.id(user), .int(horizon)]
    )
    try run("DELETE FROM session WHERE \(ended)", [.id(user), .int(horizon)])
    return try query(
      """
      UPDATE session SET revoked_at = ?2 WHERE user = ?1 AND id IN (
        SELECT id FROM session WHERE user = ?1 AND revoked_at IS NULL
        ORDER BY refreshed_at DESC, id DESC LIMIT -1 OFFSET ?3
      ) RETURNING id
      """,
      [.id(user), .int(atMs), .int(Int64(StoreLimits.maxSessionsPerUser - 1))]
    ) { row in row.id(0, SessionID.self) }
  }

  func session(_ id: SessionID, of user: UserID) throws(StoreError) -> SessionRecord? {
    try first(
      "SELECT \(Self.sessionColumns) FROM session WHERE user = ?1 AND id = ?2",
      [.id(user), .id(id)]
    ) { row in readSession(row, of: user) }
  }

  func sessions(of user: UserID) throws(StoreError) -> [SessionRecord] {
    try query(
      """
      SELECT \(Self.sessionColumns) FROM session WHERE user = ?1 AND revoked_at IS NULL
      ORDER BY created_at DESC, id DESC
      """,
      [.id(user)]
    ) { row in readSession(row, of: user) }
  }

  func rotate(_ rotation: RefreshRotation) throws(StoreError) -> RotationOutcome {
    try transaction { () throws(StoreError) in
      guard var session = try session(rotation.session, of: rotation.user) else { return .unknown }
      if session.revokedAtMs != nil { return .revoked(session) }
      guard session.refreshHash == rotation.presentedHash else {
        return try judge(rotation.presentedHash, of: session, atMs: rotation.atMs)
      }
      guard rotation.atMs < session.expiresAtMs else { return .expired(session) }
      try rememberSpent(session, atMs: rotation.atMs)
      session.refreshHash = rotation.nextHash
      session.generation += 1
      session.refreshedAtMs = rotation.atMs
      session.expiresAtMs = rotation.expiresAtMs
      try run(
        """
        UPDATE session SET refresh_hash = ?3, generation = ?4, refreshed_at = ?5, expires_at = ?6
        WHERE user = ?1 AND id = ?2
        """,
        [
          .id(session.user), .id(session.id), .blob(session.refreshHash),
          .int(Int64(session.generation)), .int(session.refreshedAtMs),
          .int(session.expiresAtMs),
        ]
      )
      return .rotated(session)
    }
  }

  /// A token that is not the current one: spent, or never one of this session.
  private func judge(
    _ hash: [UInt8],
    of session: SessionRecord,
    atMs: Int64
  ) throws(StoreError) -> RotationOutcome {
    let spent = try first(
      "SELECT spent_at FROM spent_token WHERE session = ?1 AND hash = ?2",
      [.id(session.id), .blob(hash)]
    ) { row in row.int64(0) }
    guard let spent else { return .unknown }
    _ = try revokeSession(session.id, of: session.user, atMs: atMs)
    var session = session
    session.revokedAtMs = atMs
    return .reused(session, spentAtMs: spent)
  }

  private func rememberSpent(_ session: SessionRecord, atMs: Int64) throws(StoreError) {
    let generation = Int64(session.generation)
    try run(
      "INSERT INTO spent_token VALUES(?1, ?2, ?3, ?4)",
      [.id(session.id), .int(generation), .blob(session.refreshHash), .int(atMs)]
    )
    try run(
      "DELETE FROM spent_token WHERE session = ?1 AND generation <= ?2",
      [.id(session.id), .int(generation - Int64(StoreLimits.maxSpentTokensPerSession))]
    )
  }

  func revokeSession(
    _ id: SessionID,
    of user: UserID,
    atMs: Int64
  ) throws(StoreError) -> Bool {
    try run(
      "UPDATE session SET revoked_at = ?3 WHERE user = ?1 AND id = ?2 AND revoked_at IS NULL",
      [.id(user), .id(id), .int(atMs)]
    ) > 0
  }

  func revokeSessions(of user: UserID, atMs: Int64) throws(StoreError) -> [SessionID] {
    try query(
      "UPDATE session SET revoked_at = ?2 WHERE user = ?1 AND revoked_at IS NULL RETURNING id",
      [.id(user), .int(atMs)]
    ) { row in row.id(0, SessionID.self) }
  }
}

package import WorkoutCore

extension SQLiteStore {
  // MARK: Users

  /// Claims the names, writes the user's row, confirms the claims.
  ///
  /// A crash in between leaves claims that are resolved by whether the row is there.
  package func createUser(_ user: UserRecord) async throws(StoreError) {
    try check(user)
    beginRegistering(user.id)
    defer { endRegistering(user.id) }
    let username = try await claim(.username, user.username, for: user.id, taken: .usernameTaken)
    do throws(StoreError) {
      let email = try await claim(.email, user.email, for: user.id, taken: .emailTaken)
      do throws(StoreError) {
        try await onBucket(of: user.id) { file throws(StoreError) in try file.insertUser(user) }
      } catch {
        await release(email)
        throw error
      }
      // The account is made; claims that cannot be confirmed now are at the next start-up.
      for claim in [username, email] { try? await confirm(claim) }
    } catch {
      await release(username)
      throw error
    }
  }

  private func check(_ user: UserRecord) throws(StoreError) {
    guard (1...StoreLimits.maxUsernameBytes).contains(user.username.utf8.count) else {
      throw .invalid(field: "username")
    }
    guard (1...StoreLimits.maxEmailBytes).contains(user.email.utf8.count) else {
      throw .invalid(field: "email")
    }
    guard user.displayName.utf8.count <= StoreLimits.maxNameBytes else {
      throw .invalid(field: "displayName")
    }
    guard user.passwordHash.count <= StoreLimits.maxHashBytes else {
      throw .invalid(field: "passwordHash")
    }
  }

  private func claim(
    _ kind: NameKind,
    _ name: String,
    for user: UserID,
    taken: StoreError
  ) async throws(StoreError) -> NameClaim {
    let key = kind.key(name)
    for _ in 0..<2 {
      let claim = try await on(.directory(directory(of: key))) { file throws(StoreError) in
        try file.claim(kind, key, for: user)
      }
      if claim.user == user { return claim }
      // Left over from a crash or a failure? Then it goes, and the name is free.
      guard !claim.isConfirmed, try await resolve(claim) == .released else { throw taken }
    }
    throw taken
  }

  enum ClaimResolution { case confirmed, released, running }

  /// Decides an unconfirmed claim by whether its user's row is on the disk.
  @discardableResult
  func resolve(_ claim: NameClaim) async throws(StoreError) -> ClaimResolution {
    if isRegistering(claim.user) { return .running }
    let isMade = try await onBucket(of: claim.user) { file throws(StoreError) in
      try file.hasUser(claim.user)
    }
    if isMade {
      try await confirm(claim)
      return .confirmed
    }
    try await on(.directory(directory(of: claim.name))) { file throws(StoreError) in
      try file.release(claim)
    }
    return .released
  }

  private func confirm(_ claim: NameClaim) async throws(StoreError) {
    try await on(.directory(directory(of: claim.name))) { file throws(StoreError) in
      try file.confirm(claim)
    }
  }

  /// What fails here is done when somebody wants the name, or at the next start-up.
  private func release(_ claim: NameClaim) async {
    try? await on(.directory(directory(of: claim.name))) { file throws(StoreError) in
      try file.release(claim)
    }
  }

  package func user(_ id: UserID) async throws(StoreError) -> UserRecord? {
    try await onBucket(of: id) { file throws(StoreError) in try file.user(id) }
  }

  package func user(named username: String) async throws(StoreError) -> UserRecord? {
    try await user(.username, username)
  }

  package func user(email: String) async throws(StoreError) -> UserRecord? {
    try await user(.email, email)
  }

  private func user(_ kind: NameKind, _ name: String) async throws(StoreError) -> UserRecord? {
    let key = kind.key(name)
    let claim = try await on(.directory(directory(of: key))) { file throws(StoreError) in
      try file.claim(kind, key)
    }
    guard let claim else { return nil }
    return try await user(claim.user)
  }

  package func people(_ ids: [UserID]) async throws(StoreError) -> [UserID: PersonRecord] {
    let byBucket = Dictionary(grouping: Set(ids)) { FileKey.bucket(bucket(of: $0)) }
    let results = await onEach(Array(byBucket.keys)) { key, file throws(StoreError) in
      try file.people(byBucket[key] ?? [])
    }
    var people: [UserID: PersonRecord] = [:]
    for result in results {
      do throws(StoreError) {
        for person in try result.get() { people[person.id] = person }
      } catch .bucketDamaged {
        continue
      } catch {
        throw error
      }
    }
    return people
  }

  // MARK: Sessions

  @discardableResult
  package func createSession(
    _ session: SessionRecord
  ) async throws(StoreError) -> [SessionID] {
    guard session.deviceName.utf8.count <= StoreLimits.maxNameBytes else {
      throw .invalid(field: "deviceName")
    }
    guard (1...StoreLimits.maxHashBytes).contains(session.refreshHash.count) else {
      throw .invalid(field: "refreshHash")
    }
    return try await onBucket(of: session.user) { file throws(StoreError) in
      try file.insertSession(session)
    }
  }

  package func session(
    _ id: SessionID,
    of user: UserID
  ) async throws(StoreError) -> SessionRecord? {
    try await onBucket(of: user) { file throws(StoreError) in try file.session(id, of: user) }
  }

  package func sessions(of user: UserID) async throws(StoreError) -> [SessionRecord] {
    try await onBucket(of: user) { file throws(StoreError) in try file.sessions(of: user) }
  }

  package func rotateSession(
    _ rotation: RefreshRotation
  ) async throws(StoreError) -> RotationOutcome {
    guard (1...StoreLimits.maxHashBytes).contains(rotation.nextHash.count) else {
      throw .invalid(field: "nextHash")
    }
    return try await onBucket(of: rotation.user) { file throws(StoreError) in
      try file.rotate(rotation)
    }
  }

  package func revokeSession(
    _ id: SessionID,
    of user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> Bool {
    try await onBucket(of: user) { file throws(StoreError) in
      try file.revokeSession(id, of: user, atMs: atMs)
    }
  }

  package func revokeSessions(
    of user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> [SessionID] {
    try await onBucket(of: user) { file throws(StoreError) in
      try file.revokeSessions(of: user, atMs: atMs)
    }
  }
}

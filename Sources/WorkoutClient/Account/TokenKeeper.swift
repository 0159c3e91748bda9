internal import MartletRPC
internal import WorkoutSchema

/// Keeps the access token of a profile fresh, for one process among several that may share it.
///
/// A refresh token is good for one use; showing it twice ends the session. So tokens are renewed
/// under a lock between processes, and the file is read again once the lock is held: another
/// process may have renewed them already.
actor TokenKeeper {
  /// Renewed this long before it expires, so that a call under way does not meet the end.
  private static let margin: Int64 = 30

  private let profile: Profile
  private let accounts: AccountServiceClient
  private var credentials: Credentials?
  private var renewal: Task<Credentials, any Error>?

  init(profile: Profile, channel: Channel) {
    self.profile = profile
    accounts = AccountServiceClient(channel)
  }

  /// A token to send now.
  ///
  /// - Parameter refused: The token that the server just refused, if that is why one is wanted.
  /// - Returns: The token.
  /// - Throws: `ClientError.notSignedIn`, or why renewing failed.
  func accessToken(refused: String? = nil) async throws(ClientError) -> String {
    let current = try load()
    let isFresh = current.accessExpiresAt > wallClockMilliseconds() / 1000 + Self.margin
    if isFresh, current.accessToken != refused { return current.accessToken }
    return try await renewed(current).accessToken
  }

  /// Takes what Register or LogIn answered.
  func adopt(_ new: Credentials) throws(ClientError) {
    do { try profile.save(new) } catch { throw .profile(error) }
    credentials = new
  }

  /// Forgets the tokens, here and on disk.
  func forget() throws(ClientError) {
    credentials = nil
    do { try profile.removeCredentials() } catch { throw .profile(error) }
  }

  /// Waits for a renewal under way.
  ///
  /// The server may have spent the old refresh token already: leaving before the new one is on disk
  /// would end the session.
  func settle() async { _ = await renewal?.result }

  private func load() throws(ClientError) -> Credentials {
    if let credentials { return credentials }
    do { credentials = try profile.credentials() } catch { throw .profile(error) }
    guard let credentials else { throw .notSignedIn }
    return credentials
  }

  /// One renewal at a time; whoever comes meanwhile waits for the same.
  private func renewed(_ old: Credentials) async throws(ClientError) -> Credentials {
    let task = renewal ?? Task { try await self.renew(old) }
    renewal = task
    let result = await task.result
    renewal = nil
    do {
      let new = try result.get()
      credentials = new
      return new
    } catch {
      throw ClientError(error)
    }
  }

  private func renew(_ old: Credentials) async throws -> Credentials {
    let lock = try await takeLock()
    let result: Result<Credentials, any Error>
    do { result = .success(try await renewUnderLock(old)) } catch { result = .failure(error) }
    lock.release()
    return try result.get()
  }

  private func renewUnderLock(_ old: Credentials) async throws -> Credentials {
    // Somebody else may have signed in with this profile meanwhile: this process goes on for
    // nobody but the person it began for.
    guard let stored = try profile.credentials(), stored.userID == old.userID else {
      throw ClientError.notSignedIn
    }
    if stored.refreshToken != old.refreshToken { return stored }
    var request = RefreshRequest()
    request.refreshToken = stored.refreshToken
    let options = CallOptions(timeout: .seconds(20))
    let response = try await accounts.refresh(request, options: options)
    guard let session = response.session else { throw ClientError.malformedAnswer("Refresh") }
    let new = stored.renewed(session)
    try profile.save(new)
    return new
  }

  private func takeLock() async throws -> FileLock {
    // A renewal takes at most its deadline of 20 s; then whoever holds the lock is broken.
    for _ in 0..<1200 {
      if let lock = try profile.lockCredentials() { return lock }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw ProfileError("\(profile.path): another program holds credentials.lock")
  }
}

extension Credentials {
  /// The same person with the tokens of a new session.
  func renewed(_ session: Session) -> Credentials {
    var new = self
    new.accessToken = session.accessToken
    new.accessExpiresAt =
      wallClockMilliseconds() / 1000 + Int64(session.accessExpiresInSeconds)
    new.refreshToken = session.refreshToken
    return new
  }
}

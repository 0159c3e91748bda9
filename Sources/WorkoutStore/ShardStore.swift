package import WorkoutCore

/// Durable storage as the service sees it, whatever stands behind it.
///
/// What a call has returned is on the disk. Every write may be repeated: after a crash, or when
/// its answer was lost, the repeat changes nothing. Calls may come from any task; blocking work
/// runs elsewhere and comes back to the caller's executor. A call that is refused has changed
/// nothing, unless its documentation says otherwise.
package protocol ShardStore: Sendable {
  // MARK: Accounts

  /// Creates an account.
  ///
  /// Throws `usernameTaken` or `emailTaken`, both without regard to case.
  func createUser(_ user: UserRecord) async throws(StoreError)

  func user(_ id: UserID) async throws(StoreError) -> UserRecord?

  /// Finds by username without regard to case.
  func user(named username: String) async throws(StoreError) -> UserRecord?

  /// Finds by e-mail address without regard to case.
  func user(email: String) async throws(StoreError) -> UserRecord?

  /// The people with these ids; unknown ones, and those of damaged buckets, are left out.
  func people(_ ids: [UserID]) async throws(StoreError) -> [UserID: PersonRecord]

  // MARK: Sessions

  /// Signs a device in.
  ///
  /// Earlier sessions of the same user and device are revoked, and those above the number a user
  /// may have; says which. Throws `userNotFound`.
  @discardableResult
  func createSession(_ session: SessionRecord) async throws(StoreError) -> [SessionID]

  func session(_ id: SessionID, of user: UserID) async throws(StoreError) -> SessionRecord?

  /// Sessions of the user that are not revoked, newest first.
  func sessions(of user: UserID) async throws(StoreError) -> [SessionRecord]

  /// Trades a refresh token in one step.
  ///
  /// Of two callers with the same token, one is `rotated`, and the other revokes the session.
  func rotateSession(_ rotation: RefreshRotation) async throws(StoreError) -> RotationOutcome

  /// Ends a session; false when it had ended or there was none.
  func revokeSession(
    _ id: SessionID,
    of user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> Bool

  /// Ends all sessions of a user and says which.
  func revokeSessions(of user: UserID, atMs: Int64) async throws(StoreError) -> [SessionID]

  // MARK: Friends

  /// Asks `other` to be `user`'s friend, or agrees to a request that waits.
  ///
  /// Throws `userNotFound`, `ownFriendship`, or `overloaded` over the number of friends.
  func requestFriend(
    _ other: UserID,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> FriendRecord

  /// Agrees to `other`'s request; throws `friendRequestNotFound` when none waits.
  func acceptFriend(
    _ other: UserID,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> FriendRecord

  /// Ends a friendship, declines a request or takes one back; false when there was nothing.
  func removeFriend(_ other: UserID, by user: UserID, atMs: Int64) async throws(StoreError) -> Bool

  /// The friendship of two users as `user` sees it.
  func friend(_ other: UserID, of user: UserID) async throws(StoreError) -> FriendRecord?

  /// Friends and requests in order of username, at most `limit`, after the username `after`.
  func friends(
    of user: UserID,
    state: FriendState?,
    after: String?,
    limit: Int
  ) async throws(StoreError) -> FriendPage

  // MARK: Live

  /// Creates an activity, or finds it; `header.device` is the device that opens.
  ///
  /// A known activity keeps its own header. Throws `notOwner` when it belongs to another,
  /// `userNotFound` when the owner does not exist.
  func openActivity(_ header: ActivityHeader) async throws(StoreError) -> OpenedActivity

  /// Makes samples and events durable; returns when they are on the disk.
  ///
  /// What lies below the next sequences is skipped, so that a repeat changes nothing and an
  /// overlap is trimmed. Throws `sequenceGap` or `eventSequenceGap` when something in between is
  /// missing, `activityNotFound` before `openActivity`, `activityClosed` for anything new after
  /// a finish or discard event, `diskFull` and `io` when the disk refuses: then nothing of the
  /// batch is stored.
  func append(_ batch: TrackBatch) async throws(StoreError) -> TrackProgress

  /// Settles an activity whose finish or discard event has been appended.
  ///
  /// Computes the statistics from all that is stored, and writes the activity where history
  /// finds it. Again returns the same record. Throws `invalid` when there is no such event.
  func settleActivity(_ id: ActivityID) async throws(StoreError) -> ActivityRecord

  /// The user's newest activity that is recording or paused.
  func liveActivity(of user: UserID) async throws(StoreError) -> ActivityRecord?

  // MARK: History

  /// One activity with its splits, or `nil`.
  func activity(_ id: ActivityID) async throws(StoreError) -> ActivityRecord?

  /// Activities of one or many people, newest start first.
  ///
  /// Throws `bucketDamaged` only when every source's bucket is damaged.
  func activities(_ query: ActivityQuery) async throws(StoreError) -> ActivityPage

  /// The samples and events stored so far, of a live activity too.
  func track(of id: ActivityID) async throws(StoreError) -> StoredTrack

  // MARK: Running

  /// Flushes what is due, retries what is undelivered, drops what is settled.
  ///
  /// The store does this by itself when configured with an interval.
  func maintain() async

  /// Finishes what was accepted and closes all files; calls made afterwards throw `closed`.
  func close() async
}

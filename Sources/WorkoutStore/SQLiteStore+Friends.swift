package import WorkoutCore

extension SQLiteStore {
  package func requestFriend(
    _ other: UserID,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> FriendRecord {
    try await makeFriend(other, .request, by: user, atMs: atMs)
  }

  package func acceptFriend(
    _ other: UserID,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> FriendRecord {
    try await makeFriend(other, .accept, by: user, atMs: atMs)
  }

  private func makeFriend(
    _ other: UserID,
    _ change: FriendChange,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> FriendRecord {
    let (_, after, person) = try await changeFriend(other, change, by: user, atMs: atMs)
    // A wish of one's own stands when this returns, whatever the other does.
    guard let record = after.record(person) else { throw .friendRequestNotFound }
    return record
  }

  package func removeFriend(
    _ other: UserID,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> Bool {
    let (before, _, _) = try await changeFriend(other, .remove, by: user, atMs: atMs)
    return before.state != nil
  }

  private func changeFriend(
    _ other: UserID,
    _ change: FriendChange,
    by user: UserID,
    atMs: Int64
  ) async throws(StoreError) -> (before: Friendship, after: Friendship, person: PersonRecord) {
    guard other != user else { throw .ownFriendship }
    guard let person = try await self.user(other)?.person else { throw .userNotFound }
    let (before, after) = try await onBucket(of: user) { file throws(StoreError) in
      try file.changeFriend(of: user, person, change, atMs: atMs)
    }
    // Also when nothing changed: an earlier delivery may have failed.
    await deliver(of: user)
    return (before, after, person)
  }

  /// Tells the other sides; what fails stays in the outbox and is retried by the chores.
  private func deliver(of user: UserID) async {
    do throws(StoreError) {
      let waiting = try await onBucket(of: user) { file throws(StoreError) in
        try file.friendDeliveries(of: user)
      }
      for delivery in waiting { try await deliver(delivery) }
    } catch {
      noteOutbox(bucket(of: user))
    }
  }

  private func deliver(_ delivery: FriendDelivery) async throws(StoreError) {
    try await onBucket(of: delivery.to) { file throws(StoreError) in try file.receive(delivery) }
    try await onBucket(of: delivery.from.id) { file throws(StoreError) in
      try file.markDelivered(delivery)
    }
  }

  /// Empties a bucket's outbox as far as the other buckets take it.
  func emptyOutbox(ofBucket bucket: Int) async {
    let waiting = try? await on(.bucket(bucket)) { file throws(StoreError) in
      try file.friendDeliveries(of: nil)
    }
    for delivery in waiting ?? [] {
      do throws(StoreError) { try await deliver(delivery) } catch { noteOutbox(bucket) }
    }
  }

  package func friend(
    _ other: UserID,
    of user: UserID
  ) async throws(StoreError) -> FriendRecord? {
    try await onBucket(of: user) { file throws(StoreError) in try file.friend(other, of: user) }
  }

  package func friends(
    of user: UserID,
    state: FriendState?,
    after: String?,
    limit: Int
  ) async throws(StoreError) -> FriendPage {
    guard (1...StoreLimits.maxFriendsPerPage).contains(limit) else {
      throw .invalid(field: "limit")
    }
    var friends = try await onBucket(of: user) { file throws(StoreError) in
      // One more than asked for tells whether there is a next page.
      try file.friends(of: user, state: state, after: after, limit: limit + 1)
    }
    let hasMore = friends.count > limit
    if hasMore { friends.removeLast() }
    return FriendPage(friends: friends, next: hasMore ? friends.last?.person.username : nil)
  }
}

internal import MartletSQLite
internal import WorkoutCore

/// What a user does to a friendship.
enum FriendChange: Sendable {
  case request, accept, remove
}

/// A friendship that the other side's bucket has not heard of yet.
struct FriendDelivery: Sendable, Hashable {
  var from: PersonRecord
  var to: UserID
  /// As `from` sees it.
  var friendship: Friendship
}

extension BucketFile {
  /// Changes the user's side, and notes in the same transaction that the other has to hear of it.
  ///
  /// Returns the friendship before and after.
  func changeFriend(
    of user: UserID,
    _ other: PersonRecord,
    _ change: FriendChange,
    atMs: Int64
  ) throws(StoreError) -> (before: Friendship, after: Friendship) {
    try transaction { () throws(StoreError) in
      guard try hasUser(user) else { throw .userNotFound }
      let before = try friendship(of: user, other.id) ?? Friendship()
      var after = before
      switch change {
      case .request: after.want(atMs: atMs)
      case .accept:
        guard before.theirs.isSet else { throw .friendRequestNotFound }
        after.want(atMs: atMs)
      case .remove: after.end(atMs: atMs)
      }
      guard after != before else { return (before, after) }
      if before.state == nil && after.state != nil { try checkFriendCount(of: user) }
      try write(after, of: user, other)
      try run(
        "INSERT INTO friend_outbox VALUES(?1, ?2) ON CONFLICT DO NOTHING",
        [.id(user), .id(other.id)]
      )
      return (before, after)
    }
  }

  /// Takes in what the other side's bucket says; again changes nothing.
  func receive(_ delivery: FriendDelivery) throws(StoreError) {
    try transaction { () throws(StoreError) in
      // An account that is gone has nobody to tell.
      guard try hasUser(delivery.to) else { return }
      let before = try friendship(of: delivery.to, delivery.from.id) ?? Friendship()
      let after = before.merged(with: delivery.friendship.mirrored)
      guard after != before else { return }
      try write(after, of: delivery.to, delivery.from)
    }
  }

  /// Deliveries that wait, for one user or for all of the bucket.
  func friendDeliveries(of user: UserID?) throws(StoreError) -> [FriendDelivery] {
    let rows = try query(
      """
      SELECT o.user, u.username, u.display_name, o.other, f.mine, f.mine_version, f.mine_at,
        f.theirs, f.theirs_version, f.theirs_at
      FROM friend_outbox o
      JOIN user u ON u.id = o.user
      JOIN friend f ON f.user = o.user AND f.other = o.other
      WHERE ?1 IS NULL OR o.user = ?1
      LIMIT 1000
      """,
      [user.map { .id($0) } ?? .null]
    ) { row in
      FriendDelivery(
        from: PersonRecord(id: row.id(0), username: row.text(1), displayName: row.text(2)),
        to: row.id(3),
        friendship: readFriendship(row, from: 4)
      )
    }
    return rows
  }

  /// Forgets a delivery, unless the friendship has changed since.
  func markDelivered(_ delivery: FriendDelivery) throws(StoreError) {
    try transaction { () throws(StoreError) in
      guard try friendship(of: delivery.from.id, delivery.to) == delivery.friendship else { return }
      try run(
        "DELETE FROM friend_outbox WHERE user = ?1 AND other = ?2",
        [.id(delivery.from.id), .id(delivery.to)]
      )
    }
  }

  // MARK: Reading

  func friend(_ other: UserID, of user: UserID) throws(StoreError) -> FriendRecord? {
    let row = try first(
      """
      SELECT username, display_name, mine, mine_version, mine_at, theirs, theirs_version, theirs_at
      FROM friend WHERE user = ?1 AND other = ?2
      """,
      [.id(user), .id(other)]
    ) { row in
      readFriendship(row, from: 2).record(
        PersonRecord(id: other, username: row.text(0), displayName: row.text(1))
      )
    }
    return row ?? nil
  }

  func friends(
    of user: UserID,
    state: FriendState?,
    after: String?,
    limit: Int
  ) throws(StoreError) -> [FriendRecord] {
    let rows = try query(
      """
      SELECT other, username, display_name, mine, mine_version, mine_at,
        theirs, theirs_version, theirs_at
      FROM friend INDEXED BY friend_by_name
      WHERE user = ?1 AND username > ?2 AND state <> 0 AND (?3 = 0 OR state = ?3)
      ORDER BY username LIMIT ?4
      """,
      [
        .id(user), .text(after ?? ""), .int(Int64(state?.rawValue ?? 0)), .int(Int64(limit)),
      ]
    ) { row in
      readFriendship(row, from: 3).record(
        PersonRecord(id: row.id(0), username: row.text(1), displayName: row.text(2))
      )
    }
    return rows.compactMap(\.self)
  }

  private func friendship(of user: UserID, _ other: UserID) throws(StoreError) -> Friendship? {
    try first(
      """
      SELECT mine, mine_version, mine_at, theirs, theirs_version, theirs_at
      FROM friend WHERE user = ?1 AND other = ?2
      """,
      [.id(user), .id(other)]
    ) { row in readFriendship(row, from: 0) }
  }

  private func readFriendship(_ row: Row, from column: Int32) -> Friendship {
    Friendship(
      mine: FriendWish(
        isSet: row.int64(column) != 0,
        version: row.int64(column + 1),
        atMs: row.int64(column + 2)
      ),
      theirs: FriendWish(
        isSet: row.int64(column + 3) != 0,
        version: row.int64(column + 4),
        atMs: row.int64(column + 5)
      )
    )
  }

  private func write(
    _ friendship: Friendship,
    of user: UserID,
    _ other: PersonRecord
  ) throws(StoreError) {
    let (mine, theirs) = (friendship.mine, friendship.theirs)
    try run(
      "INSERT OR REPLACE INTO friend VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      [
        .id(user), .id(other.id), .text(other.username), .text(other.displayName),
        .int(Int64(friendship.state?.rawValue ?? 0)),
        .int(mine.isSet ? 1 : 0), .int(mine.version), .int(mine.atMs),
        .int(theirs.isSet ? 1 : 0), .int(theirs.version), .int(theirs.atMs),
      ]
    )
  }

  private func checkFriendCount(of user: UserID) throws(StoreError) {
    let count = try first(
      "SELECT count(*) FROM friend WHERE user = ?1 AND state <> 0",
      [.id(user)]
    ) { row in row.int64(0) }
    guard (count ?? 0) < StoreLimits.maxFriendsPerUser else {
      throw .overloaded(limit: "maxFriendsPerUser")
    }
  }
}

extension Friendship {
  /// `nil` when neither side wants it.
  func record(_ person: PersonRecord) -> FriendRecord? {
    state.map { FriendRecord(person: person, state: $0, sinceMs: sinceMs) }
  }
}

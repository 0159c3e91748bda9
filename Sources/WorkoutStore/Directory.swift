internal import MartletSQLite
internal import WorkoutCore

/// What a name finds a user by.
enum NameKind: Int64, Sendable {
  case username = 1
  case email = 2

  /// The form that is unique: names differ by more than case.
  func key(_ name: String) -> String { name.lowercased() }
}

/// A name that is taken, or about to be.
struct NameClaim: Sendable, Hashable {
  var kind: NameKind
  /// Already folded.
  var name: String
  var user: UserID
  /// Whether the user's row is known to be on the disk.
  ///
  /// A claim without it is left over from a crash, or belongs to a registration that is running.
  var isConfirmed: Bool
}

/// Directory files: names and activity ids, each in the bucket that it hashes to itself.
extension BucketFile {
  /// Takes the name for the user unless somebody has it; says whose it is now.
  func claim(_ kind: NameKind, _ name: String, for user: UserID) throws(StoreError) -> NameClaim {
    try run(
      "INSERT INTO claim VALUES(?1, ?2, ?3, 0) ON CONFLICT DO NOTHING",
      [.int(kind.rawValue), .text(name), .id(user)]
    )
    guard let claim = try claim(kind, name) else { throw damage() }
    return claim
  }

  func claim(_ kind: NameKind, _ name: String) throws(StoreError) -> NameClaim? {
    try first(
      "SELECT user, confirmed FROM claim WHERE kind = ?1 AND name = ?2",
      [.int(kind.rawValue), .text(name)]
    ) { row in
      NameClaim(kind: kind, name: name, user: row.id(0), isConfirmed: row.int64(1) != 0)
    }
  }

  /// Says that the user's row is on the disk.
  func confirm(_ claim: NameClaim) throws(StoreError) {
    try run(
      "UPDATE claim SET confirmed = 1 WHERE kind = ?1 AND name = ?2 AND user = ?3",
      [.int(claim.kind.rawValue), .text(claim.name), .id(claim.user)]
    )
  }

  /// Gives a name back, unless it has been confirmed meanwhile.
  func release(_ claim: NameClaim) throws(StoreError) {
    try run(
      "DELETE FROM claim WHERE kind = ?1 AND name = ?2 AND user = ?3 AND confirmed = 0",
      [.int(claim.kind.rawValue), .text(claim.name), .id(claim.user)]
    )
  }

  func unconfirmedClaims() throws(StoreError) -> [NameClaim] {
    let rows = try query("SELECT kind, name, user FROM claim WHERE confirmed = 0") { row in
      NameKind(rawValue: row.int64(0)).map {
        NameClaim(kind: $0, name: row.text(1), user: row.id(2), isConfirmed: false)
      }
    }
    return rows.compactMap(\.self)
  }

  /// Takes the activity for the owner unless it has one; says whose it is.
  func claimActivity(_ id: ActivityID, for owner: UserID) throws(StoreError) -> UserID {
    if let known = try self.owner(of: id) { return known }
    try run("INSERT INTO activity_owner VALUES(?1, ?2)", [.id(id), .id(owner)])
    return owner
  }

  func owner(of id: ActivityID) throws(StoreError) -> UserID? {
    try first("SELECT owner FROM activity_owner WHERE activity = ?1", [.id(id)]) { row in
      row.id(0)
    }
  }
}

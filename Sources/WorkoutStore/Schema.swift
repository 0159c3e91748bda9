internal import MartletSQLite
internal import WorkoutCore

/// The tables of bucket and directory files.
///
/// A released step never changes.
enum Schema {
  static let bucketID: Int32 = 0x4d74_6c31  // "Mtl1"
  static let directoryID: Int32 = 0x4d74_6c32  // "Mtl2"

  /// All that belongs to a user.
  ///
  /// Lists are clustered by user; rows that may grow over a kilobyte have tables with row ids.
  static let bucket = Migrations([
    .init(
      "accounts",
      sql: """
        CREATE TABLE user(
          id BLOB PRIMARY KEY,
          username TEXT NOT NULL, email TEXT NOT NULL, display_name TEXT NOT NULL,
          password_hash BLOB NOT NULL, created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE session(
          user BLOB NOT NULL, id BLOB NOT NULL,
          device BLOB NOT NULL, device_name TEXT NOT NULL,
          refresh_hash BLOB NOT NULL, generation INTEGER NOT NULL,
          created_at INTEGER NOT NULL, refreshed_at INTEGER NOT NULL,
          expires_at INTEGER NOT NULL, revoked_at INTEGER,
          PRIMARY KEY(user, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE spent_token(
          session BLOB NOT NULL, generation INTEGER NOT NULL,
          hash BLOB NOT NULL, spent_at INTEGER NOT NULL,
          PRIMARY KEY(session, generation)
        ) STRICT, WITHOUT ROWID;
        """
    ),
    .init(
      "friends",
      sql: """
        CREATE TABLE friend(
          user BLOB NOT NULL, other BLOB NOT NULL,
          username TEXT NOT NULL, display_name TEXT NOT NULL, state INTEGER NOT NULL,
          mine INTEGER NOT NULL, mine_version INTEGER NOT NULL, mine_at INTEGER NOT NULL,
          theirs INTEGER NOT NULL, theirs_version INTEGER NOT NULL, theirs_at INTEGER NOT NULL,
          PRIMARY KEY(user, other)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX friend_by_name ON friend(user, username, state);
        CREATE TABLE friend_outbox(
          user BLOB NOT NULL, other BLOB NOT NULL, PRIMARY KEY(user, other)
        ) STRICT, WITHOUT ROWID;
        """
    ),
    .init(
      "activities",
      sql: """
        CREATE TABLE activity(
          owner BLOB NOT NULL, started_at INTEGER NOT NULL, id BLOB NOT NULL,
          device BLOB NOT NULL, type INTEGER NOT NULL, state INTEGER NOT NULL,
          visibility INTEGER NOT NULL, ended_at INTEGER,
          time_zone TEXT NOT NULL, title TEXT NOT NULL,
          summary BLOB, created_at INTEGER NOT NULL,
          PRIMARY KEY(owner, started_at DESC, id DESC)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX activity_by_id ON activity(id);
        CREATE INDEX activity_live ON activity(owner, started_at DESC, id DESC)
          WHERE state IN (1, 2);
        CREATE TABLE activity_splits(
          key INTEGER PRIMARY KEY, activity BLOB NOT NULL UNIQUE, splits BLOB NOT NULL
        ) STRICT;
        CREATE TABLE recording(
          activity BLOB NOT NULL, device BLOB NOT NULL,
          next_sequence INTEGER NOT NULL, next_event_sequence INTEGER NOT NULL,
          PRIMARY KEY(activity, device)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE part(
          key INTEGER PRIMARY KEY, activity BLOB NOT NULL, device BLOB NOT NULL,
          first_sequence INTEGER NOT NULL, first_event_sequence INTEGER NOT NULL,
          samples BLOB NOT NULL, events BLOB NOT NULL
        ) STRICT;
        CREATE INDEX part_by_activity ON part(activity, device, key);
        CREATE TABLE stream(
          key INTEGER PRIMARY KEY, activity BLOB NOT NULL, device BLOB NOT NULL,
          samples BLOB NOT NULL, events BLOB NOT NULL, UNIQUE(activity, device)
        ) STRICT;
        """
    ),
  ])

  /// What must be found without knowing the user.
  static let directory = Migrations([
    .init(
      "claims and owners",
      sql: """
        CREATE TABLE claim(
          kind INTEGER NOT NULL, name TEXT NOT NULL,
          user BLOB NOT NULL, confirmed INTEGER NOT NULL,
          PRIMARY KEY(kind, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX claim_unconfirmed ON claim(kind, name) WHERE confirmed = 0;
        CREATE TABLE activity_owner(
          activity BLOB PRIMARY KEY, owner BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
    )
  ])
}

extension SQLiteValue {
  static func id(_ id: some EntityID) -> SQLiteValue { .blob(id.bytes) }

  static func count(_ value: UInt64) -> SQLiteValue { .int(Int64(clamping: value)) }
}

extension Row {
  /// An id; the query fails when there is none in the column.
  func id<ID: EntityID>(_ column: Int32, _ type: ID.Type = ID.self) -> ID {
    if let id = ID(bytes: blob(column)) { return id }
    refuse(column, "no id")
    return ID(.placeholder)
  }

  /// A sequence or a count, which is never negative.
  func count(_ column: Int32) -> UInt64 {
    if let value = UInt64(exactly: int64(column)) { return value }
    refuse(column, "negative")
    return 0
  }

  /// A value of an enumeration.
  func value<Value: RawRepresentable>(_ column: Int32, else fallback: Value) -> Value
  where Value.RawValue == UInt8 {
    if let raw = UInt8(exactly: int64(column)), let value = Value(rawValue: raw) { return value }
    refuse(column, "unknown value")
    return fallback
  }
}

extension UniqueID {
  /// Stands in for an id that could not be read, until the query throws.
  fileprivate static let placeholder: UniqueID = {
    var zeros = Zeros()
    return version7(timeMs: 0, using: &zeros)
  }()

  private struct Zeros: RandomNumberGenerator {
    func next() -> UInt64 { 0 }
  }
}

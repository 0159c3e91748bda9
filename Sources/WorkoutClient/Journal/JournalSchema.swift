internal import MartletSQLite

/// The tables of a device's journal.
///
/// `samples` holds one row for each append: `count` samples from `first_sequence` on, in the stored
/// form of WorkoutCore, which ends in a checksum. Rows are never changed; they go when the server
/// has completed the activity.
enum JournalSchema {
  /// "MrtJ": tells a journal from any other SQLite file.
  static let applicationID: Int32 = 0x4D72_744A

  static let migrations = Migrations([
    Migrations.Step(
      "activities, samples and events",
      sql: """
        CREATE TABLE activity(
          key INTEGER PRIMARY KEY,
          id TEXT NOT NULL UNIQUE,
          device TEXT NOT NULL,
          type INTEGER NOT NULL,
          started_at_ms INTEGER NOT NULL,
          time_zone TEXT NOT NULL,
          title TEXT NOT NULL,
          visibility INTEGER NOT NULL,
          source TEXT NOT NULL,
          sample_count INTEGER NOT NULL DEFAULT 0,
          event_count INTEGER NOT NULL DEFAULT 0,
          acknowledged_samples INTEGER NOT NULL DEFAULT 0,
          acknowledged_events INTEGER NOT NULL DEFAULT 0,
          is_ended INTEGER NOT NULL DEFAULT 0,
          is_completed INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE TABLE samples(
          activity INTEGER NOT NULL REFERENCES activity(key),
          first_sequence INTEGER NOT NULL,
          count INTEGER NOT NULL,
          stored BLOB NOT NULL,
          PRIMARY KEY(activity, first_sequence)
        ) STRICT;
        CREATE TABLE event(
          activity INTEGER NOT NULL REFERENCES activity(key),
          sequence INTEGER NOT NULL,
          after_sample INTEGER NOT NULL,
          type INTEGER NOT NULL,
          time_ms INTEGER NOT NULL,
          PRIMARY KEY(activity, sequence)
        ) STRICT, WITHOUT ROWID;
        """
    )
  ])
}

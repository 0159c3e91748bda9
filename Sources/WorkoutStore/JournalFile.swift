internal import MartletSQLite

/// One file of a journal: rows are only ever added, and the file goes as a whole.
final class JournalFile {
  private static let applicationID: Int32 = 0x4d74_6c33  // "Mtl3"

  private static let migrations = Migrations([
    .init(
      "rows",
      sql: """
        CREATE TABLE entries(
          id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, data BLOB NOT NULL
        ) STRICT
        """
    )
  ])

  let number: Int
  let path: String
  private let database: Database
  /// Bytes of the rows written so far.
  private(set) var bytes = 0

  init(number: Int, in directory: String) throws(StoreError) {
    self.number = number
    path = StoreLayout.journalFile(number, in: directory)
    do {
      var options = DatabaseOptions()
      options.applicationID = Self.applicationID
      database = try Database(path: path, options: options)
      try Self.migrations.apply(to: database)
    } catch {
      throw StoreError(error)
    }
  }

  /// Adds rows in one commit; they are on the disk when this returns, and not there when it throws.
  func commit(_ rows: [[UInt8]]) throws(StoreError) {
    do {
      try database.transaction { () throws(SQLiteError) in
        for row in rows {
          try database.withStatement("INSERT INTO entries(hash, data) VALUES(?1, ?2)") {
            statement throws(SQLiteError) in
            try statement.bind(1, JournalEntry.check(of: row))
            try statement.bind(2, row)
            _ = try statement.step()
          }
        }
      }
    } catch {
      throw StoreError(error)
    }
    bytes += rows.reduce(0) { $0 + $1.count }
  }

  func close() { database.close() }

  /// Removes the file with all that belongs to it.
  ///
  /// The log goes first: without it the file is merely older, and what it holds is settled.
  static func remove(_ path: String) throws(StoreError) {
    for suffix in ["-wal", "-shm", ""] { try FileSystem.remove(path + suffix) }
  }

  /// What a file holds, in the order it was committed in.
  ///
  /// Reads as far as the file and its log are sound; `isWhole` says whether that was to their end.
  static func read(_ path: String) -> (entries: [JournalEntry], isWhole: Bool) {
    let isLogDamaged = keepDamagedLog(path)
    let (entries, isWhole) = readSound(path)
    return (entries, isWhole && !isLogDamaged)
  }

  /// Keeps a log that SQLite would read in part only and then remove, under another name; says
  /// whether there is one, found now or at an earlier start.
  private static func keepDamagedLog(_ path: String) -> Bool {
    let kept = StoreLayout.damagedLog(ofJournal: path)
    if WriteAheadLog.hasUnreadableCommits(of: path) {
      // Where that fails the file is kept all the same, and what was in it is reported.
      try? FileSystem.link(WriteAheadLog.path(of: path), kept)
      return true
    }
    return FileSystem.exists(kept)
  }

  private static func readSound(_ path: String) -> (entries: [JournalEntry], isWhole: Bool) {
    var entries: [JournalEntry] = []
    do {
      var options = DatabaseOptions()
      options.applicationID = applicationID
      options.access = .write
      let database = try Database(path: path, options: options)
      defer { database.close() }
      // A file that was being made when the process died has nothing in it.
      let isMade = try database.first(
        "SELECT 1 FROM sqlite_schema WHERE name = 'entries'"
      ) { _ in true }
      guard isMade != nil else { return ([], true) }
      var last: Int64 = 0
      while let row = try database.first(
        "SELECT id, hash, data FROM entries WHERE id > ?1 ORDER BY id LIMIT 1",
        [.int(last)],
        { row in (id: row.int64(0), hash: row.int64(1), data: row.blob(2)) }
      ) {
        guard JournalEntry.check(of: row.data) == row.hash,
          let decoded = JournalEntry.decode(row: row.data)
        else { return (entries, false) }
        entries += decoded
        last = row.id
      }
      return (entries, true)
    } catch {
      return (entries, false)
    }
  }
}

internal import CSQLite

// What is done to a file as a whole.
extension Database {
  /// Copies the database, as of now, into a file that must not exist yet.
  ///
  /// Writers go on meanwhile. The copy holds one consistent state and is complete when this
  /// returns. It blocks for about the time it takes to read the file.
  package func backup(to destination: String) throws(SQLiteError) {
    // The text is a value, not an identifier, so it can be bound.
    try run("VACUUM INTO ?1", [.text(destination)])
  }

  /// What is wrong with the file, at most `limit` findings; empty when nothing is.
  ///
  /// `quick` leaves out that indexes match their tables. Takes time in proportion to the file.
  package func integrityCheck(quick: Bool = false, limit: Int = 100) throws(SQLiteError) -> [String]
  {
    do {
      let findings = try query("PRAGMA \(quick ? "quick" : "integrity")_check(\(limit))") {
        row in row.text(0)
      }
      return findings == ["ok"] ? [] : findings
    } catch  where error.kind == .corrupt {
      return [error.message]
    }
  }

  /// Moves what is in the write-ahead log into the file and empties the log.
  ///
  /// Returns false when a reader is in the way.
  @discardableResult
  package func checkpoint() throws(SQLiteError) -> Bool {
    try first("PRAGMA wal_checkpoint(TRUNCATE)") { row in row.int64(0) == 0 } ?? false
  }
}

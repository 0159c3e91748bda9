internal import CSQLite

/// One connection to one SQLite file: write-ahead log, `synchronous=FULL`, foreign keys on.
///
/// It is not `Sendable` on purpose: one thread owns it, from `init` to `close`. Calls block. Every
/// commit that returns is on the disk.
package final class Database {
  package let path: String
  let options: DatabaseOptions
  private(set) var connection: OpaquePointer?
  private var statements: [String: Statement] = [:]
  private(set) var isInTransaction = false

  /// Opens the file, and creates it when the options say so.
  ///
  /// Throws `incompatible` for another program's file, `corrupt` for a damaged one, `full`,
  /// `readOnly` or `io` when the disk refuses.
  package init(path: String, options: DatabaseOptions = DatabaseOptions()) throws(SQLiteError) {
    _ = Self.prepareLibrary
    self.path = path
    self.options = options
    let flags =
      switch options.access {
      case .createOrWrite: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .write: SQLITE_OPEN_READWRITE
      case .read: SQLITE_OPEN_READONLY
      }
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let handle else {
      let error = SQLiteError(code: code, connection: handle, path: path)
      sqlite3_close_v2(handle)
      throw error
    }
    connection = handle
    do {
      try configure()
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// Closes the connection.
  ///
  /// The last connection to a file moves what is in the log into the file and removes the log.
  /// Closing again changes nothing.
  package func close() {
    statements.removeAll()
    sqlite3_close_v2(connection)
    connection = nil
    isInTransaction = false
  }

  // MARK: Statements

  /// Runs `body` with the compiled statement, then resets it, so that no read stays open.
  ///
  /// Compiled statements are kept by their text: pass constant texts and bind what varies.
  package func withStatement<T>(
    _ sql: String,
    _ body: (Statement) throws(SQLiteError) -> T
  ) throws(SQLiteError) -> T {
    let statement = try borrow(sql)
    defer { statement.giveBack() }
    return try body(statement)
  }

  /// Runs a statement that returns no rows and says how many rows it changed.
  @discardableResult
  package func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> Int {
    try withStatement(sql) { statement throws(SQLiteError) in
      try statement.bind(values)
      while try statement.step() {}
      return changes
    }
  }

  /// Collects what `read` makes of each row.
  package func query<T>(
    _ sql: String,
    _ values: [SQLiteValue] = [],
    _ read: (Row) -> T
  ) throws(SQLiteError) -> [T] {
    try withStatement(sql) { statement throws(SQLiteError) in
      try statement.bind(values)
      var results: [T] = []
      while try statement.step() {
        results.append(read(statement.row))
        try statement.throwColumnError()
      }
      return results
    }
  }

  /// What `read` makes of the first row, or nil when there is none.
  package func first<T>(
    _ sql: String,
    _ values: [SQLiteValue] = [],
    _ read: (Row) -> T
  ) throws(SQLiteError) -> T? {
    try withStatement(sql) { statement throws(SQLiteError) in
      try statement.bind(values)
      guard try statement.step() else { return nil }
      let result = read(statement.row)
      try statement.throwColumnError()
      return result
    }
  }

  /// Runs several statements without parameters, separated by semicolons: schema text.
  package func runScript(_ sql: String) throws(SQLiteError) {
    try check(sqlite3_exec(connection, sql, nil, nil, nil))
  }

  /// Rows that the last insert, update or delete changed.
  package var changes: Int { Int(sqlite3_changes64(connection)) }

  /// Key of the last row inserted into a table with one.
  package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(connection) }

  // MARK: Transactions

  /// Runs `body` in one transaction: commits when it returns, rolls back when it throws.
  ///
  /// The write lock is taken at once, so a busy database is met before any work is done. When
  /// this returns, everything is on the disk; when it throws, nothing is in the database.
  @discardableResult
  package func transaction<T>(
    _ body: () throws(SQLiteError) -> T
  ) throws(SQLiteError) -> T {
    try begin()
    let result: T
    do {
      result = try body()
    } catch {
      rollBack()
      throw error
    }
    try commit()
    return result
  }

  /// Starts a transaction with the write lock, for those who cannot use `transaction`.
  package func begin() throws(SQLiteError) {
    guard !isInTransaction else { throw misuse("a transaction inside a transaction") }
    try run("BEGIN IMMEDIATE")
    isInTransaction = true
  }

  /// Commits; rolls back when that fails, so that the connection is usable either way.
  package func commit() throws(SQLiteError) {
    do {
      try run("COMMIT")
      isInTransaction = false
    } catch {
      rollBack()
      throw error
    }
  }

  /// Undoes the transaction, if there is one.
  ///
  /// A disk error may have undone it already.
  package func rollBack() {
    isInTransaction = false
    guard sqlite3_get_autocommit(connection) == 0 else { return }
    try? runScript("ROLLBACK")
  }
}

extension Database {
  private func borrow(_ sql: String) throws(SQLiteError) -> Statement {
    guard connection != nil else { throw misuse("the database is closed") }
    if let kept = statements[sql] {
      // Used again while it is being stepped, by a query inside a query: a second one.
      if kept.take() { return kept }
      return try Statement(sql, database: self)
    }
    let made = try Statement(sql, database: self)
    if statements.count >= options.maximumCachedStatements {
      statements.removeAll()
    }
    statements[sql] = made
    return made
  }

  func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else {
      throw SQLiteError(code: code, connection: connection, path: path)
    }
  }

  func misuse(_ message: String) -> SQLiteError {
    SQLiteError(kind: .misuse, message: message, path: path, extendedCode: SQLITE_MISUSE)
  }
}

extension Database {
  /// Before the first connection of the process.
  private static let prepareLibrary: Void = {
    _ = csqlite_disable_memory_statistics()
    _ = sqlite3_initialize()
  }()

  private func configure() throws(SQLiteError) {
    sqlite3_extended_result_codes(connection, 1)
    try check(sqlite3_busy_timeout(connection, options.busyTimeoutMilliseconds))
    try check(csqlite_set_defensive(connection))
    try runScript(
      """
      PRAGMA trusted_schema = OFF;
      PRAGMA cell_size_check = ON;
      PRAGMA foreign_keys = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -\(options.cacheKibibytes);
      """
    )
    if options.access != .read {
      try claimFile()
      try makeDurable()
    }
    try checkApplication()
  }

  /// Names a new file as ours before anything is in it.
  private func claimFile() throws(SQLiteError) {
    guard try pragma("page_count") == 0 else { return }
    try runScript(
      "PRAGMA page_size = \(options.pageSize); PRAGMA application_id = \(options.applicationID)"
    )
  }

  /// A pragma that cannot be obeyed is ignored without a word, so each is read back.
  private func makeDurable() throws(SQLiteError) {
    let mode = try first("PRAGMA journal_mode = WAL") { row in row.text(0) }
    guard mode == "wal" else {
      throw misuse("the file system has no write-ahead log: \(mode ?? "no mode")")
    }
    try runScript("PRAGMA synchronous = FULL")
    guard try pragma("synchronous") == 2 else { throw misuse("synchronous is not FULL") }
    guard try pragma("foreign_keys") == 1 else { throw misuse("foreign keys are off") }
    _ = try first("PRAGMA wal_autocheckpoint = \(options.walAutocheckpointPages)") { _ in }
    _ = try first("PRAGMA journal_size_limit = \(options.walSizeLimitBytes)") { _ in }
  }

  private func checkApplication() throws(SQLiteError) {
    guard options.applicationID != 0 else { return }
    let found = try pragma("application_id")
    guard found == Int64(options.applicationID) else {
      throw SQLiteError(
        kind: .incompatible,
        message: "application id \(found), expected \(options.applicationID)",
        path: path
      )
    }
  }

  /// Reads a pragma that is one integer.
  package func pragma(_ name: String) throws(SQLiteError) -> Int64 {
    try first("PRAGMA \(name)") { row in row.int64(0) } ?? 0
  }
}

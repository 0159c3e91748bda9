import MartletSQLite
import TestFiles
import Testing

@Suite("Database")
struct DatabaseTests {
  let directory: TemporaryDirectory
  let database: Database

  init() throws {
    directory = try TemporaryDirectory()
    database = try Database(path: directory.file("a.db"))
    try database.runScript(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, i INT, d REAL, s TEXT, b BLOB) STRICT"
    )
  }

  @Test("opening sets the durable modes and they read back")
  func durableModes() throws {
    #expect(try database.pragma("synchronous") == 2)
    #expect(try database.pragma("foreign_keys") == 1)
    #expect(try database.pragma("trusted_schema") == 0)
    #expect(try database.pragma("wal_autocheckpoint") == 1_000)
    #expect(try database.first("PRAGMA journal_mode") { row in row.text(0) } == "wal")
  }

  @Test("every type comes back as it was bound")
  func roundTrip() throws {
    let text = "Škofja Loka \u{0} 🏃"
    try database.run(
      "INSERT INTO t VALUES(1, ?1, ?2, ?3, ?4)",
      [.int(.min), .double(0.1), .text(text), .blob([0, 255, 7])]
    )
    try database.run(
      "INSERT INTO t VALUES(2, ?1, ?2, ?3, ?4)",
      [.int(.max), .double(-.infinity), .text(""), .blob([])]
    )
    try database.run("INSERT INTO t VALUES(3, ?1, ?2, ?3, ?4)", [.null, .null, .null, .null])
    let rows = try database.query("SELECT i, d, s, b FROM t ORDER BY id") { row in
      (
        row.optionalInt64(0), row.optionalDouble(1), row.optionalText(2),
        row.optionalBlob(3)
      )
    }
    try #require(rows.count == 3)
    #expect(rows[0] == (.min, 0.1, text, [0, 255, 7]))
    #expect(rows[1] == (.max, -.infinity, "", []))
    #expect(rows[2] == (nil, nil, nil, nil))
  }

  @Test("a span is bound as a blob")
  func span() throws {
    let bytes: [UInt8] = Array(0...200)
    try database.withStatement("INSERT INTO t(b) VALUES(?1)") { statement throws(SQLiteError) in
      try statement.bind(1, bytes.span.bytes)
      _ = try statement.step()
    }
    #expect(try database.first("SELECT b FROM t") { row in row.blob(0) } == bytes)
  }

  @Test("reading a column as another type is refused")
  func wrongType() throws {
    try database.run("INSERT INTO t(id, s) VALUES(1, 'x')")
    let error = #expect(throws: SQLiteError.self) {
      try database.first("SELECT s FROM t") { row in row.int64(0) }
    }
    #expect(error?.kind == .columnType)
    let null = #expect(throws: SQLiteError.self) {
      try database.first("SELECT i FROM t") { row in row.int64(0) }
    }
    #expect(null?.kind == .columnType)
  }

  @Test("text that is not UTF-8 is refused")
  func badText() throws {
    let error = #expect(throws: SQLiteError.self) {
      try database.first("SELECT CAST(x'ff41' AS TEXT)") { row in row.text(0) }
    }
    #expect(error?.kind == .columnType)
  }

  @Test("a transaction that throws leaves nothing, one that returns leaves all")
  func transactions() throws {
    let stop = SQLiteError(kind: .other, message: "stop", path: "")
    #expect(throws: stop) {
      try database.transaction { () throws(SQLiteError) in
        try database.run("INSERT INTO t(id) VALUES(1)")
        throw stop
      }
    }
    try database.transaction { () throws(SQLiteError) in
      try database.run("INSERT INTO t(id) VALUES(2)")
    }
    #expect(try database.query("SELECT id FROM t") { row in row.int64(0) } == [2])
  }

  @Test("a transaction inside a transaction is refused and the outer one goes on")
  func nested() throws {
    try database.transaction { () throws(SQLiteError) in
      try database.run("INSERT INTO t(id) VALUES(1)")
      #expect(throws: SQLiteError.self) { try database.transaction {} }
    }
    #expect(try database.pragma("user_version") == 0)
    #expect(try database.first("SELECT count(*) FROM t") { row in row.int64(0) } == 1)
  }

  @Test("errors are classified")
  func classified() throws {
    try database.run("INSERT INTO t(id) VALUES(1)")
    func kind(_ work: () throws -> Void) -> SQLiteError.Kind? {
      let error = #expect(throws: SQLiteError.self, performing: work)
      return error?.kind
    }
    #expect(kind { try database.run("INSERT INTO t(id) VALUES(1)") } == .constraint)
    #expect(kind { try database.run("INSERT INTO nowhere VALUES(1)") } == .misuse)
    #expect(kind { _ = try Database(path: directory.file("none/a.db")) } == .io)
    var readOnly = DatabaseOptions()
    readOnly.access = .read
    let reader = try Database(path: database.path, options: readOnly)
    #expect(kind { try reader.run("INSERT INTO t(id) VALUES(9)") } == .readOnly)
    var impatient = DatabaseOptions()
    impatient.busyTimeoutMilliseconds = 1
    let other = try Database(path: database.path, options: impatient)
    try database.begin()
    #expect(kind { try other.begin() } == .busy)
    database.rollBack()
    try writeFile(directory.file("bad.db"), Array("this is no database at all".utf8))
    #expect(kind { _ = try Database(path: directory.file("bad.db")) } == .corrupt)
  }

  @Test("a statement may be used again inside its own query")
  func reentrant() throws {
    for id in 1...3 { try database.run("INSERT INTO t(id) VALUES(?1)", [.int(Int64(id))]) }
    let sql = "SELECT id FROM t ORDER BY id"
    let lists = try database.query(sql) { _ in
      try? database.query(sql) { inner in inner.int64(0) }
    }
    #expect(lists == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
  }

  @Test("bound values do not leak into the next use of a statement")
  func bindingsCleared() throws {
    try database.run("INSERT INTO t(id, s) VALUES(1, ?1)", [.text("secret")])
    try database.run("INSERT INTO t(s) VALUES(?1)", [.text("secret")])
    try database.run("INSERT INTO t(s) VALUES(?1)", [])
    let last = try database.first("SELECT s FROM t ORDER BY id DESC") { row in
      row.optionalText(0)
    }
    #expect(last == .some(nil))
  }

  @Test("more statements than the cache holds still work")
  func cacheLimit() throws {
    var options = DatabaseOptions()
    options.maximumCachedStatements = 4
    let small = try Database(path: directory.file("small.db"), options: options)
    for number in 0..<20 {
      #expect(try small.first("SELECT \(number)") { row in row.int64(0) } == Int64(number))
    }
  }

  @Test("using a closed database is refused")
  func closed() throws {
    database.close()
    let error = #expect(throws: SQLiteError.self) { try database.run("SELECT 1") }
    #expect(error?.kind == .misuse)
  }

  @Test("another program's file is refused")
  func applicationID() throws {
    var ours = DatabaseOptions()
    ours.applicationID = 0x4d61_7274
    _ = try Database(path: directory.file("ours.db"), options: ours)
    #expect(throws: Never.self) { try Database(path: directory.file("ours.db"), options: ours) }
    let error = #expect(throws: SQLiteError.self) {
      try Database(path: database.path, options: ours)
    }
    #expect(error?.kind == .incompatible)
  }
}

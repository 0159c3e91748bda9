import MartletSQLite
import TestFiles
import Testing

@Suite("Migrations")
struct MigrationTests {
  let directory: TemporaryDirectory
  let database: Database

  static let one = Migrations.Step("one", sql: "CREATE TABLE a(x INT) STRICT")
  static let two = Migrations.Step("two", sql: "ALTER TABLE a ADD COLUMN y INT")

  init() throws {
    directory = try TemporaryDirectory()
    database = try Database(path: directory.file("m.db"))
  }

  @Test("missing steps are applied in order, and once")
  func inOrder() throws {
    #expect(try Migrations([Self.one]).apply(to: database) == 1)
    try database.run("INSERT INTO a VALUES(1)")
    #expect(try Migrations([Self.one, Self.two]).apply(to: database) == 1)
    #expect(try Migrations([Self.one, Self.two]).apply(to: database) == 0)
    let row = try database.first("SELECT x, y FROM a") { row in
      (row.int64(0), row.optionalInt64(1))
    }
    let values = try #require(row)
    #expect(values == (1, nil))
  }

  @Test("a step that fails leaves the database as it was")
  func failing() throws {
    let broken = Migrations.Step("broken") { database throws(SQLiteError) in
      try database.runScript("CREATE TABLE b(x INT) STRICT; INSERT INTO nowhere VALUES(1)")
    }
    #expect(throws: SQLiteError.self) { try Migrations([Self.one, broken]).apply(to: database) }
    let tables = try database.query("SELECT name FROM sqlite_schema") { row in row.text(0) }
    #expect(tables == [])
    #expect(try Migrations([Self.one, Self.two]).apply(to: database) == 2)
  }

  @Test("a database of a newer program is refused and not touched")
  func newer() throws {
    try Migrations([Self.one, Self.two]).apply(to: database)
    let error = #expect(throws: SQLiteError.self) { try Migrations([Self.one]).apply(to: database) }
    #expect(error?.kind == .incompatible)
    #expect(error?.message.contains("\"two\"") == true)
  }

  @Test("a history that differs is refused")
  func different() throws {
    try Migrations([Self.two.renamed("other", sql: "CREATE TABLE z(x INT)")]).apply(to: database)
    let error = #expect(throws: SQLiteError.self) {
      try Migrations([Self.one, Self.two]).apply(to: database)
    }
    #expect(error?.kind == .incompatible)
  }
}

extension Migrations.Step {
  fileprivate func renamed(_ name: String, sql: String) -> Self { Self(name, sql: sql) }
}

@Suite("Care for a file")
struct DatabaseCareTests {
  let directory: TemporaryDirectory
  let database: Database

  init() throws {
    directory = try TemporaryDirectory()
    database = try Database(path: directory.file("c.db"))
    try database.runScript("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB) STRICT")
    try database.transaction { () throws(SQLiteError) in
      for _ in 0..<200 {
        try database.run("INSERT INTO t(b) VALUES(?1)", [.blob([UInt8](repeating: 7, count: 500))])
      }
    }
  }

  @Test("a backup holds everything and is not written over")
  func backup() throws {
    let copy = directory.file("copy.db")
    try database.backup(to: copy)
    let reopened = try Database(path: copy)
    #expect(try reopened.first("SELECT count(*) FROM t") { row in row.int64(0) } == 200)
    #expect(throws: SQLiteError.self) { try database.backup(to: copy) }
  }

  @Test("a sound file has no findings")
  func sound() throws {
    #expect(try database.integrityCheck() == [])
    #expect(try database.integrityCheck(quick: true) == [])
  }

  @Test("a damaged page is found")
  func damaged() throws {
    #expect(try database.checkpoint())
    database.close()
    var bytes = try readFile(directory.file("c.db"))
    try #require(bytes.count > 40_960)
    for index in 20_480..<24_576 { bytes[index] = 0xa5 }
    try writeFile(directory.file("c.db"), bytes)
    let reopened = try Database(path: directory.file("c.db"))
    #expect(try !reopened.integrityCheck().isEmpty)
  }

  @Test("a checkpoint empties the log")
  func checkpoint() throws {
    #expect(try readFile(directory.file("c.db-wal")).count > 0)
    #expect(try database.checkpoint())
    #expect(try readFile(directory.file("c.db-wal")) == [])
  }
}

/// The steps that make a database's schema, oldest first.
///
/// A step that has been released never changes and never moves: later steps are added after it.
/// What has been applied is kept in the table `migration`.
package struct Migrations: Sendable {
  package struct Step: Sendable {
    package var name: String
    package var apply: @Sendable (Database) throws(SQLiteError) -> Void

    package init(
      _ name: String,
      _ apply: @escaping @Sendable (Database) throws(SQLiteError) -> Void
    ) {
      self.name = name
      self.apply = apply
    }

    /// A step that is SQL text alone.
    package init(_ name: String, sql: String) {
      self.name = name
      apply = { database throws(SQLiteError) in try database.runScript(sql) }
    }
  }

  package var steps: [Step]

  package init(_ steps: [Step]) { self.steps = steps }

  /// Applies the steps that are missing, all in one transaction, and says how many there were.
  ///
  /// Throws `incompatible` when the database has steps that this program does not know: it was
  /// written by a newer one, and an older one would misread it.
  @discardableResult
  package func apply(to database: Database) throws(SQLiteError) -> Int {
    if try isCurrent(database) { return 0 }
    return try database.transaction { () throws(SQLiteError) in
      try database.runScript(
        """
        CREATE TABLE IF NOT EXISTS migration(
          position INTEGER PRIMARY KEY, name TEXT NOT NULL
        ) STRICT
        """
      )
      let applied = try appliedNames(in: database)
      try checkKnown(applied, in: database)
      for (position, step) in steps.enumerated().dropFirst(applied.count) {
        try step.apply(database)
        try database.run(
          "INSERT INTO migration(position, name) VALUES(?1, ?2)",
          [.int(Int64(position)), .text(step.name)]
        )
      }
      return steps.count - applied.count
    }
  }

  /// Most opens find nothing to do, and should then write nothing.
  private func isCurrent(_ database: Database) throws(SQLiteError) -> Bool {
    let table = try database.first(
      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migration'"
    ) { _ in true }
    guard table != nil else { return false }
    let applied = try appliedNames(in: database)
    try checkKnown(applied, in: database)
    return applied.count == steps.count
  }

  private func appliedNames(in database: Database) throws(SQLiteError) -> [String] {
    try database.query("SELECT name FROM migration ORDER BY position") { row in row.text(0) }
  }

  private func checkKnown(_ applied: [String], in database: Database) throws(SQLiteError) {
    let known = steps.map(\.name)
    guard applied.count <= known.count, applied == Array(known.prefix(applied.count)) else {
      let strange = applied.enumerated().first { $0 >= known.count || known[$0] != $1 }
      throw SQLiteError(
        kind: .incompatible,
        message: "schema step \"\(strange?.element ?? "")\" is unknown: written by a newer program",
        path: database.path
      )
    }
  }
}

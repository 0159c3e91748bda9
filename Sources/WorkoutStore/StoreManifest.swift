internal import MartletSQLite

/// What was decided when the store was created and must not change: `store.db`.
enum StoreManifest {
  private static let applicationID: Int32 = 0x4d74_6c30  // "Mtl0"

  private static let migrations = Migrations([
    .init(
      "settings and shards",
      sql: """
        CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE bucket(number INTEGER PRIMARY KEY, shard TEXT NOT NULL) STRICT;
        """
    )
  ])

  /// Reads the map, or writes it for a new store.
  ///
  /// Throws `incompatible` when the configuration wants another number of buckets, other shards
  /// or another hash than the store was created with, or when there is data and no manifest: which
  /// bucket lies where must not be guessed.
  static func open(
    _ path: String,
    buckets: Int,
    shards: [String],
    hasData: Bool
  ) throws(StoreError) -> ShardMap {
    do {
      var options = DatabaseOptions()
      options.applicationID = applicationID
      let database = try Database(path: path, options: options)
      defer { database.close() }
      try migrations.apply(to: database)
      let wanted = [
        ("buckets", String(buckets)), ("hash", BucketHash.name),
        ("directories", String(StoreLimits.directoryBuckets)),
      ]
      if try database.first("SELECT 1 FROM setting", [], { _ in true }) == nil {
        guard !hasData else {
          throw StoreError.incompatible(
            reason: "\(path) is missing or empty, and there is data: restore it from a backup"
          )
        }
        try create(database, settings: wanted, map: ShardMap(buckets: buckets, shards: shards))
      }
      return try read(database, expecting: wanted, shards: shards)
    } catch let error as SQLiteError {
      throw StoreError(error)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .incompatible(reason: "\(error)")
    }
  }

  private static func create(
    _ database: Database,
    settings: [(String, String)],
    map: ShardMap
  ) throws(SQLiteError) {
    try database.transaction { () throws(SQLiteError) in
      for (name, value) in settings {
        try database.run("INSERT INTO setting VALUES(?1, ?2)", [.text(name), .text(value)])
      }
      for bucket in 0..<map.buckets {
        try database.run(
          "INSERT INTO bucket VALUES(?1, ?2)",
          [.int(Int64(bucket)), .text(map.shard(of: bucket))]
        )
      }
    }
  }

  private static func read(
    _ database: Database,
    expecting wanted: [(String, String)],
    shards: [String]
  ) throws -> ShardMap {
    for (name, value) in wanted {
      let stored = try database.first("SELECT value FROM setting WHERE name = ?1", [.text(name)]) {
        row in row.text(0)
      }
      guard stored == value else {
        throw StoreError.incompatible(
          reason: "\(name): the store has \(stored ?? "none"), \(value) is configured"
        )
      }
    }
    let stored = try database.query("SELECT shard FROM bucket ORDER BY number") { row in row.text(0)
    }
    guard Set(stored).isSubset(of: shards),
      let map = ShardMap(shards: shards, shardOfBucket: stored)
    else {
      throw StoreError.incompatible(
        reason: "shards: the store has \(Set(stored).sorted()), \(shards.sorted()) are configured"
      )
    }
    return map
  }
}

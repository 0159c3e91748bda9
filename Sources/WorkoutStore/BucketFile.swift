internal import MartletSQLite

/// Which file of the store.
enum FileKey: Sendable, Hashable {
  /// Settled data of the users that hash to it.
  case bucket(Int)
  /// Finds users by name and activities by id.
  case directory(Int)

  /// What the users of a damaged file are told.
  var damage: StoreError {
    switch self {
    case .bucket(let number): .bucketDamaged(bucket: number)
    case .directory(let number): .directoryDamaged(bucket: number)
    }
  }
}

/// One open bucket or directory file: a database whose errors are the store's.
///
/// What is done with it stands in the extensions in `Bucket+….swift` and `Directory.swift`.
final class BucketFile {
  let key: FileKey
  private let database: Database
  /// Set by the first sign of damage; no call is let through afterwards.
  private(set) var isDamaged = false

  init(key: FileKey, path: String) throws(StoreError) {
    self.key = key
    do {
      var options = DatabaseOptions()
      let migrations: Migrations
      switch key {
      case .bucket: (options.applicationID, migrations) = (Schema.bucketID, Schema.bucket)
      case .directory: (options.applicationID, migrations) = (Schema.directoryID, Schema.directory)
      }
      options.cacheKibibytes = 512
      database = try Database(path: path, options: options)
      try migrations.apply(to: database)
    } catch {
      throw error.kind == .corrupt ? key.damage : StoreError(error)
    }
  }

  func close() { database.close() }

  @discardableResult
  func run(_ sql: String, _ values: [SQLiteValue] = []) throws(StoreError) -> Int {
    do { return try database.run(sql, values) } catch { throw failure(error) }
  }

  func query<T>(
    _ sql: String,
    _ values: [SQLiteValue] = [],
    _ read: (Row) -> T
  ) throws(StoreError) -> [T] {
    do { return try database.query(sql, values, read) } catch { throw failure(error) }
  }

  func first<T>(
    _ sql: String,
    _ values: [SQLiteValue] = [],
    _ read: (Row) -> T
  ) throws(StoreError) -> T? {
    do { return try database.first(sql, values, read) } catch { throw failure(error) }
  }

  func exists(_ sql: String, _ values: [SQLiteValue]) throws(StoreError) -> Bool {
    try first(sql, values) { _ in true } != nil
  }

  /// Commits when `body` returns, rolls back when it throws; see `Database.transaction`.
  @discardableResult
  func transaction<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
    do { try database.begin() } catch { throw failure(error) }
    let result: T
    do throws(StoreError) {
      result = try body()
    } catch {
      database.rollBack()
      throw error
    }
    do { try database.commit() } catch { throw failure(error) }
    return result
  }

  /// A stored blob that makes no sense is damage like any other.
  func damage() -> StoreError {
    isDamaged = true
    return key.damage
  }

  private func failure(_ error: SQLiteError) -> StoreError {
    error.kind == .corrupt || error.kind == .columnType ? damage() : StoreError(error)
  }
}

/// The files of one worker thread: opened when first used, the least recently used one closed.
final class BucketFiles {
  private let limit: Int
  private let path: @Sendable (FileKey) -> String
  private var open: [FileKey: (file: BucketFile, lastUse: Int)] = [:]
  private var damaged: Set<FileKey> = []
  private var uses = 0

  init(limit: Int, path: @escaping @Sendable (FileKey) -> String) {
    self.limit = max(1, limit)
    self.path = path
  }

  /// Runs `body` on the file.
  ///
  /// A damaged file is closed and stays untouched; all later calls are told so at once.
  func with<T>(
    _ key: FileKey,
    _ body: (BucketFile) throws(StoreError) -> T
  ) throws(StoreError) -> T {
    if damaged.contains(key) { throw key.damage }
    do throws(StoreError) {
      let file = try use(key)
      defer { if file.isDamaged { quarantine(key) } }
      return try body(file)
    } catch {
      if error == key.damage { quarantine(key) }
      throw error
    }
  }

  func closeAll() {
    for (file, _) in open.values { file.close() }
    open = [:]
  }

  private func use(_ key: FileKey) throws(StoreError) -> BucketFile {
    uses += 1
    if let known = open[key] {
      open[key] = (known.file, uses)
      return known.file
    }
    if open.count >= limit, let oldest = open.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      open.removeValue(forKey: oldest.key)?.file.close()
    }
    let file = try BucketFile(key: key, path: path(key))
    open[key] = (file, uses)
    return file
  }

  private func quarantine(_ key: FileKey) {
    damaged.insert(key)
    open.removeValue(forKey: key)?.file.close()
  }
}

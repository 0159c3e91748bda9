import Glibc
import TestFiles
import MartletSQLite
import WorkoutCore
import WorkoutStore

/// A look at the files behind the store's back.
extension StoreFixture {
  var shard: String { "\(configuration.root)/shard" }

  func bucketPath(_ number: Int) -> String {
    let digits = String(number)
    return "\(shard)/bucket-\(String(repeating: "0", count: 4 - digits.count))\(digits).db"
  }

  /// Parts of an activity in the bucket files.
  func parts(_ store: SQLiteStore, of id: ActivityID) throws -> Int64 {
    try names(in: shard).filter { $0.hasSuffix(".db") }.reduce(0) { sum, name in
      let file = try Database(path: "\(shard)/\(name)")
      defer { file.close() }
      let count = try file.first("SELECT count(*) FROM part WHERE activity = ?1", [.blob(id.bytes)])
      { row in row.int64(0) }
      return sum + (count ?? 0)
    }
  }

  func journalFiles() throws -> [String] {
    try names(in: "\(shard)/journal").filter { $0.hasSuffix(".db") }
  }

  /// All files as they are now, for another store: what a crash at this moment leaves.
  func copy() throws -> StoreFixture {
    let copy = try StoreFixture()
    for folder in ["", "/directory", "/shard", "/shard/journal"] {
      let (from, to) = (configuration.root + folder, copy.configuration.root + folder)
      guard mkdir(to, 0o700) == 0 else { throw SystemFailure(errno: errno) }
      for name in try names(in: from) where name.hasSuffix(".db") || name.hasSuffix("-wal") {
        try writeFile("\(to)/\(name)", try readFile("\(from)/\(name)"))
      }
    }
    return copy
  }

  private func names(in directory: String) throws -> [String] {
    guard let handle = opendir(directory) else { throw SystemFailure(errno: errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      names.append(
        withUnsafePointer(to: entry.pointee.d_name) { tuple in
          tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
      )
    }
    return names.sorted()
  }
}

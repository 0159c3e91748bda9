/// Where each file of a store lies.
///
///     <root>/lock                        held while a process has the store open
///     <root>/store.db                    the manifest: settings, shards, which bucket is where
///     <root>/directory/directory-03.db   usernames, e-mails, activity ids
///     <shard>/bucket-0017.db             all that belongs to the users of a bucket
///     <shard>/journal/0000000042.db      what came in and is not settled yet
struct StoreLayout: Sendable {
  let root: String
  /// Paths by shard name.
  let shardPaths: [String: String]

  var lock: String { "\(root)/lock" }
  var manifest: String { "\(root)/store.db" }
  var directories: String { "\(root)/directory" }

  func directory(_ number: Int) -> String {
    "\(directories)/directory-\(padded(number, 2)).db"
  }

  func bucket(_ number: Int, shard: String) -> String {
    "\(shardPaths[shard] ?? root)/bucket-\(padded(number, 4)).db"
  }

  /// Whether there are directory or bucket files: the manifest was written before the first of them.
  func hasData() throws(StoreError) -> Bool {
    for folder in [directories] + shardPaths.values {
      let names = try FileSystem.names(in: folder)
      if names.contains(where: { $0.hasSuffix(".db") }) { return true }
    }
    return false
  }

  func journal(shard: String) -> String { "\(shardPaths[shard] ?? root)/journal" }

  static func journalFile(_ number: Int, in directory: String) -> String {
    "\(directory)/\(padded(number, 10)).db"
  }

  /// Where the log of a journal file is kept when it is damaged.
  static func damagedLog(ofJournal path: String) -> String { path + ".damaged-wal" }

  /// The number in a journal file's name; `nil` for any other file.
  static func journalNumber(of name: String) -> Int? {
    guard name.hasSuffix(".db"), let number = Int(name.dropLast(3)), number > 0 else { return nil }
    return name == "\(padded(number, 10)).db" ? number : nil
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The journal of one disk.
///
/// The file that is written, and older ones that still hold something unsettled. Belongs to the
/// journal's thread.
final class JournalFiles {
  private let directory: String
  private var current: JournalFile
  private var startedAtMs: Int64
  /// For each file how many chunks in it are not settled; no entry when all are.
  private var unsettled: [Int: Int] = [:]
  /// Files with something that could not be taken over at start-up; kept for a person to see.
  private var held: Set<Int> = []
  /// Older files that are still there.
  private var older: Set<Int>
  /// Commits so far.
  private(set) var commits = 0

  /// Starts a new file after the older ones.
  init(directory: String, older: [Int], nowMs: Int64) throws(StoreError) {
    self.directory = directory
    self.older = Set(older)
    startedAtMs = nowMs
    current = try JournalFile(number: (older.max() ?? 0) + 1, in: directory)
  }

  /// Numbers of the files in a journal's directory, oldest first.
  ///
  /// Leftovers of removed files are cleared away.
  static func scan(_ directory: String) throws(StoreError) -> [Int] {
    let names = try FileSystem.names(in: directory)
    let numbers = names.compactMap { StoreLayout.journalNumber(of: $0) }
    for name in names {
      guard let dash = name.lastIndex(of: "-"),
        let number = StoreLayout.journalNumber(of: String(name[..<dash])),
        !numbers.contains(number)
      else { continue }
      try FileSystem.remove("\(directory)/\(name)")
    }
    return numbers.sorted()
  }

  /// Number of the file that commits go to.
  var number: Int { current.number }

  /// Files on the disk, the current one included.
  var count: Int { older.count + 1 }

  /// Makes the rows durable in one commit.
  func commit(_ rows: [[UInt8]]) throws(StoreError) {
    try current.commit(rows)
    commits += 1
  }

  /// Notes a chunk that waits in a file.
  func retain(_ file: Int) { unsettled[file, default: 0] += 1 }

  /// Notes that chunks in these files are settled.
  func release(_ files: [Int]) {
    for file in files {
      let left = (unsettled[file] ?? 0) - 1
      unsettled[file] = left > 0 ? left : nil
    }
  }

  /// Keeps a file whatever becomes of the rest of it.
  func hold(_ file: Int) { held.insert(file) }

  /// Goes on to a new file when the current one is large or old enough.
  ///
  /// When that fails, for want of room say, the current one goes on.
  func rotate(ifLargerThan bytes: Int, orOlderThan age: Int64, nowMs: Int64) {
    let isLarge = current.bytes >= bytes
    let isOld = current.bytes > 0 && nowMs - startedAtMs >= age
    guard isLarge || isOld else { return }
    guard let next = try? JournalFile(number: current.number + 1, in: directory) else { return }
    current.close()
    older.insert(current.number)
    current = next
    startedAtMs = nowMs
  }

  /// Removes the older files in which everything is settled.
  ///
  /// Failing to is harmless: the next start-up reads them again and finds nothing new.
  func dropSettled() {
    for number in older where unsettled[number] == nil && !held.contains(number) {
      let path = StoreLayout.journalFile(number, in: directory)
      guard (try? JournalFile.remove(path)) != nil else { continue }
      older.remove(number)
    }
  }

  func close() { current.close() }
}

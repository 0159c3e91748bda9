// Directories and the lock: what SQLite does not do for us. All unsafe code around the file
// system stands here.

internal import Glibc
internal import MartletSQLite
internal import Synchronization

/// The few calls on directories that the store needs.
enum FileSystem {
  /// Makes a directory and those above it, durably.
  static func makeDirectory(_ path: String) throws(StoreError) {
    if isDirectory(path) { return }
    let parent = parentDirectory(of: path)
    if parent != path { try makeDirectory(parent) }
    guard unsafe mkdir(path, 0o750) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
    try synchronize(directory: parent)
  }

  /// Names in a directory, sorted.
  static func names(in directory: String) throws(StoreError) -> [String] {
    guard let handle = unsafe opendir(directory) else { throw failure("opendir", directory) }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
        unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Bytes of a file; 0 when there is none.
  static func size(of path: String) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return 0 }
    return Int(status.st_size)
  }

  /// Removes a file; one that is not there is fine.
  static func remove(_ path: String) throws(StoreError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("unlink", path) }
  }

  /// Gives a file a second name, durably; a name that is there already stays as it is.
  static func link(_ path: String, _ other: String) throws(StoreError) {
    guard unsafe Glibc.link(path, other) == 0 || errno == EEXIST else {
      throw failure("link", other)
    }
    try synchronize(directory: parentDirectory(of: other))
  }

  /// Makes the names in a directory durable.
  static func synchronize(directory: String) throws(StoreError) {
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", directory) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("fsync", directory) }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private static func parentDirectory(of path: String) -> String {
    let trimmed = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  fileprivate static func failure(_ call: String, _ path: String) -> StoreError {
    switch errno {
    case ENOSPC, EDQUOT, EFBIG: return .diskFull(path: path)
    case EACCES, EPERM, EROFS: return .readOnly(path: path)
    case let code:
      return .io(SQLiteError(kind: .io, message: call, path: path, systemErrno: code))
    }
  }
}

/// Keeps other processes out until it is released.
///
/// The kernel lets go of it when the process ends, however it ends.
final class DirectoryLock: Sendable {
  private let descriptor: Mutex<Int32>

  init(_ path: String) throws(StoreError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw FileSystem.failure("open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error: StoreError =
        errno == EWOULDBLOCK ? .inUse(path: path) : FileSystem.failure("flock", path)
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Lets others in; again changes nothing.
  func release() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { Glibc.close(descriptor) }
      descriptor = -1
    }
  }
}

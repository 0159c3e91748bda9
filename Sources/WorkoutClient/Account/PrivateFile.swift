internal import Glibc

/// Small files that only their owner may read: credentials, a device's name.
enum PrivateFile {
  /// No file of ours is larger.
  static let maximumBytes = 64 << 10

  /// Reads a file; nil when there is none.
  ///
  /// Refuses one that others may read or write, or that another user owns: its secrets are out, or
  /// may not be ours.
  static func read(_ path: String) throws(ProfileError) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw ProfileError("\(path): \(systemErrorText())")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw ProfileError("\(path): \(systemErrorText())")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw ProfileError(
        "\(path): other users may read or change it; make it yours alone with chmod 600, "
          + "and log in again if somebody may have"
      )
    }
    guard status.st_size <= maximumBytes else { throw ProfileError("\(path): too large") }
    var bytes = [UInt8](repeating: 0, count: maximumBytes)
    var count = 0
    while count < bytes.count {
      let got = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
      }
      if got == 0 { break }
      if got < 0, errno != EINTR { throw ProfileError("\(path): \(systemErrorText())") }
      count += max(0, got)
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// Replaces a file: at every moment, also after a crash, there is the old one or the new one.
  static func write(_ text: String, to path: String) throws(ProfileError) {
    let temporary = "\(path).\(getpid()).new"
    unsafe unlink(temporary)
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ProfileError("\(temporary): \(systemErrorText())") }
    let isWritten = writeAll(Array(text.utf8), to: descriptor) && fsync(descriptor) == 0
    let failure = systemErrorText()
    close(descriptor)
    guard isWritten else {
      unsafe unlink(temporary)
      throw ProfileError("\(temporary): \(failure)")
    }
    guard unsafe rename(temporary, path) == 0 else {
      throw ProfileError("\(path): \(systemErrorText())")
    }
    syncDirectory(of: path)
  }

  /// Removes a file; one that is not there is no error.
  static func remove(_ path: String) throws(ProfileError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw ProfileError("\(path): \(systemErrorText())")
    }
    syncDirectory(of: path)
  }

  /// Makes a directory that only its owner may enter, and its parents.
  static func makeDirectory(_ path: String) throws(ProfileError) {
    if unsafe mkdir(path, 0o700) == 0 { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeDirectory(String(path[..<slash]))
      if unsafe mkdir(path, 0o700) == 0 { return }
    }
    guard errno == EEXIST else { throw ProfileError("\(path): \(systemErrorText())") }
    var status = stat()
    guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw ProfileError("\(path): no directory")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw ProfileError("\(path): other users may write to this directory; chmod 700 it")
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno != EINTR { return false }
      rest = rest.dropFirst(max(0, count))
    }
    return true
  }

  /// A rename is on disk when its directory is.
  private static func syncDirectory(of path: String) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = unsafe open(directory.isEmpty ? "/" : directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// A lock between processes, held until it is released or the process ends.
package final class FileLock: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  /// Takes the lock if nobody has it; nil when somebody has.
  package static func take(_ path: String) throws(ProfileError) -> FileLock? {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw ProfileError("\(path): \(systemErrorText())") }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor: descriptor) }
    let failure = errno
    close(descriptor)
    guard failure == EWOULDBLOCK else { throw ProfileError("\(path): \(systemErrorText())") }
    return nil
  }

  /// Gives the lock back.
  package func release() { flock(descriptor, LOCK_UN) }

  deinit { close(descriptor) }
}

internal import Glibc

/// A small file that holds a secret: readable by its owner only, written whole or not at all.
package enum PrivateFile {
  private static let maximumBytes = 16 << 10

  /// Reads a file; nothing when there is none.
  ///
  /// - Throws: `CryptoError` when it cannot be read, is too large, or others may read it.
  package static func read(_ path: String) throws(CryptoError) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw .fromErrno("read \(path)") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .fromErrno("read \(path)") }
    guard status.st_mode & 0o077 == 0 else {
      throw CryptoError("use \(path)", "others may read it: run chmod 600 on it")
    }
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .fromErrno("read \(path)") }
      if count == 0 { return [UInt8](bytes.prefix(filled)) }
      filled += count
    }
    throw CryptoError("read \(path)", "it has more than \(maximumBytes) bytes")
  }

  /// Makes a file with these bytes, mode 0600 from its first moment, and forces it to disk.
  ///
  /// - Throws: `CryptoError` when it cannot be written; there is no half-written file then.
  package static func create(_ path: String, _ bytes: [UInt8]) throws(CryptoError) {
    let draft = path + ".new"
    _ = unsafe unlink(draft)
    let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .fromErrno("write \(path)") }
    let written = unsafe bytes.withUnsafeBytes {
      unsafe write(descriptor, $0.baseAddress, $0.count)
    }
    let isDurable = written == bytes.count && fsync(descriptor) == 0
    let error = errno
    close(descriptor)
    guard isDurable, unsafe rename(draft, path) == 0 else {
      errno = isDurable ? errno : error
      let failure = CryptoError.fromErrno("write \(path)")
      _ = unsafe unlink(draft)
      throw failure
    }
  }
}

extension CryptoError {
  fileprivate static func fromErrno(_ operation: String) -> CryptoError {
    CryptoError(operation, unsafe String(cString: strerror(errno)))
  }
}

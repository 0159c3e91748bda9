import Glibc

/// A file that appears whole or not at all; `-` is standard output.
///
/// What exists and is no regular file, a device, a pipe or a link, is written to and never replaced.
final class OutputFile {
  private let path: String
  private let temporary: String?
  private let descriptor: Int32
  private var isFinished = false

  /// Opens a new file beside the one to be replaced.
  init(_ path: String) throws(CommandFailure) {
    self.path = path
    guard path != "-" else {
      temporary = nil
      descriptor = STDOUT_FILENO
      return
    }
    var status = stat()
    guard unsafe lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      temporary = nil
      descriptor = unsafe open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.failure(path) }
      return
    }
    let temporary = "\(path).\(getpid()).new"
    descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    self.temporary = temporary
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  func write(_ text: String) throws(CommandFailure) {
    guard Terminal.write(text, to: descriptor) else { throw Self.failure(path) }
  }

  /// Puts the file in its place.
  func finish() throws(CommandFailure) {
    guard let temporary else { return }
    guard fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
      throw Self.failure(path)
    }
    isFinished = true
  }

  deinit {
    if descriptor > STDERR_FILENO { close(descriptor) }
    if let temporary, descriptor >= 0, !isFinished { unsafe unlink(temporary) }
  }

  private static func failure(_ path: String) -> CommandFailure {
    let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    return CommandFailure(ExitStatus.cannotCreate, "\(path): \(reason)")
  }
}

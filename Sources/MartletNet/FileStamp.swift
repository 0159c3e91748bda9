internal import CLinux
internal import Glibc

/// What tells whether a file is still the one that was read.
///
/// Through symbolic links, so that a link that is moved to another file counts as a change.
package struct FileStamp: Hashable, Sendable {
  private var device: UInt64 = 0
  private var number: UInt64 = 0
  private var size: Int64 = 0
  private var seconds: Int = 0
  private var nanoseconds: Int = 0

  /// Asks the system; all zero for a file that is not there.
  package init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    size = Int64(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }

  /// Whether both are of the same file, changed or not; false when there is none.
  func isSameFile(as other: FileStamp) -> Bool {
    number != 0 && number == other.number && device == other.device
  }
}

/// All bytes of a file of at most `maxBytes`.
func readWholeFile(_ path: String, maxBytes: Int) throws(NetError) -> [UInt8] {
  guard let file = fopen(path, "rbe") else {
    throw .systemCall(name: "open \(path)", code: martlet_errno())
  }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { break }
    bytes += buffer[..<count]
    guard bytes.count <= maxBytes else { throw .limit("\(path) is larger than \(maxBytes) bytes") }
  }
  guard ferror(file) == 0 else { throw .systemCall(name: "read \(path)", code: EIO) }
  return bytes
}

// Files through Glibc: Foundation would weigh more than the compiler.

import Glibc
import MartletSchema

/// What the file system refused.
struct FileError: Error, CustomStringConvertible {
  var path: String
  var reason: String

  /// Takes the reason from `errno`.
  init(_ path: String) {
    self.path = path
    reason = unsafe String(cString: strerror(errno))
  }

  var description: String { "\(path): \(reason)" }
}

/// Reads and writes whole files.
enum FileSystem {
  /// The bytes of a file, read up to `limit` and one more, so that a too large one shows.
  static func read(_ path: String, limit: Int) -> LoadedFile {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(FileError(path).reason)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= limit {
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return .unreadable(FileError(path).reason) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return .found(bytes)
  }

  static func exists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The `.proto` files in a directory and those below it, by their paths from it, sorted.
  ///
  /// Hidden directories and links to directories are passed over.
  static func schemaFiles(in directory: String) -> [String] {
    var files: [String] = []
    var waiting = [""]
    while let folder = waiting.popLast() {
      for name in names(in: folder.isEmpty ? directory : "\(directory)/\(folder)") {
        if name.hasPrefix(".") { continue }
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var status = stat()
        guard unsafe lstat("\(directory)/\(path)", &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          waiting.append(path)
        } else if name.hasSuffix(".proto") {
          files.append(path)
        }
      }
    }
    return files.sorted()
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        let size = unsafe MemoryLayout.size(ofValue: pointer.pointee)
        return unsafe pointer.withMemoryRebound(to: CChar.self, capacity: size) { start in
          unsafe String(cString: start)
        }
      }
      names.append(name)
    }
    return names
  }

  /// Writes a file unless it holds these bytes already, and tells whether it has.
  ///
  /// So builds see no change where there is none. The file appears whole or not at all; what exists
  /// and is no regular file, a device, a pipe or a link, is written to and never replaced.
  static func writeIfChanged(_ path: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
    var status = stat()
    if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      let descriptor = unsafe open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(path) }
      defer { close(descriptor) }
      try write(bytes, to: descriptor, named: path)
      return true
    }
    if case .found(let old) = read(path, limit: bytes.count), old == bytes { return false }
    try makeDirectories(above: path)
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path) }
    defer { close(descriptor) }
    do throws(FileError) {
      try write(bytes, to: descriptor, named: path)
      guard unsafe rename(temporary, path) == 0 else { throw FileError(path) }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    return true
  }

  private static func write(
    _ bytes: [UInt8],
    to descriptor: Int32,
    named path: String
  ) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError(path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func makeDirectories(above path: String) throws(FileError) {
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      let directory = String(path[..<slash])
      end = path.index(after: slash)
      if directory.isEmpty || exists(directory) { continue }
      guard unsafe mkdir(directory, 0o755) == 0 || errno == EEXIST else {
        throw FileError(directory)
      }
    }
  }

  /// Writes text to standard error.
  static func printError(_ text: String) {
    print(text, to: STDERR_FILENO)
  }

  /// Writes text to standard output.
  static func printOutput(_ text: String) {
    print(text, to: STDOUT_FILENO)
  }

  private static func print(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

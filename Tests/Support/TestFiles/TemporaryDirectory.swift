internal import Glibc

/// A directory for one test, removed with all that is in it when the test lets go of it.
package final class TemporaryDirectory: Sendable {
  package let path: String

  /// Makes it in `TMPDIR`, or in /tmp where that is not set.
  package init() throws(SystemFailure) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/martlet-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap(mkdtemp) != nil }
    guard made else { throw SystemFailure(errno: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { removeTree(path) }

  /// The path of a file in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// What is in it, in no order.
  package var names: [String] { entries(of: path) }
}

/// A system call that did not work.
package struct SystemFailure: Error {
  package var errno: Int32

  package init(errno: Int32) { self.errno = errno }
}

/// The whole content of a file.
package func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw SystemFailure(errno: errno) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}

/// Replaces the content of a file.
package func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  guard let file = fopen(path, "wb") else { throw SystemFailure(errno: errno) }
  defer { fclose(file) }
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
    throw SystemFailure(errno: errno)
  }
}

private func entries(of path: String) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

private func removeTree(_ path: String) {
  // A link is removed, not followed.
  if unlink(path) == 0 { return }
  for name in entries(of: path) { removeTree("\(path)/\(name)") }
  rmdir(path)
}

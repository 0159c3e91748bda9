import Glibc
import TestFiles

/// `store-torture`, running.
struct ChildProcess {
  let pid: pid_t
  private let output: Int32

  init(_ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends) else { throw SystemFailure(errno: errno) }
    output = ends[0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    let program = try Self.programPath()
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, program, &actions, nil, &words, environ)
    close(ends[1])
    guard code == 0 else { throw SystemFailure(errno: code) }
    self.pid = pid
  }

  func kill() { _ = Glibc.kill(pid, SIGKILL) }

  /// Waits for the end; what it said, and its exit code (negative for the signal that ended it).
  func finish() throws -> (lines: [String], status: Int32) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    close(output)
    var status: Int32 = 0
    guard waitpid(pid, &status, 0) == pid else { throw SystemFailure(errno: errno) }
    let text = String(decoding: bytes, as: UTF8.self)
    let signal = status & 0x7f
    return (
      text.split(separator: "\n").map { String($0) }, signal != 0 ? -signal : status >> 8 & 0xff
    )
  }

  /// It is built beside the tests.
  private static func programPath() throws -> String {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { throw SystemFailure(errno: errno) }
    let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for argument in [own] + CommandLine.arguments {
      guard let slash = argument.lastIndex(of: "/") else { continue }
      let path = "\(argument[..<slash])/store-torture"
      if access(path, X_OK) == 0 { return path }
    }
    throw SystemFailure(errno: ENOENT)
  }
}

private func pipe2(_ ends: inout [Int32]) -> Bool {
  guard pipe(&ends) == 0 else { return false }
  return ends.allSatisfy { fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }
}

internal import Glibc

/// Why the server does not start: what, where, and what to do about it.
struct StartFailure: Error {
  /// The codes of sysexits.h, which service managers and scripts know.
  enum Code: Int32 {
    case usage = 64
    case unavailable = 69
    case cannotCreate = 73
    case disk = 74
    case inUse = 75
    case configuration = 78
  }

  let exitCode: Code
  let message: String

  static func usage(_ message: String) -> StartFailure {
    StartFailure(exitCode: .usage, message: "\(message)\nSee martletd --help.")
  }
}

/// Standard output and error without a buffer in between, so that a script sees a line at once.
struct StandardStream {
  static let output = StandardStream(descriptor: STDOUT_FILENO)
  static let error = StandardStream(descriptor: STDERR_FILENO)

  private let descriptor: Int32

  /// Writes a line; where nobody reads it any more it is lost.
  func writeLine(_ line: String) {
    var bytes = [UInt8]("\(line)\n".utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

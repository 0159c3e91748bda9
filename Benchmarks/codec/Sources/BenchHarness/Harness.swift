import Glibc

/// What is measured of one message, by one peer: each closure runs an operation so many times.
public struct Case {
  /// What is measured: `decode`, `encode`.
  public let operation: String

  /// Runs the operation that many times.
  public let run: (Int) throws -> Void

  /// What the operation makes, as bytes, for the check before any measuring.
  public let check: () throws -> [UInt8]

  /// Makes a case.
  public init(
    _ operation: String,
    run: @escaping (Int) throws -> Void,
    check: @escaping () throws -> [UInt8]
  ) {
    self.operation = operation
    self.run = run
    self.check = check
  }
}

/// Keeps the optimizer from leaving out what made `value`.
@inline(never)
@_optimize(none)
public func keep<T>(_ value: borrowing T) {}

/// Serves the driver on standard input and output until its end.
///
/// The program is started with the folder of the inputs. A command is a line:
/// `run MESSAGE OPERATION COUNT` is answered with the nanoseconds of this thread's CPU time that
/// all runs took, `check MESSAGE OPERATION PATH` writes what the operation makes to a file.
/// Given a command as arguments instead, it carries out that one alone, which is what
/// instruction counts are taken of.
///
/// - Parameter load: Makes the cases of a message from the files that `bytes` gives by name.
/// - Throws: What `load` and the cases throw.
public func serve(
  _ load: (_ message: String, _ bytes: (String) -> [UInt8]) throws -> [Case]
) throws {
  let arguments = Array(CommandLine.arguments.dropFirst())
  let folder = arguments[0]
  var loaded: [String: [Case]] = [:]
  func answer(_ words: [String]) throws {
    let message = words[1]
    if loaded[message] == nil {
      loaded[message] = try load(message) { readFile(folder + "/" + $0) }
    }
    guard let found = loaded[message]?.first(where: { $0.operation == words[2] }) else {
      print("none")
      return
    }
    if words[0] == "check" {
      writeFile(words[3], try found.check())
      print("ok")
    } else {
      print(try nanoseconds(of: found, count: Int(words[3]) ?? 1))
    }
  }
  if arguments.count > 1 { return try answer(Array(arguments.dropFirst())) }
  while let line = readLine() {
    try answer(line.split(separator: " ").map(String.init))
    fflush(nil)
  }
}

func nanoseconds(of found: Case, count: Int) throws -> Int {
  var before = timespec()
  var after = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before)
  try found.run(count)
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after)
  return (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec
}

func readFile(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { fatalError("cannot read \(path)") }
  defer { fclose(file) }
  fseek(file, 0, SEEK_END)
  var bytes = [UInt8](repeating: 0, count: ftell(file))
  rewind(file)
  precondition(fread(&bytes, 1, bytes.count, file) == bytes.count, "cannot read \(path)")
  return bytes
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
  guard let file = fopen(path, "wb") else { fatalError("cannot write \(path)") }
  precondition(fwrite(bytes, 1, bytes.count, file) == bytes.count, "cannot write \(path)")
  fclose(file)
}

import Dispatch
import Glibc
import Synchronization

/// What the program says and asks, and where.
enum Terminal {
  static let outputIsTerminal = isatty(STDOUT_FILENO) == 1

  /// Characters in a line of the terminal; 80 where there is none.
  static var columns: Int {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return Int(size.ws_col)
  }

  /// Why results could not be printed: the first `errno`, 0 while all is well.
  private static let outputFault = Atomic<Int32>(0)

  /// A line of results.
  ///
  /// A fault is remembered for `checkOutput`: a recording is worth more than what it prints.
  static func print(_ text: String) {
    guard !write(text + "\n", to: STDOUT_FILENO) else { return }
    _ = outputFault.compareExchange(expected: 0, desired: errno, ordering: .relaxed)
  }

  /// Finds out whether all results were printed so far.
  ///
  /// - Throws: `CommandFailure` when some were not; silent when their reader left.
  static func checkOutput() throws(CommandFailure) {
    let fault = outputFault.load(ordering: .relaxed)
    guard fault != 0 else { return }
    let reason = unsafe strerror(fault).map { unsafe String(cString: $0) } ?? "error \(fault)"
    let message = fault == EPIPE ? nil : "cannot write the output: \(reason)"
    throw CommandFailure(ExitStatus.cannotCreate, message)
  }

  /// A line about the run itself.
  static func note(_ text: String) { write("martlet: \(text)\n", to: STDERR_FILENO) }

  /// Writes all of the text; returns whether the system took it.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno != EINTR { return false }
      rest = rest.dropFirst(max(0, count))
    }
    return true
  }

  /// Asks for a secret at the terminal, without showing it; nil when there is no terminal.
  static func askSecret(_ prompt: String) -> String? {
    let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return nil }
    defer { close(terminal) }
    var silent = termios()
    guard unsafe tcgetattr(terminal, &silent) == 0 else { return nil }
    let before = silent
    silent.c_lflag &= ~tcflag_t(ECHO)
    // Ctrl-C at the prompt must not leave a terminal behind that shows nothing.
    let interruption = Interruption {
      var shown = before
      unsafe tcsetattr(terminal, TCSAFLUSH, &shown)
      exit(ExitStatus.interrupted)
    }
    defer { interruption.end() }
    unsafe tcsetattr(terminal, TCSAFLUSH, &silent)
    defer {
      var shown = before
      unsafe tcsetattr(terminal, TCSAFLUSH, &shown)
      write("\n", to: terminal)
    }
    write(prompt, to: terminal)
    return readLine(from: terminal, limit: 1024)
  }

  /// Reads up to the first line break or the end; nil beyond the limit or on an error.
  static func readLine(from descriptor: Int32, limit: Int) -> String? {
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      var byte: UInt8 = 0
      let count = unsafe read(descriptor, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count < 0 { return nil }
      if count == 0 || byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return nil
  }
}

/// One line that is overwritten on a terminal, and printed now and then elsewhere.
final class StatusLine: Sendable {
  private struct State {
    var shown = 0
    var lastShownAt: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let isEnabled: Bool

  init(isEnabled: Bool) { self.isEnabled = isEnabled }

  /// How often a line is worth it: a terminal bears more than a log.
  private var interval: Duration {
    Terminal.outputIsTerminal ? .milliseconds(100) : .seconds(1)
  }

  /// Shows the text, unless the last one was shown just now.
  func show(_ text: @autoclosure () -> String) {
    guard isEnabled else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastShownAt, now - last < interval { return }
      state.lastShownAt = now
      var text = text()
      if Terminal.outputIsTerminal {
        // A line that wraps could not be overwritten.
        text = String(text.prefix(max(20, Terminal.columns - 1)))
        let blanks = String(repeating: " ", count: max(0, state.shown - text.count))
        Terminal.write("\r\(text)\(blanks)", to: STDOUT_FILENO)
        state.shown = text.count
      } else {
        Terminal.print(text)
      }
    }
  }

  /// Makes room for other lines.
  func clear() {
    state.withLock { state in
      guard state.shown > 0 else { return }
      Terminal.write("\r\(String(repeating: " ", count: state.shown))\r", to: STDOUT_FILENO)
      state.shown = 0
    }
  }
}

/// Notices that the person, or the system, wants the program to stop, for as long as it lives.
final class Interruption {
  private let counter = Counter()
  private var sources: [any DispatchSourceSignal] = []

  /// Calls `action` at the first SIGINT or SIGTERM instead of ending the program; a second one ends
  /// it, in case the action hangs.
  init(_ action: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "interruption")
    let ready = DispatchSemaphore(value: 0)
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { [counter] in
        if counter.increment() == 1 { action() } else { exit(ExitStatus.interrupted) }
      }
      // Until the source is in place the signal would be lost.
      source.setRegistrationHandler { ready.signal() }
      source.resume()
      sources.append(source)
    }
    for _ in sources { ready.wait() }
  }

  /// Whether it came.
  var hasHappened: Bool { counter.value > 0 }

  /// Gives the signals their usual meaning back.
  func end() {
    for source in sources { source.cancel() }
    signal(SIGINT, SIG_DFL)
    signal(SIGTERM, SIG_DFL)
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func increment() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }
}

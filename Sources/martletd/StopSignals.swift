internal import Glibc
internal import MartletNet
internal import Synchronization
internal import WorkoutService

/// Waits for SIGTERM or SIGINT; a second one ends the process at once.
final class StopSignals: Sendable {
  private let loop: EventLoop
  private let first = WakeUp()
  private let name = Mutex<String?>(nil)
  private let watchers = Mutex<[SignalWatcher]>([])

  /// Begins to watch, on a thread of its own, so that a busy server still hears.
  init() throws(StartFailure) {
    do throws(NetError) {
      loop = try EventLoop()
      try loop.start()
    } catch {
      throw StartFailure(exitCode: .disk, message: "cannot watch for signals: \(error)")
    }
    loop.execute { [self] in
      watch(SIGTERM, "SIGTERM")
      watch(SIGINT, "SIGINT")
    }
  }

  /// The name of the signal that came.
  func wait() async -> String {
    try? await first.wait()
    return name.withLock { $0 } ?? "none"
  }

  private func watch(_ signal: Int32, _ signalName: String) {
    let watcher = try? SignalWatcher(signal, loop: loop) { [self] in
      let isFirst = name.withLock { name in
        defer { name = name ?? signalName }
        return name == nil
      }
      guard isFirst else {
        StandardStream.error.writeLine("martletd: second signal: exiting at once")
        // Nothing acknowledged is lost: it is on the disk.
        _exit(128 + signal)
      }
      first.raise()
    }
    guard let watcher else {
      StandardStream.error.writeLine("martletd: cannot watch for \(signalName)")
      return
    }
    watchers.withLock { $0.append(watcher) }
  }
}

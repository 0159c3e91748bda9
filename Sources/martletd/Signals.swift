internal import Glibc
internal import MartletNet
internal import Synchronization
internal import WorkoutService

/// Waits for SIGTERM or SIGINT, of which a second one ends the process at once; tells of SIGHUP.
final class Signals: Sendable {
  private let loop: EventLoop
  private let first = WakeUp()
  private let name = Mutex<String?>(nil)
  private let watchers = Mutex<[SignalWatcher]>([])
  private let hangUp = Mutex<(@Sendable () -> Void)?>(nil)

  /// Begins to watch, on a thread of its own, so that a busy server still hears.
  init() throws(StartFailure) {
    do throws(NetError) {
      loop = try EventLoop()
      try loop.start()
    } catch {
      throw StartFailure(exitCode: .disk, message: "cannot watch for signals: \(error)")
    }
    loop.execute { [self] in
      watch(SIGTERM, "SIGTERM") { $0.stop(SIGTERM, "SIGTERM") }
      watch(SIGINT, "SIGINT") { $0.stop(SIGINT, "SIGINT") }
      // From the start: one that comes before there is something to read again is no reason to end.
      watch(SIGHUP, "SIGHUP") { signals in signals.hangUp.withLock(\.self)?() }
    }
  }

  /// Runs `body`, which must not block, at each SIGHUP from now on.
  func onHangUp(_ body: @escaping @Sendable () -> Void) {
    hangUp.withLock { $0 = body }
  }

  /// The name of the signal that came.
  func wait() async -> String {
    try? await first.wait()
    return name.withLock { $0 } ?? "none"
  }

  private func watch(
    _ signal: Int32,
    _ signalName: String,
    _ onSignal: @escaping (Signals) -> Void
  ) {
    guard
      let watcher = try? SignalWatcher(signal, loop: loop, onSignal: { [self] in onSignal(self) })
    else {
      StandardStream.error.writeLine("martletd: cannot watch for \(signalName)")
      return
    }
    watchers.withLock { $0.append(watcher) }
  }

  private func stop(_ signal: Int32, _ signalName: String) {
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
}

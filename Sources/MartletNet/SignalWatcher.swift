internal import CLinux
internal import Glibc

/// Calls back on a loop when the process gets a signal.
///
/// The handler itself only adds to an eventfd, which is all that a signal handler may safely do.
package final class SignalWatcher: EventSource, @unchecked Sendable {
  private let loop: EventLoop
  private let signal: Int32
  private let descriptor: Int32
  private let onSignal: () -> Void
  private var isCancelled = false

  /// Starts to watch; on the loop.
  ///
  /// One watcher a signal in the process; the latest wins.
  package init(_ signal: Int32, loop: EventLoop, onSignal: @escaping () -> Void) throws(NetError) {
    self.loop = loop
    self.signal = signal
    self.onSignal = onSignal
    descriptor = martlet_eventfd()
    guard descriptor >= 0 else { throw .systemCall(name: "eventfd", code: martlet_errno()) }
    super.init()
    try loop.register(self, descriptor: descriptor, events: UInt32(martlet_epoll_in))
    guard martlet_watch_signal(signal, descriptor) == 0 else {
      let code = martlet_errno()
      loop.unregister(self, descriptor: descriptor)
      throw .systemCall(name: "sigaction", code: code)
    }
  }

  deinit {
    close(descriptor)
  }

  /// Gives the signal its default action back; on the loop.
  package func cancel() {
    assert(loop.isCurrent)
    guard !isCancelled else { return }
    isCancelled = true
    martlet_unwatch_signal(signal)
    loop.unregister(self, descriptor: descriptor)
  }

  override func handleEvents(_ events: UInt32) {
    var count: UInt64 = 0
    guard read(descriptor, &count, MemoryLayout<UInt64>.size) > 0, !isCancelled else { return }
    onSignal()
  }

  override func loopWillStop() {
    cancel()
  }
}

/// Calls back on a loop when the process gets a signal.
package final class SignalWatcher: EventSource, @unchecked Sendable {
  /// On the loop. One watcher a signal in the process; the latest wins.
  package init(_ signal: Int32, loop: EventLoop, onSignal: @escaping () -> Void) throws(NetError) {
    fatalError("coming")
  }

  /// Gives the signal its default action back; on the loop.
  package func cancel() {}
}

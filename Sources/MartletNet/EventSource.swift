/// Something that a loop watches: a listener, a transport, a signal.
///
/// The loop holds a registered source until it is unregistered *and* the turn has ended, so that an
/// event still in hand never meets a freed object.
package class EventSource {
  /// Where the loop keeps it, -1 while it does not.
  ///
  /// Only the loop touches it.
  final var place = -1

  /// Events that epoll reports for the descriptor.
  ///
  /// Called on the loop, possibly once more in the turn in which the source was unregistered.
  func handleEvents(_ events: UInt32) {}

  /// The loop stops: close now.
  ///
  /// Called on the loop.
  func loopWillStop() {}
}

internal import Synchronization
package import WorkoutCore
package import WorkoutStore

/// What one node tells all nodes about live activities, itself included.
package enum LiveSignal: Sendable {
  /// An activity began, or its device came back.
  case began(ActivityID, owner: UserID)
  /// Samples of an activity are on the disk.
  case batch(ActivityID, LiveBatch)
  /// An activity is completed or discarded.
  case ended(ActivityHeader, Statistics)
  /// How many people watch an activity now: for the node that its device is connected to.
  case watchers(ActivityID, Int)
  /// Two people became friends, or are no friends any more.
  case friendshipChanged(UserID, UserID)
  /// Log-ins ended, and with them the streams that were opened on their tokens.
  case sessionsEnded(Set<SessionID>)
}

/// Carries signals from the node where something happened to those where somebody watches.
///
/// It need not be reliable: what a signal says is in the store already, and a watcher that misses
/// one starts again from there. It does keep the order of one activity's signals.
package protocol LiveBus: Sendable {
  /// Sends a signal to every receiver on every node; does not wait for them.
  func publish(_ signal: LiveSignal)

  /// Has all signals from now on given to `receiver`, which must not block.
  func subscribe(_ receiver: @escaping @Sendable (LiveSignal) -> Void)
}

/// The bus of a single node: a call.
package final class InProcessLiveBus: LiveBus {
  private let receivers = Mutex<[@Sendable (LiveSignal) -> Void]>([])

  package init() {}

  package func publish(_ signal: LiveSignal) {
    for receiver in receivers.withLock({ $0 }) { receiver(signal) }
  }

  package func subscribe(_ receiver: @escaping @Sendable (LiveSignal) -> Void) {
    receivers.withLock { $0.append(receiver) }
  }
}

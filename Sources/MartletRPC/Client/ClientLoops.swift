internal import MartletNet
internal import Synchronization

/// The event loops that the channels of the process share.
///
/// A channel and its calls stay with one loop; channels are given loops in turns. A loop is made
/// when its turn first comes, and made again if the system refused its thread or descriptors.
public enum ClientLoops {
  private struct State {
    var loops: [EventLoop] = []
    var count = 1
    var keptFreedBytes: Int?
    var next = 0
  }

  private static let state = Mutex(State())

  /// How many loops there are at most; 1 unless changed.
  ///
  /// More than one pays when the responses of many channels keep a core busy. Channels that exist
  /// stay where they are.
  public static var count: Int {
    get { state.withLock { $0.count } }
    set { state.withLock { $0.count = max(newValue, 1) } }
  }

  /// Bytes of freed memory that malloc keeps for each loop, as `ServerLimits.keptFreedBytes` has it;
  /// nil, as it is unless changed, leaves the process's malloc alone.
  ///
  /// For clients of large messages; set it before the first channel is used.
  public static var keptFreedBytes: Int? {
    get { state.withLock { $0.keptFreedBytes } }
    set { state.withLock { $0.keptFreedBytes = newValue } }
  }

  /// The next channel's loop.
  static func next() throws(NetError) -> EventLoop {
    try state.withLock { (state) throws(NetError) -> EventLoop in
      let index = state.next % state.count
      if index >= state.loops.count {
        var limits = NetLimits()
        limits.keptFreedBytes = state.keptFreedBytes
        let loop = try EventLoop(limits: limits)
        try loop.start()
        state.loops.append(loop)
        state.next = state.loops.count
        return loop
      }
      state.next = index + 1
      return state.loops[index]
    }
  }
}

internal import Synchronization

/// Messages on their way from senders elsewhere to a call's loop: what gathers until the loop gets
/// to it leaves in one piece, and no sender waits for the loop.
///
/// Safe to use from any thread.
struct CallOutbox: ~Copyable, Sendable {
  /// Whole messages with their prefixes, one behind the other.
  struct Frames {
    var bytes: [UInt8] = []
    var messages = 0
  }

  private let storedIsOpen = Atomic<Bool>(false)
  private let storedIsEmpty = Atomic<Bool>(true)
  private let frames = Mutex(Frames())

  /// Whether a sender may put a message here; otherwise the loop is to judge.
  var isOpen: Bool { storedIsOpen.load(ordering: .relaxed) }

  func open() { storedIsOpen.store(true, ordering: .relaxed) }
  func close() { storedIsOpen.store(false, ordering: .relaxed) }

  /// Whether nothing is here; who has put something here and comes to the loop finds that out.
  var isEmpty: Bool { storedIsEmpty.load(ordering: .relaxed) }

  /// Adds a message, and closes when `limit` bytes are here.
  ///
  /// - Returns: whether it is the first, so that the loop must be told.
  func put(_ frame: UnsafeRawBufferPointer, limit: Int) -> Bool {
    let (isFirst, bytes) = frames.withLock { frames in
      let isFirst = frames.messages == 0
      if isFirst { storedIsEmpty.store(false, ordering: .relaxed) }
      frames.bytes.append(contentsOf: frame)
      frames.messages += 1
      return (isFirst, frames.bytes.count)
    }
    if bytes >= limit { close() }
    return isFirst
  }

  /// Exchanges what is here for `empty`, whose memory it uses from then on.
  func take(_ empty: inout Frames) {
    frames.withLock { frames in
      swap(&frames, &empty)
      storedIsEmpty.store(true, ordering: .relaxed)
    }
  }
}

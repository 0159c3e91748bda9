/// When the bytes of a stream are given back to the peer's flow-control window: only as the reader
/// takes messages, and, so that a message larger than the window can arrive at all, while the
/// reader waits for the rest of one.
///
/// With it the bytes that wait for a reader who does not read never exceed one window.
package struct ReceiveWindow {
  /// Bytes received whose room in the window has not been given back.
  ///
  /// They are the newest of those buffered.
  package private(set) var heldBytes = 0

  package init() {}

  package mutating func received(_ count: Int) {
    heldBytes += count
  }

  /// The reader has taken a message.
  ///
  /// Returns what to give back, given what is still buffered.
  package mutating func taken(bufferedBytes: Int) -> Int {
    let credit = max(0, heldBytes - bufferedBytes)
    heldBytes -= credit
    return credit
  }

  /// The reader waits and the next message is incomplete.
  ///
  /// Returns what to give back.
  package mutating func waiting() -> Int {
    let credit = heldBytes
    heldBytes = 0
    return credit
  }
}

/// The calls that wait for a connection, in the order in which they came.
///
/// Confined to the channel's loop. Each call knows its place, so that leaving costs the same however
/// many wait.
struct WaitingCalls {
  private var calls: [ClientCallCore?] = []
  /// The place of the first entry of `calls`, counted over the channel's life.
  private var firstPlace = 0
  /// Entries before it are nil.
  private var head = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// The call that has waited longest.
  var first: ClientCallCore? { head < calls.count ? calls[head] : nil }

  /// Adds a call at the end.
  ///
  /// - Complexity: O(1) on average.
  mutating func append(_ call: ClientCallCore) {
    call.waitingPlace = firstPlace + calls.count
    calls.append(call)
    count += 1
  }

  /// Removes a call; does nothing when it is not here.
  ///
  /// - Complexity: O(1) on average.
  mutating func remove(_ call: ClientCallCore) {
    guard let place = call.waitingPlace else { return }
    call.waitingPlace = nil
    calls[place - firstPlace] = nil
    count -= 1
    while head < calls.count, calls[head] == nil { head += 1 }
    guard head == calls.count || head >= 1_024 else { return }
    calls.removeFirst(head)
    firstPlace += head
    head = 0
  }

  /// Removes the calls for which `condition` holds, and returns them.
  mutating func removeAll(where condition: (ClientCallCore) -> Bool) -> [ClientCallCore] {
    let leaving = calls.compactMap { call in call.flatMap { condition($0) ? $0 : nil } }
    for call in leaving { remove(call) }
    return leaving
  }
}

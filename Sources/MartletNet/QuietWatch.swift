/// The transports of a loop on which something has happened lately, to find those on which nothing
/// does any more.
///
/// Looking through them now and then is cheaper than a timer that each byte pushes back, and those
/// that have been quiet for long are not among them. Confined to its loop.
struct QuietWatch {
  private var transports: ContiguousArray<Transport> = []
  /// Where the look goes on, for they are not all looked at in one turn.
  private var next = 0
  /// Whether a look is planned.
  var isPlanned = false

  var isEmpty: Bool { transports.isEmpty }

  mutating func add(_ transport: Transport) {
    transport.watchPlace = transports.count
    transports.append(transport)
  }

  mutating func remove(_ transport: Transport) {
    let place = transport.watchPlace
    guard place >= 0 else { return }
    transport.watchPlace = -1
    let last = transports.removeLast()
    guard last !== transport else { return }
    transports[place] = last
    last.watchPlace = place
  }

  /// Takes out, up to `count`, those on which nothing has happened since `limit`.
  ///
  /// When there are fewer, that was all of them, and the next look begins anew.
  mutating func takeQuiet(since limit: MonotonicTime, most count: Int) -> [Transport] {
    var quiet: [Transport] = []
    while next < transports.count, quiet.count < count {
      let candidate = transports[next]
      if candidate.lastUse <= limit {
        quiet.append(candidate)
        remove(candidate)
      } else {
        next += 1
      }
    }
    if next >= transports.count { next = 0 }
    return quiet
  }
}

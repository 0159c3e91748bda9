import Testing

@testable import MartletHTTP2

@Suite struct OutboundQueueTests {
  @Test("bytes leave in the order in which they were written, however they are split")
  func order() {
    var random = SplitMix(seed: 42)
    for _ in 0..<200 {
      var queue = OutboundQueue()
      var (next, expected) = (UInt8(0), UInt8(0))
      for _ in 0..<60 {
        let piece = (0..<random.size()).map { _ in
          defer { next &+= 1 }
          return next
        }
        if random.next() & 1 == 0 {
          piece.withUnsafeBytes { queue.append(copying: $0) }
        } else {
          queue.append(piece)
        }
        let taken = random.next() & 3 == 0 ? queue.count : Int(random.next() % 6_000)
        for byte in take(min(taken, queue.count), from: &queue) {
          #expect(byte == expected)
          expected &+= 1
        }
      }
      let rest = take(queue.count, from: &queue)
      for byte in rest {
        #expect(byte == expected)
        expected &+= 1
      }
      #expect(queue.count == 0 && expected == next)
    }
  }

  @Test("what is dropped does not come back")
  func dropping() {
    var queue = OutboundQueue()
    Array(repeating: UInt8(1), count: 5_000).withUnsafeBytes { queue.append(copying: $0) }
    queue.append([2, 3])
    queue.removeAll()
    #expect(queue.count == 0)
    [UInt8(4), 5].withUnsafeBytes { queue.append(copying: $0) }
    #expect(take(queue.count, from: &queue) == [4, 5])
  }

  private func take(_ count: Int, from queue: inout OutboundQueue) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { queue.move(into: $0) }
    return bytes
  }
}

/// A generator whose numbers are the same in each run.
private struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  /// Mostly a message, at times more than is put together.
  mutating func size() -> Int {
    next() & 7 == 0 ? Int(next() % 9_000) : Int(next() % 80)
  }
}

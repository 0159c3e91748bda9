import Testing

@testable import MartletHTTP2

@Suite struct OutboundInPlaceTests {
  private static func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
  }

  /// Takes frames of `size` as a connection does: in place where the queue allows it.
  private static func drain(
    _ queue: inout OutboundQueue,
    by size: Int
  ) -> (bytes: [UInt8], inPlace: Int) {
    var (taken, inPlace, header): ([UInt8], Int, UInt8) = ([], 0, 0)
    while queue.count > 0 {
      let count = min(size, queue.count)
      header &+= 1
      let head = [UInt8](repeating: header, count: 9)
      if queue.isInPlace(count, behind: head.count) {
        inPlace += 1
        head.withUnsafeBytes { head in
          queue.take(count, behind: head) { frame in
            #expect(frame.count == 9 + count && frame.prefix(9).elementsEqual(head))
            taken += frame.dropFirst(9)
          }
        }
      } else {
        var piece = [UInt8](repeating: 0, count: count)
        piece.withUnsafeMutableBytes { queue.move(into: $0) }
        taken += piece
      }
    }
    return (taken, inPlace)
  }

  @Test(
    "a large array leaves in frames where it stands, all but the first",
    arguments: [1, 8, 9, 100, 16_375, 16_384, 100_000]
  )
  func inPlace(size: Int) {
    var queue = OutboundQueue()
    let body = Self.bytes(100_000)
    queue.append(body)
    let (taken, inPlace) = Self.drain(&queue, by: size)
    #expect(taken == body && queue.count == 0)
    let frames = (body.count + size - 1) / size
    // Nine bytes must be gone before the header of the next frame fits over them.
    #expect(inPlace == frames - (9 + size - 1) / size)
  }

  @Test("the array of somebody else stays as it was")
  func shared() {
    var queue = OutboundQueue()
    let body = Self.bytes(50_000)
    let kept = body
    queue.append(body)
    #expect(Self.drain(&queue, by: 1_000).bytes == kept)
    #expect(body == kept)
  }

  @Test("frames over the ends of arrays are put together")
  func manyArrays() {
    var queue = OutboundQueue()
    var all: [UInt8] = []
    for count in [1, 20_000, 3, 0, 17, 40_000, 5_000, 5_000] {
      let body = Self.bytes(count)
      all += body
      queue.append(body)
      body.withUnsafeBytes { queue.append(copying: $0) }
      all += body
    }
    #expect(Self.drain(&queue, by: 7_777).bytes == all)
  }
}

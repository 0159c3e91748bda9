import MartletNet
import Testing

@Suite struct EventLoopTests {
  @Test("work from another thread wakes a sleeping loop")
  func wakes() async throws {
    let loop = try EventLoop()
    try loop.start()
    for _ in 0..<200 {
      let ran = await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: loop.isCurrent) }
      }
      #expect(ran)
    }
    await loop.stopAndWait()
  }
}

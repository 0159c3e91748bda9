import Glibc
import Testing

@testable import MartletNet

@Suite struct LargeBlocksTests {
  @Test("a loop that has handled a large message handles the next in the same memory")
  func reuse() async throws {
    var limits = NetLimits()
    limits.keptFreedBytes = 32 << 20
    let loop = try EventLoop(limits: limits)
    try loop.start()
    let faults = await Task(executorPreference: loop) {
      Self.handleLargeMessages(4)
      let before = Self.pageFaults()
      Self.handleLargeMessages(20)
      return Self.pageFaults() - before
    }.value
    await loop.stopAndWait()
    // Without it each message of 8 MB costs 2,048.
    #expect(faults < 2048)
  }

  /// Two blocks at a time, as a request and its response need.
  private static func handleLargeMessages(_ count: Int) {
    for index in 0..<count {
      var request = [UInt8](repeating: UInt8(index), count: 4 << 20)
      let response = [UInt8](repeating: UInt8(index + 1), count: 4 << 20)
      request[index] = response[index]
      precondition(response[index] == UInt8(index + 1))
    }
  }

  private static func pageFaults() -> Int {
    // RUSAGE_THREAD, which Glibc's Swift module leaves out.
    let thread: Int32 = 1
    var usage = rusage()
    getrusage(thread, &usage)
    return usage.ru_minflt
  }
}

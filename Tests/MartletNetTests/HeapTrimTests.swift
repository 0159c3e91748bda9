import Testing

@testable import MartletNet

@Suite struct HeapTrimTests {
  private func time(_ seconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: seconds * 1_000_000_000)
  }

  @Test("memory is given back when half of many connections have gone, once")
  func half() {
    var trim = HeapTrim()
    for count in 1...5_000 { #expect(trim.changed(to: count, now: time(0)) == nil) }
    for count in (2_501..<5_000).reversed() {
      #expect(trim.changed(to: count, now: time(1)) == nil)
    }
    #expect(trim.changed(to: 2_500, now: time(1)) == NetLimits.trimDelay)
    #expect(trim.changed(to: 100, now: time(1)) == nil)
  }

  @Test("a few connections that come and go cost nothing")
  func few() {
    var trim = HeapTrim()
    for _ in 0..<10 {
      for count in 0..<NetLimits.trimConnections {
        #expect(trim.changed(to: count, now: time(0)) == nil)
      }
    }
  }

  @Test("what comes back and goes again waits for its interval")
  func again() {
    var trim = HeapTrim()
    #expect(trim.changed(to: 2_000, now: time(0)) == nil)
    #expect(trim.changed(to: 0, now: time(0)) == .seconds(2))
    trim.trimmed(at: 0, now: time(2))
    #expect(trim.changed(to: 999, now: time(3)) == nil)
    #expect(trim.changed(to: 0, now: time(3)) == nil)
    #expect(trim.changed(to: 2_000, now: time(12)) == nil)
    #expect(trim.changed(to: 0, now: time(12)) == .seconds(50))
    trim.trimmed(at: 0, now: time(62))
    #expect(trim.changed(to: 2_000, now: time(200)) == nil)
    #expect(trim.changed(to: 10, now: time(200)) == .seconds(2))
  }
}

import Glibc
import Synchronization
import Testing

@testable import MartletNet

@Suite struct EventLoopTests {
  @Test("work from another thread wakes a sleeping loop")
  func wakes() async throws {
    let loop = try EventLoop()
    try loop.start()
    for _ in 0..<200 {
      #expect(try await on(loop) { loop.isCurrent && EventLoop.current === loop })
    }
    #expect(!loop.isCurrent)
    await loop.stopAndWait()
  }

  @Test("a task that prefers the loop starts and resumes there")
  func taskExecutor() async throws {
    let loop = try EventLoop()
    try loop.start()
    let places = await Task(executorPreference: loop) {
      var places = [loop.isCurrent]
      await withCheckedContinuation { continuation in
        loop.execute { continuation.resume() }
      }
      places.append(loop.isCurrent)
      try? await BlockingPool.shared.run {}
      places.append(loop.isCurrent)
      return places
    }.value
    #expect(places == [true, true, true])
    await loop.stopAndWait()
  }

  @Test("a task that is woken while bytes leave need not wait for the next event")
  func wokenInFlush() async throws {
    let loop = try EventLoop()
    try loop.start()
    let (log, other) = (TransportLog(), TransportLog())
    let isWoken = Mutex(false)
    let waiting = Task {
      _ = await withUnsafeContinuation { continuation in
        loop.execute {
          let ends = Transport.pipe(loop, loop)
          ends.server.open(delegate: other)
          ends.client.open(delegate: log)
          ends.client.setNeedsFlush()
          log.duringFlush = {
            log.duringFlush = nil
            loop.wakeAtEndOfTurn(continuation, returning: 1)
          }
        }
      }
      isWoken.withLock { $0 = true }
    }
    // Without a word to the loop, which would wake it.
    for _ in 0..<500 where !isWoken.withLock({ $0 }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(isWoken.withLock { $0 })
    await loop.stopAndWait()
    await waiting.value
  }

  @Test("jobs of many threads all run")
  func manyThreads() async throws {
    let loop = try EventLoop()
    try loop.start()
    let count = Counter()
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { @concurrent in
          for _ in 0..<2_000 { loop.execute { count.value += 1 } }
        }
      }
    }
    try await eventually(loop, "all ran") { count.value == 16_000 }
    await loop.stopAndWait()
  }

  @Test("timers fire in order and not before their time; a cancelled one never does")
  func timers() async throws {
    let loop = try EventLoop()
    try loop.start()
    let fired = Counter()
    let start = MonotonicTime.read()
    try await on(loop) {
      for milliseconds in [30, 5, 20, 10, 25, 15] {
        loop.schedule(after: .milliseconds(milliseconds)) {
          #expect(loop.now - start >= .milliseconds(milliseconds))
          fired.list.append(milliseconds)
        }
      }
      let cancelled = loop.schedule(after: .milliseconds(12)) { fired.list.append(-1) }
      let late = loop.schedule(after: .seconds(3_600)) { fired.list.append(-2) }
      cancelled.cancel()
      cancelled.cancel()
      late.cancel()
      #expect(!late.isPending)
    }
    try await eventually(loop, "six fire") { fired.list.count >= 6 }
    try await on(loop) { #expect(fired.list == [5, 10, 15, 20, 25, 30]) }
    await loop.stopAndWait()
  }

  @Test("a heap of timers gives them back in order whatever is removed between")
  func heap() async throws {
    let loop = try EventLoop()
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<10 {
      var heap = TimerHeap()
      var expected: [(UInt64, LoopTimer)] = []
      for _ in 0..<200 {
        let time = UInt64.random(in: 0..<1_000, using: &generator)
        let timer = LoopTimer(deadline: MonotonicTime(nanoseconds: time), loop: loop) {}
        heap.insert(timer)
        expected.append((time, timer))
      }
      for _ in 0..<80 {
        heap.remove(expected.remove(at: Int.random(in: 0..<expected.count)).1)
      }
      var popped: [UInt64] = []
      while let timer = heap.popDue(at: MonotonicTime(nanoseconds: .max)) {
        popped.append(timer.deadline.nanoseconds)
      }
      #expect(popped == expected.map(\.0).sorted())
    }
  }

  @Test("a task that comes back after the stop still ends on the loop")
  func lateJob() async throws {
    let loop = try EventLoop()
    try loop.start()
    let task = Task(executorPreference: loop) {
      try? await BlockingPool.shared.run { _ = usleep(50_000) }
      return loop.isCurrent
    }
    await loop.stopAndWait()
    #expect(await task.value)
  }

  @Test("a stopped loop lets go of its timers")
  func timersAfterStop() async throws {
    weak var forgotten: EventLoop?
    do {
      let loop = try EventLoop()
      forgotten = loop
      try loop.start()
      loop.execute { _ = loop.schedule(after: .seconds(3_600)) { _ = loop.now } }
      await loop.stopAndWait()
    }
    for _ in 0..<500 where forgotten != nil { try await Task.sleep(for: .milliseconds(5)) }
    #expect(forgotten == nil)
  }

  @Test("jobs that never end do not keep timers from firing")
  func fairness() async throws {
    var limits = NetLimits()
    limits.maxJobsPerTurn = 100
    let loop = try EventLoop(limits: limits)
    try loop.start()
    let spin = Spinner(loop)
    loop.execute { spin.go() }
    try await on(loop) {
      _ = loop.schedule(after: .milliseconds(5)) { spin.isOver = true }
    }
    try await eventually(loop, "the timer fires") { spin.isOver }
    await loop.stopAndWait()
  }

  @Test("a crowd of jobs that are ready at once is run a part a turn, in order")
  func crowd() async throws {
    var limits = NetLimits()
    limits.maxJobsPerTurn = 100
    let loop = try EventLoop(limits: limits)
    try loop.start()
    let (tasks, blocks) = (Log(), Log())
    let seen = try await on(loop) {
      for number in 0..<5_000 {
        Task.detached(executorPreference: loop) { tasks.numbers.append(number) }
        loop.execute { blocks.numbers.append(number) }
      }
      let seen = Log()
      // Due in the next turn.
      _ = loop.schedule(after: .zero) {
        seen.numbers = [tasks.numbers.count, blocks.numbers.count]
      }
      return seen
    }
    try await eventually(loop, "all have run") {
      tasks.numbers.count == 5_000 && blocks.numbers.count == 5_000
    }
    try await on(loop) {
      #expect(seen.numbers.count == 2 && seen.numbers.allSatisfy { $0 <= 200 })
      #expect(tasks.numbers == Array(0..<5_000) && blocks.numbers == Array(0..<5_000))
    }
    await loop.stopAndWait()
  }

  /// Confined to a loop.
  private final class Log: @unchecked Sendable {
    var numbers: [Int] = []
  }

  @Test("a signal is reported on the loop")
  func signal() async throws {
    let loop = try EventLoop()
    try loop.start()
    let count = Counter()
    let watcher = try await on(loop) {
      try SignalWatcher(SIGUSR2, loop: loop) {
        #expect(loop.isCurrent)
        count.value += 1
      }
    }
    kill(getpid(), SIGUSR2)
    try await eventually(loop, "it comes") { count.value == 1 }
    try await on(loop) { watcher.cancel() }
    await loop.stopAndWait()
  }
}

@Suite struct BlockingPoolTests {
  @Test("work runs elsewhere, and its error comes back")
  func works() async throws {
    let pool = BlockingPool(threads: 2, maxQueued: 100)
    let results = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<50 { group.addTask { try await pool.run { number * 2 } } }
      return try await group.reduce(0, +)
    }
    #expect(results == 2_450)
    await #expect(throws: NetError.closedByPeer) {
      try await pool.run { throw NetError.closedByPeer }
    }
    pool.shutdown()
    await #expect(throws: NetError.stopped) { try await pool.run {} }
  }

  @Test("a full queue refuses work instead of growing")
  func full() async throws {
    let pool = BlockingPool(threads: 1, maxQueued: 2)
    let refusals = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            try await pool.run { _ = usleep(20_000) }
            return false
          } catch { return true }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refusals > 0 && refusals < 20)
    pool.shutdown()
  }
}

private final class Counter: @unchecked Sendable {
  var value = 0
  var list: [Int] = []
}

private final class Spinner: @unchecked Sendable {
  private let loop: EventLoop
  var isOver = false

  init(_ loop: EventLoop) { self.loop = loop }

  func go() {
    guard !isOver else { return }
    loop.execute { self.go() }
  }
}

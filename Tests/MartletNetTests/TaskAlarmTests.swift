import Synchronization
import Testing

@testable import MartletNet

/// Tasks elsewhere that a loop wakes together.
@Suite(.timeLimit(.minutes(1))) struct TaskAlarmTests {
  @Test("all that are woken in a turn go on, each with its own value", arguments: [1, 2, 500])
  func everybody(count: Int) async throws {
    let loop = try EventLoop()
    try loop.start()
    for _ in 0..<20 {
      let waiting = Waiting()
      let right = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<count {
          let expected = UInt8(truncatingIfNeeded: index)
          group.addTask {
            let value = await withUnsafeContinuation { continuation in
              waiting.tasks.withLock {
                $0.append(WokenTask(continuation: continuation, value: expected))
              }
            }
            return value == expected
          }
        }
        while waiting.tasks.withLock({ $0.count }) < count { await Task.yield() }
        loop.execute {
          for task in waiting.tasks.withLock({ $0 }) {
            loop.wakeAtEndOfTurn(task.continuation, returning: task.value)
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(right == count)
    }
    await loop.stopAndWait()
  }

  @Test("its kept task ends with the loop")
  func ends() async throws {
    let alarm = Weak()
    do {
      let loop = try EventLoop()
      try loop.start()
      alarm.value = loop.alarm
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask {
            _ = await withUnsafeContinuation { continuation in
              loop.execute { loop.wakeAtEndOfTurn(continuation, returning: 0) }
            }
          }
        }
      }
      await loop.stopAndWait()
    }
    for _ in 0..<1_000 where alarm.value != nil { try await Task.sleep(for: .milliseconds(5)) }
    #expect(alarm.value == nil)
  }
}

private final class Waiting: Sendable {
  let tasks = Mutex<[WokenTask]>([])
}

private final class Weak {
  weak var value: TaskAlarm?
}

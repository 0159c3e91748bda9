import MartletRPC
import Synchronization
import Testing

@testable import WorkoutService

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }

  var now: Value { value.withLock { $0 } }

  func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
}

@Suite("the gate before costly work")
struct AdmissionGateTests {
  @Test("lets a few in, has a bounded number wait in order, and refuses the rest")
  func bounded() async throws {
    let gate = AdmissionGate(places: 1, queue: 2)
    try await gate.enter()
    let order = Shared<[Int]>([])
    let first = Task {
      try await gate.enter()
      order.change { $0.append(1) }
      gate.leave()
    }
    try await Task.sleep(for: .milliseconds(20))
    let second = Task {
      try await gate.enter()
      order.change { $0.append(2) }
      gate.leave()
    }
    try await Task.sleep(for: .milliseconds(20))
    let error = await #expect(throws: RPCError.self) { try await gate.enter() }
    #expect(error?.code == .resourceExhausted)
    #expect(order.now.isEmpty)
    gate.leave()
    try await first.value
    try await second.value
    #expect(order.now == [1, 2])
    try await gate.enter()
    gate.leave()
  }

  @Test("who gives up waiting takes no place")
  func cancelled() async throws {
    let gate = AdmissionGate(places: 1, queue: 1)
    try await gate.enter()
    let waiting = Task { try await gate.enter() }
    try await Task.sleep(for: .milliseconds(20))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    let next = Task { try await gate.enter() }
    try await Task.sleep(for: .milliseconds(20))
    gate.leave()
    try await next.value
    gate.leave()
  }

  @Test("never lets more in than there are places")
  func parallel() async throws {
    let gate = AdmissionGate(places: 3, queue: 1000)
    let inside = Shared((now: 0, most: 0))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<200 {
        group.addTask {
          try await gate.enter()
          inside.change {
            $0.now += 1
            $0.most = max($0.most, $0.now)
          }
          await Task.yield()
          inside.change { $0.now -= 1 }
          gate.leave()
        }
      }
      try await group.waitForAll()
    }
    #expect(inside.now.most <= 3)
    #expect(inside.now.now == 0)
  }

  @Test("a password is right or wrong; without a stored one it is wrong after as much work")
  func checks() async throws {
    let cost = try #require(ScryptCost(logN: 4, r: 1, p: 1))
    let hasher = PasswordHasher(cost: cost)
    let stored = try await hasher.hash("correct horse")
    #expect(try await hasher.check("correct horse", against: stored))
    #expect(try await !hasher.check("wrong horse", against: stored))
    #expect(try await !hasher.check("correct horse", against: nil))
    #expect(try await !hasher.check("correct horse", against: "damaged"))
  }
}

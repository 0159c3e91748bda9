/// A timer of one event loop.
///
/// Keep it to cancel it; dropping it does not.
package final class LoopTimer: @unchecked Sendable {
  let deadline: MonotonicTime
  var action: (() -> Void)?
  fileprivate var index = -1
  private unowned let loop: EventLoop

  init(deadline: MonotonicTime, loop: EventLoop, action: @escaping () -> Void) {
    self.deadline = deadline
    self.loop = loop
    self.action = action
  }

  /// Whether it neither fired nor was cancelled.
  package var isPending: Bool { action != nil }

  /// Forgets the action.
  ///
  /// On the loop only; harmless after the timer fired.
  ///
  /// - Complexity: O(log timers of the loop).
  package func cancel() {
    assert(loop.isCurrent)
    guard action != nil else { return }
    action = nil
    loop.removeTimer(self)
  }
}

/// A binary heap of timers, earliest first, each of which knows its place.
struct TimerHeap {
  private var timers: ContiguousArray<LoopTimer> = []

  var isEmpty: Bool { timers.isEmpty }
  var nextDeadline: MonotonicTime? { timers.first?.deadline }

  /// Adds a timer.
  ///
  /// - Complexity: O(log n).
  mutating func insert(_ timer: LoopTimer) {
    timer.index = timers.count
    timers.append(timer)
    siftUp(from: timer.index)
  }

  /// Removes a timer if it is in the heap.
  ///
  /// - Complexity: O(log n).
  mutating func remove(_ timer: LoopTimer) {
    let index = timer.index
    guard index >= 0, index < timers.count, timers[index] === timer else { return }
    timer.index = -1
    let last = timers.removeLast()
    guard last !== timer else { return }
    place(last, at: index)
    siftUp(from: index)
    siftDown(from: last.index)
  }

  /// Takes out the earliest timer if it is due.
  mutating func popDue(at now: MonotonicTime) -> LoopTimer? {
    guard let first = timers.first, first.deadline <= now else { return nil }
    remove(first)
    return first
  }

  private mutating func place(_ timer: LoopTimer, at index: Int) {
    timers[index] = timer
    timer.index = index
  }

  private mutating func siftUp(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard timers[index].deadline < timers[parent].deadline else { return }
      exchange(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(from start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < timers.count {
        if timers[child].deadline < timers[least].deadline { least = child }
      }
      guard least != index else { return }
      exchange(index, least)
      index = least
    }
  }

  private mutating func exchange(_ left: Int, _ right: Int) {
    timers.swapAt(left, right)
    timers[left].index = left
    timers[right].index = right
  }
}

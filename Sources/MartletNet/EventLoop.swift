internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that waits for descriptors and timers and runs the Swift tasks that prefer it.
///
/// A turn: wait in epoll; let each ready descriptor read once; fire due timers; run jobs until none
/// is left; flush every transport that has something to say, once; free what was closed. So the
/// answers to all requests that one turn brought leave in one write per connection, and nothing is
/// freed while somebody further up the stack still uses it.
///
/// The loop is a `TaskExecutor`: a `Task(executorPreference: loop)` runs on the loop's thread, and a
/// continuation that is resumed there costs an array append. Jobs from other threads go through a
/// locked list; an eventfd wakes the thread only if it sleeps.
///
/// Everything that belongs to a loop (transports, timers, sessions) is confined to it: used only
/// where `isCurrent` is true. Such classes assert it and are `@unchecked Sendable`. Those of their
/// variables that every message touches are `@exclusivity(unchecked)`: no two threads use them, no
/// code called during a change of one reads or changes it again, and the runtime's check of each
/// access was a tenth of a call's cost.
package final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
  package let limits: NetLimits
  /// What the transports of this loop read into and write from.
  let buffers = SharedBuffers()
  /// Memory for whoever gathers what a transport shall write; in use only during one flush.
  package var gatherBuffer: UnsafeMutableRawBufferPointer { buffers.gather }

  /// Memory that the sessions of the layer above share; confined to the loop and freed with it.
  @exclusivity(unchecked) package var sessionMemory: AnyObject?

  private let epoll: Int32
  private let wakeup: Int32

  // Confined to the loop's thread.
  @exclusivity(unchecked) private var jobs: ContiguousArray<UnownedJob> = []
  @exclusivity(unchecked) private var runningJobs: ContiguousArray<UnownedJob> = []
  @exclusivity(unchecked) private var blocks: ContiguousArray<() -> Void> = []
  @exclusivity(unchecked) private var runningBlocks: ContiguousArray<() -> Void> = []
  @exclusivity(unchecked) private var callers: ContiguousArray<any LoopCaller> = []
  @exclusivity(unchecked) private var runningCallers: ContiguousArray<any LoopCaller> = []
  @exclusivity(unchecked) private var timers = TimerHeap()
  @exclusivity(unchecked) private var woken: ContiguousArray<WokenTask> = []
  @exclusivity(unchecked) private var wokenOnLoops: ContiguousArray<WokenTask> = []
  let alarm = TaskAlarm()
  @exclusivity(unchecked) private var dirty: ContiguousArray<Transport> = []
  @exclusivity(unchecked) private var flushing: ContiguousArray<Transport> = []
  private var sources: ContiguousArray<EventSource> = []
  @exclusivity(unchecked) private var retired: ContiguousArray<AnyObject> = []
  @exclusivity(unchecked) private var freeing: ContiguousArray<AnyObject> = []
  @exclusivity(unchecked) private var cachedNow = MonotonicTime.read()
  /// How many parts of tasks it has run, and how many of these, and of its other errands, came from
  /// other threads; for tests of who goes where.
  @exclusivity(unchecked) package private(set) var work = (jobs: 0, mail: 0)
  private var stopBegan = false

  /// Accepted connections that are open, for `NetLimits.maxConnectionsPerLoop`.
  var acceptedCount = 0 {
    didSet { if let delay = heapTrim.changed(to: acceptedCount, now: now) { planTrim(delay) } }
  }
  private var heapTrim = HeapTrim()
  /// TLS handshakes of accepted connections.
  @exclusivity(unchecked) var handshakes: HandshakeGate
  /// Bytes that the users of this loop's connections hold for peers that have not taken them.
  @exclusivity(unchecked) package private(set) var unsentBytes = 0
  @exclusivity(unchecked) private var quietWatch = QuietWatch()

  // Shared between threads.
  private struct Inbox {
    var jobs: ContiguousArray<UnownedJob> = []
    var blocks: ContiguousArray<@Sendable () -> Void> = []
    var callers: ContiguousArray<any LoopCaller> = []
    var phase = Phase.idle
    var stopRequested = false
    var stopWaiters: [CheckedContinuation<Void, Never>] = []
  }
  private enum Phase { case idle, running, exited }
  private let inbox = Mutex(Inbox())
  private let isSleeping = Atomic<Bool>(false)
  private let hasMail = Atomic<Bool>(false)

  /// Opens the loop's descriptors.
  ///
  /// The thread begins with `start()`.
  package init(limits: NetLimits = NetLimits()) throws(NetError) {
    self.limits = limits
    handshakes = HandshakeGate(limits)
    if limits.foldDelay != nil { OpenSSLMemory.replace() }
    martlet_ignore_sigpipe()
    epoll = epoll_create1(Int32(martlet_epoll_cloexec))
    guard epoll >= 0 else { throw .systemCall(name: "epoll_create1", code: martlet_errno()) }
    wakeup = martlet_eventfd()
    guard wakeup >= 0, martlet_epoll_add(epoll, wakeup, UInt32(martlet_epoll_in), nil) == 0 else {
      let code = martlet_errno()
      close(epoll)
      throw .systemCall(name: "eventfd", code: code)
    }
  }

  deinit {
    alarm.end()
    close(wakeup)
    close(epoll)
  }

  // MARK: Life

  /// Starts the thread.
  ///
  /// Jobs enqueued before wait for it.
  package func start() throws(NetError) {
    let begins = inbox.withLock { box in
      guard box.phase == .idle else { return false }
      box.phase = .running
      return true
    }
    precondition(begins, "a loop starts once")
    if let bytes = limits.keptFreedBytes { LargeBlocks.keep(bytes) }
    let code = startThread()
    guard code == 0 else { throw .systemCall(name: "pthread_create", code: code) }
  }

  /// Asks the loop to close all it holds and to end.
  ///
  /// Returns at once; any thread may call it.
  package func stop() {
    inbox.withLock { $0.stopRequested = true }
    wake()
  }

  /// Stops the loop and waits until its thread has nothing left to run.
  ///
  /// Not on the loop itself.
  package func stopAndWait() async {
    stop()
    await withCheckedContinuation { continuation in
      let isOver = inbox.withLock { box in
        guard box.phase == .running else { return true }
        box.stopWaiters.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  private func startThread() -> Int32 {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(&thread, nil, eventLoopThread, context)
    if code == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<EventLoop>.fromOpaque(context).release()
    }
    return code
  }

  // MARK: Where am I, what time is it

  /// Whether the caller runs on this loop's thread.
  @inline(__always)
  package var isCurrent: Bool {
    martlet_current_loop() == Unmanaged.passUnretained(self).toOpaque()
  }

  /// The loop whose thread the caller runs on.
  package static var current: EventLoop? {
    guard let pointer = martlet_current_loop() else { return nil }
    return Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// The Swift task that runs on this thread, to be compared, never used; nil when there is none, or
  /// it is cancelled.
  ///
  /// What `withUnsafeCurrentTask` gives, without the copies that its type costs.
  package static var uncancelledTask: UnsafeRawPointer? { martlet_uncancelled_task() }

  /// The time at which this turn began; on the loop only.
  ///
  /// Good to a turn's length.
  package var now: MonotonicTime {
    assert(isCurrent)
    return cachedNow
  }

  // MARK: Work

  /// Counts `unsentBytes`, which other modules cannot change without a check of each access.
  package func unsentMore(_ count: Int) { unsentBytes += count }

  /// Runs `block` on the loop: within this turn if called there, else soon.
  ///
  /// From any thread.
  package func execute(_ block: @escaping @Sendable () -> Void) {
    if isCurrent { return blocks.append(block) }
    post { $0.blocks.append(block) }
  }

  /// Has the loop run the caller's errands: within this turn if called there, else soon.
  ///
  /// From any thread. It takes no memory, as a block does, so who often has errands keeps them and
  /// tells the loop of them once.
  package func call(_ caller: any LoopCaller) {
    if isCurrent { return callers.append(caller) }
    post { $0.callers.append(caller) }
  }

  /// Resumes, at the end of this turn, a task that waits elsewhere; all of them together, so that
  /// they cost one waking of Swift's threads.
  ///
  /// One that waits on another loop is resumed by itself: that wakes nobody but the loop.
  package func wakeAtEndOfTurn(
    _ task: UnsafeContinuation<UInt8, Never>,
    returning value: UInt8,
    onLoop: Bool = false
  ) {
    assert(isCurrent)
    let task = WokenTask(continuation: task, value: value)
    if onLoop { wokenOnLoops.append(task) } else { woken.append(task) }
  }

  /// Runs `action` on the loop once `delay` has passed.
  ///
  /// Called on the loop.
  ///
  /// - Complexity: O(log timers).
  @discardableResult
  package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
    assert(isCurrent)
    let timer = LoopTimer(deadline: MonotonicTime.read() + delay, loop: self, action: action)
    timers.insert(timer)
    return timer
  }

  func removeTimer(_ timer: LoopTimer) {
    timers.remove(timer)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent { return jobs.append(job) }
    post { $0.jobs.append(job) }
  }

  package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
    UnownedTaskExecutor(ordinary: self)
  }
  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
  package func checkIsolated() { precondition(isCurrent, "not on the event loop") }
  package func isIsolatingCurrentContext() -> Bool? { isCurrent }

  private func post(_ put: (inout Inbox) -> Void) {
    let mustRevive = inbox.withLock { box in
      put(&box)
      // A task may come back (from a blocking pool, a sleep) after the loop was stopped. It still has
      // to end, and to end on this executor; so a late job gets a thread for as long as it needs one.
      guard box.phase == .exited else { return false }
      box.phase = .running
      return true
    }
    if mustRevive {
      let code = startThread()
      precondition(code == 0, "no thread for the last jobs of a stopped loop")
    }
    wake()
  }

  private func wake() {
    hasMail.store(true, ordering: .sequentiallyConsistent)
    guard isSleeping.exchange(false, ordering: .sequentiallyConsistent) else { return }
    var one: UInt64 = 1
    _ = write(wakeup, &one, MemoryLayout<UInt64>.size)
  }

  // MARK: Descriptors, for this module's sources

  /// Watches `descriptor`.
  ///
  /// The loop keeps `source` alive until `unregister`.
  func register(_ source: EventSource, descriptor: Int32, events: UInt32) throws(NetError) {
    assert(isCurrent)
    let context = Unmanaged.passUnretained(source).toOpaque()
    guard martlet_epoll_add(epoll, descriptor, events, context) == 0 else {
      throw .systemCall(name: "epoll_ctl", code: martlet_errno())
    }
    hold(source)
  }

  func modify(_ source: EventSource, descriptor: Int32, events: UInt32) {
    assert(isCurrent)
    let context = Unmanaged.passUnretained(source).toOpaque()
    _ = martlet_epoll_modify(epoll, descriptor, events, context)
  }

  /// Ends the watch of `descriptor`; the source stays alive to the end of the turn.
  func unregister(_ source: EventSource, descriptor: Int32) {
    assert(isCurrent)
    _ = martlet_epoll_remove(epoll, descriptor)
    letGo(source)
  }

  /// Keeps a source that has no descriptor (one end of a pipe) until `letGo`.
  func hold(_ source: EventSource) {
    assert(isCurrent && source.place < 0)
    source.place = sources.count
    sources.append(source)
  }

  func letGo(_ source: EventSource) {
    assert(isCurrent)
    guard source.place >= 0 else { return }
    let last = sources.removeLast()
    if last !== source {
      sources[source.place] = last
      last.place = source.place
    }
    source.place = -1
    retired.append(source)
  }

  /// Frees `object` when the turn is over and nobody up the stack can hold a bare pointer to it.
  package func releaseAtEndOfTurn(_ object: AnyObject) {
    assert(isCurrent)
    retired.append(object)
  }

  func flushAtEndOfTurn(_ transport: Transport) {
    assert(isCurrent)
    dirty.append(transport)
  }

  // MARK: Quiet transports

  /// Something has happened on a transport: folds it when nothing does any more.
  func watchQuiet(_ transport: Transport) {
    assert(isCurrent)
    quietWatch.add(transport)
    planFolding(soon: false)
  }

  func unwatchQuiet(_ transport: Transport) {
    quietWatch.remove(transport)
  }

  private func planFolding(soon: Bool) {
    guard !quietWatch.isPlanned, !quietWatch.isEmpty, let delay = limits.foldDelay else { return }
    quietWatch.isPlanned = true
    schedule(after: soon ? .milliseconds(1) : delay / 2) { [unowned self] in
      quietWatch.isPlanned = false
      let most = NetLimits.maxFoldsPerTurn
      let quiet = quietWatch.takeQuiet(since: now - delay, most: most)
      for transport in quiet { transport.fold() }
      planFolding(soon: quiet.count == most)
    }
  }

  // MARK: Turns

  fileprivate func run() {
    martlet_set_current_loop(Unmanaged.passUnretained(self).toOpaque())
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
      repeat { turn(events) } while !endIfIdle()
    }
    martlet_set_current_loop(nil)
  }

  private func turn(_ events: UnsafeMutableBufferPointer<epoll_event>) {
    waitForEvents(events)
    collectMail()
    if stopBegan { closeSources() }
    while let timer = timers.popDue(at: cachedNow) {
      let action = timer.action
      timer.action = nil
      action?()
    }
    runJobs()
    wakeTasks()
    flushDirty()
    if !retired.isEmpty { freeRetired() }
  }

  /// What is freed may retire more, which waits for the next turn.
  private func freeRetired() {
    swap(&retired, &freeing)
    guard freeing.count < 64 else { return freeing.removeAll() }
    while freeing.popLast() != nil {}
  }

  private func waitForEvents(_ events: UnsafeMutableBufferPointer<epoll_event>) {
    isSleeping.store(true, ordering: .sequentiallyConsistent)
    let timeout = hasMail.load(ordering: .sequentiallyConsistent) ? 0 : timeoutMilliseconds()
    let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
    isSleeping.store(false, ordering: .sequentiallyConsistent)
    cachedNow = MonotonicTime.read()
    handshakes.beginTurn()
    guard count > 0 else { return }
    for event in events[..<Int(count)] {
      guard let context = event.data.ptr else {
        var value: UInt64 = 0
        _ = read(wakeup, &value, MemoryLayout<UInt64>.size)
        continue
      }
      let source = Unmanaged<EventSource>.fromOpaque(context).takeUnretainedValue()
      source.handleEvents(event.events)
    }
  }

  /// Rounded up, so that a wait never ends just before its timer.
  private func timeoutMilliseconds() -> Int32 {
    if stopBegan || hasWork { return 0 }
    guard let deadline = timers.nextDeadline else { return -1 }
    let now = MonotonicTime.read()
    guard deadline > now else { return 0 }
    return Int32(clamping: (deadline.nanoseconds - now.nanoseconds) / 1_000_000 + 1)
  }

  private func collectMail() {
    guard hasMail.exchange(false, ordering: .sequentiallyConsistent) else { return }
    inbox.withLock { box in
      work.mail &+= box.jobs.count &+ box.blocks.count &+ box.callers.count
      jobs.append(contentsOf: box.jobs)
      for block in box.blocks { blocks.append(block) }
      callers.append(contentsOf: box.callers)
      box.callers.removeAll(keepingCapacity: true)
      box.jobs.removeAll(keepingCapacity: true)
      box.blocks.removeAll(keepingCapacity: true)
      stopBegan = box.stopRequested
    }
  }

  private func runJobs() {
    let executor = asUnownedTaskExecutor()
    var budget = limits.maxJobsPerTurn
    while budget > 0, !jobs.isEmpty || !blocks.isEmpty || !callers.isEmpty {
      budget -= runErrands()
      take(&jobs, &runningJobs)
      work.jobs &+= runningJobs.count
      for job in runningJobs { job.runSynchronously(on: executor) }
      budget -= runningJobs.count
      runningJobs.removeAll(keepingCapacity: true)
    }
  }

  /// How many they were.
  private func runErrands() -> Int {
    guard !callers.isEmpty || !blocks.isEmpty else { return 0 }
    take(&callers, &runningCallers)
    for caller in runningCallers { caller.runErrands() }
    take(&blocks, &runningBlocks)
    for block in runningBlocks { block() }
    let count = runningCallers.count + runningBlocks.count
    runningCallers.removeAll(keepingCapacity: runningCallers.count < 64)
    runningBlocks.removeAll(keepingCapacity: runningBlocks.count < 64)
    return count
  }

  /// Moves what waits to where it is run; of a crowd that is ready at once, the first part.
  @inline(__always)
  private func take<Work>(
    _ waiting: inout ContiguousArray<Work>,
    _ running: inout ContiguousArray<Work>
  ) {
    swap(&waiting, &running)
    let most = max(limits.maxJobsPerTurn, 1)
    guard running.count > most else { return }
    waiting.append(contentsOf: running[most...])
    running.removeSubrange(most...)
  }

  /// Whether something is left for the next turn.
  ///
  /// A stream may end while frames leave, and with it a wait.
  private var hasWork: Bool {
    !(jobs.isEmpty && blocks.isEmpty && callers.isEmpty && dirty.isEmpty && woken.isEmpty
      && wokenOnLoops.isEmpty)
  }

  private func wakeTasks() {
    if !wokenOnLoops.isEmpty {
      for task in wokenOnLoops { task.wake() }
      wokenOnLoops.removeAll(keepingCapacity: wokenOnLoops.count < 64)
    }
    if woken.isEmpty { return }
    alarm.wake(woken)
    woken.removeAll(keepingCapacity: woken.count < 64)
  }

  private func flushDirty() {
    // One that asks again while it is flushed gets the next turn, after the others.
    swap(&dirty, &flushing)
    for transport in flushing { transport.flushAtTurnEnd() }
    flushing.removeAll(keepingCapacity: true)
  }

  private func closeSources() {
    while let source = sources.last {
      source.loopWillStop()
      if source.place >= 0 { letGo(source) }
    }
  }

  /// After `stop()`: ends the thread once nothing is left to run.
  private func endIfIdle() -> Bool {
    guard stopBegan, sources.isEmpty else { return false }
    dropTimers()
    guard !hasWork else { return false }
    let waiters: [CheckedContinuation<Void, Never>]? = inbox.withLock { box in
      guard box.jobs.isEmpty, box.blocks.isEmpty, box.callers.isEmpty else { return nil }
      box.phase = .exited
      defer { box.stopWaiters = [] }
      return box.stopWaiters
    }
    guard let waiters else { return false }
    for waiter in waiters { waiter.resume() }
    return true
  }
}

/// Who has errands for a loop, and keeps them until it asks.
package protocol LoopCaller: AnyObject, Sendable {
  /// Called on the loop, at least once after each `EventLoop.call`.
  func runErrands()
}

extension EventLoop {
  private func planTrim(_ delay: Duration) {
    schedule(after: delay) { [unowned self] in
      heapTrim.trimmed(at: acceptedCount, now: now)
      HeapTrim.trim()
    }
  }

  /// What their actions hold may hold the loop, and may do something when it is let go.
  private func dropTimers() {
    guard !timers.isEmpty else { return }
    let dropped = timers
    timers = TimerHeap()
    withExtendedLifetime(dropped) {}
  }
}

private func eventLoopThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
  loop.run()
  return nil
}

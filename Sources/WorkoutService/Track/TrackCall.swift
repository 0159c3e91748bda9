internal import MartletRPC
internal import Synchronization
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

/// Drives one call of Track: the tasks around a `TrackMachine`.
///
/// The machine stands behind a mutex because the hub tells it things from other loops. Each task
/// sleeps on a `WakeUp` of its own while the machine has nothing for it.
final class TrackCall: LiveTracker {
  let parts: ServiceParts
  let caller: Caller
  private let machine: Mutex<TrackMachine>
  private let readerWake = WakeUp()
  private let storerWake = WakeUp()
  private let senderWake = WakeUp()
  private let abandoned = WakeUp()
  private let over = WakeUp()
  /// What was opened; set by the reading task, read by the storing task after the machine has work.
  let place = Mutex<Place?>(nil)

  struct Place {
    let key: TrackerKey
    let activity: LiveActivity?
    let owner: PersonRecord?
  }

  init(parts: ServiceParts, caller: Caller) {
    self.parts = parts
    self.caller = caller
    machine = Mutex(TrackMachine(now: parts.clock.monotonic()))
  }

  /// Serves the call until it ends.
  func run(
    _ requests: MessageStream<TrackRequest>,
    _ responses: MessageWriter<TrackResponse>
  ) async throws {
    guard parts.hub.add(self) else { throw Self.shuttingDown }
    defer { leave() }
    // Child tasks inherit the loop of the call. The end of the sending one is the call's.
    let outcome = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
      group.addTask { await self.read(requests) }
      group.addTask { await self.store() }
      group.addTask { await self.send(responses) }
      group.addTask { await self.waitUntilAbandoned() }
      defer { group.cancelAll() }
      while let outcome = await group.next() {
        if let outcome { return outcome }
      }
      return .success(())
    }
    try outcome.get()
  }

  /// Ends the call although its sending waits for a device whose network is gone.
  private func waitUntilAbandoned() async -> Result<Void, any Error>? {
    do {
      try await abandoned.wait()
      return machine.withLock { $0.failure }.map { .failure($0) } ?? .success(())
    } catch {
      // Something else ended the call.
      return nil
    }
  }

  private func leave() {
    if let place = place.withLock({ $0 }) {
      parts.hub.exit(self, for: place.key)
      if let activity = place.activity {
        activity.detach(self)
        parts.hub.leave(activity)
      }
    }
    parts.hub.remove(self)
    over.raise()
  }

  // MARK: Told by the hub

  func watchersChanged(to people: Int) { update { $0.setWatchers(people) } }

  func takeOver() {
    update {
      $0.fail(RPCError(.aborted, "this device has opened the activity on another stream"))
    }
    abandoned.raise()
  }

  var session: SessionID { caller.session }

  func sessionEnded() {
    update { $0.fail(RPCError(AccessTokenError.revoked)) }
    abandoned.raise()
  }

  func activityEnded(_ header: ActivityHeader, _ statistics: WorkoutCore.Statistics) {
    update { $0.settled(TrackReply.Settled(header, statistics)) }
  }

  func stop() { update { $0.drain(Self.shuttingDown) } }

  func tick(now: Duration) {
    switch machine.withLock({ $0.tick(now: now) }) {
    case .nothing: break
    case .send: senderWake.raise()
    case .abandon: abandoned.raise()
    }
  }

  func waitUntilOver() async { await over.waitRegardless() }

  private static var shuttingDown: RPCError {
    RPCError(.unavailable, "the server is shutting down: reconnect and resume")
  }

  func update(_ change: (inout TrackMachine) -> Void) {
    machine.withLock { change(&$0) }
    wakeAll()
  }

  /// Waking costs little and whoever has nothing to do sleeps again.
  private func wakeAll() {
    readerWake.raise()
    storerWake.raise()
    senderWake.raise()
  }

  // MARK: Reading

  /// Reads requests until the machine wants no more.
  ///
  /// Errors end the call by way of the machine.
  private func read(_ requests: MessageStream<TrackRequest>) async -> Result<Void, any Error>? {
    await readAll(requests)
    return nil
  }

  private func readAll(_ requests: MessageStream<TrackRequest>) async {
    var requests = requests.makeAsyncIterator()
    do {
      guard let first = try await requests.next() else {
        throw Validation.fail("content", "the call ended before its first request")
      }
      guard case .open(let open)? = first.content else {
        throw Validation.fail("content", "the first request must be open")
      }
      try await self.open(open)
    } catch {
      return update { $0.fail(parts.refusal(error)) }
    }
    do {
      while try await mayRead() {
        guard let request = try await requests.next() else { return update { $0.drain(nil) } }
        try receive(request)
      }
    } catch {
      // What was taken before the bad request is stored and acknowledged first.
      update { $0.drain(parts.refusal(error)) }
    }
  }

  private func mayRead() async throws -> Bool {
    while true {
      let (mayRead, isDeaf) = machine.withLock { ($0.mayRead, $0.isDeaf) }
      if mayRead { return true }
      if isDeaf { return false }
      try await readerWake.wait()
    }
  }

  private func receive(_ request: TrackRequest) throws(RPCError) {
    let now = parts.clock.monotonic()
    switch request.content {
    case .batch(let message)?:
      guard let key = place.withLock({ $0?.key }) else { return }
      let batch = try message.batch(activity: key.activity, device: key.device)
      machine.withLock { $0.receive(batch, now: now) }
      storerWake.raise()
      if batch.samples.isEmpty, batch.events.isEmpty { senderWake.raise() }
    case .heartbeat(let heartbeat)?:
      machine.withLock { $0.receiveHeartbeat(heartbeat.id, now: now) }
      senderWake.raise()
    case .open?:
      throw Validation.fail("content", "open comes once")
    case nil:
      throw Validation.fail("content", "is missing or not known here")
    }
  }

  // MARK: Storing

  private func store() async -> Result<Void, any Error>? {
    while true {
      do {
        switch machine.withLock({ $0.nextWork() }) {
        case .wait: try await storerWake.wait()
        case .stop: return nil
        case .append(let batch): try await append(batch)
        case .settle: try await settle()
        }
      } catch {
        // The call is over; a refusal of the store was told to the machine before.
        return nil
      }
    }
  }

  private func append(_ batch: WorkoutStore.TrackBatch) async throws {
    guard let activity = place.withLock({ $0?.activity }) else { return }
    let progress: TrackProgress
    do {
      progress = try await parts.store.append(batch)
    } catch {
      update { $0.fail(parts.refusal(error)) }
      throw error
    }
    // Watchers see what is on the disk, never more.
    let live = activity.count(batch)
    if let live { parts.hub.bus.publish(.batch(activity.id, live)) }
    update { $0.stored(batch, progress, live?.statistics ?? activity.current.statistics) }
    if activity.beginRecount(now: parts.clock.monotonic()) { await recount(activity) }
  }

  private func recount(_ activity: LiveActivity) async {
    let header = activity.current.header
    guard let numbers = try? await parts.countedNumbers(header, isNew: false) else { return }
    _ = activity.adopt(numbers)
  }

  private func settle() async throws {
    guard let activity = place.withLock({ $0?.activity }) else { return }
    do {
      let record = try await parts.store.settleActivity(activity.id)
      update { $0.settled(TrackReply.Settled(record.header, record.statistics)) }
      parts.hub.bus.publish(.ended(record.header, record.statistics))
      parts.log.info(
        record.header.state == .discarded ? "activity-discarded" : "activity-completed",
        [
          "activity": activity.id.text, "user": caller.user.text,
          "samples": String(record.statistics.sampleCount),
        ]
      )
    } catch {
      update { $0.fail(parts.refusal(error)) }
      throw error
    }
  }

  // MARK: Sending

  private func send(_ responses: MessageWriter<TrackResponse>) async -> Result<Void, any Error>? {
    do {
      try await sendAll(responses)
      return .success(())
    } catch {
      update { $0.fail(RPCError(.cancelled, "the call was cancelled")) }
      return .failure(error)
    }
  }

  private func sendAll(_ responses: MessageWriter<TrackResponse>) async throws {
    while true {
      switch machine.withLock({ $0.nextReply(now: parts.clock.monotonic()) }) {
      case .wait: try await senderWake.wait()
      case .reply(let reply):
        let owner = place.withLock { $0?.owner }
        try await responses.send(TrackResponse(reply, owner: owner))
        // A heartbeat was taken out: there may be room for the next.
        readerWake.raise()
      case .end(let error):
        if let error { throw error }
        return
      }
    }
  }
}

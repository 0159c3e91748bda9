package import MartletRPC
package import WorkoutCore
package import WorkoutStore

/// What goes to the device next; all that is due comes together.
package struct TrackReply: Sendable, Equatable {
  package struct Opened: Sendable, Equatable {
    package var state: ActivityState
    package var progress: TrackProgress

    package init(state: ActivityState, progress: TrackProgress) {
      self.state = state
      self.progress = progress
    }
  }

  package var opened: Opened?
  package var ack: TrackProgress?
  package var statistics: Statistics?
  /// People watching, when the device is to be told how often to send.
  package var watchers: Int?
  package var heartbeat: UInt64?
  package var completed: Settled?

  /// An activity that takes nothing any more.
  package struct Settled: Sendable, Equatable {
    package var header: ActivityHeader
    package var statistics: Statistics

    package init(_ header: ActivityHeader, _ statistics: Statistics) {
      self.header = header
      self.statistics = statistics
    }
  }

  package init() {}

  var isEmpty: Bool { self == TrackReply() }
}

/// One call of Track: a value that takes events and the clock and says what to do next.
///
/// `docs/track-call.dot` shows its phases. Three tasks drive it. One reads requests while `mayRead`. One
/// does `nextWork`, a single piece at a time, so that what is acknowledged is in order. One sends
/// `nextReply`. Nothing in it grows with the length of the call.
package struct TrackMachine: Sendable {
  /// What the call is doing.
  private enum Phase: Equatable {
    /// Waits for the device to say which activity it is.
    case silent
    /// The store opens the activity.
    case opening
    /// Takes batches.
    case open
    /// Takes nothing any more; ends, with the error if any, once all it took is on the disk.
    case draining(RPCError?)
    /// A FINISH or DISCARD is on the disk; the activity is being settled.
    case settling
    /// Only replies that are due are left to send.
    case over(RPCError?)
  }

  /// What the storing task is to do.
  package enum Work: Sendable, Equatable {
    case wait
    case append(TrackBatch)
    case settle
    case stop
  }

  /// What the sending task is to do.
  package enum Send: Sendable, Equatable {
    case wait
    case reply(TrackReply)
    /// All is sent: the call ends with OK, or with this error.
    case end(RPCError?)
  }

  /// What the passing of time asks for.
  package enum Tick: Sendable, Equatable {
    case nothing
    /// The sending task has to look.
    case send
    /// The call is over, and nobody may be there to send to.
    case abandon
  }

  /// What the call ends with, once it is over with an error.
  package var failure: RPCError? { if case .over(let error) = phase { error } else { nil } }

  private var phase = Phase.silent
  private var pending = PendingBatches()
  private var isStoring = false
  private var reply = TrackReply()
  private var heartbeats: [UInt64] = []
  private var progress = TrackProgress()
  private var statistics = Statistics()
  private var hasNewStatistics = false
  private var statisticsSentAt: Duration?
  private var heardAt: Duration
  private var watchers = 0

  package init(now: Duration) { heardAt = now }

  // MARK: Opening

  /// The device has said which activity it is.
  package mutating func open(now: Duration) {
    heardAt = now
    if phase == .silent { phase = .opening }
  }

  /// The activity is open: the first reply says so.
  package mutating func opened(
    _ opened: TrackReply.Opened,
    _ statistics: Statistics,
    watchers: Int,
    now: Duration
  ) {
    // Legal race: the stream was taken over or stopped meanwhile.
    guard phase == .opening else { return }
    phase = .open
    heardAt = now
    progress = opened.progress
    self.statistics = statistics
    self.watchers = watchers
    hasNewStatistics = statistics.sampleCount > 0
    reply.opened = opened
    reply.watchers = watchers
  }

  /// The activity was over before: the device missed the answer to its FINISH.
  package mutating func openedSettled(_ opened: TrackReply.Opened, _ settled: TrackReply.Settled) {
    guard phase == .opening else { return }
    reply.opened = opened
    progress = opened.progress
    self.settled(settled)
  }

  // MARK: From the device

  /// Whether the next request may be read.
  package var mayRead: Bool {
    phase == .open && !pending.isFull && heartbeats.count < ServiceLimits.heartbeatsInFlight
  }

  /// Whether no request will be read any more.
  package var isDeaf: Bool {
    switch phase {
    case .silent, .opening, .open: false
    case .draining, .settling, .over: true
    }
  }

  package mutating func receive(_ batch: TrackBatch, now: Duration) {
    heardAt = now
    // Legal race: the device sent it before it knew that the stream ends.
    guard phase == .open else { return }
    guard !batch.samples.isEmpty || !batch.events.isEmpty else {
      reply.ack = progress
      return
    }
    pending.add(batch)
    // What comes after the end of the activity is not for this stream.
    if batch.endsActivity { phase = .draining(nil) }
  }

  package mutating func receiveHeartbeat(_ id: UInt64, now: Duration) {
    heardAt = now
    guard phase == .open else { return }
    heartbeats.append(id)
  }

  /// Takes nothing more and ends when all that was taken is on the disk: with OK when the device is
  /// done, else with the error.
  package mutating func drain(_ error: RPCError?) {
    switch phase {
    case .silent, .opening: phase = .over(error)
    case .open: phase = .draining(error)
    case .draining, .settling, .over: break
    }
    finishDraining()
  }

  /// Ends at once; what was taken and is not on the disk is for the device to send again.
  package mutating func fail(_ error: RPCError) {
    if case .over = phase { return }
    pending.removeAll()
    phase = .over(error)
  }

  // MARK: To the store

  package mutating func nextWork() -> Work {
    if case .over = phase { return .stop }
    guard !isStoring else { return .wait }
    if phase == .settling {
      isStoring = true
      return .settle
    }
    guard let batch = pending.take() else { return .wait }
    isStoring = true
    return .append(batch)
  }

  /// A batch is on the disk.
  package mutating func stored(
    _ batch: TrackBatch,
    _ progress: TrackProgress,
    _ statistics: Statistics
  ) {
    isStoring = false
    self.progress = progress
    self.statistics = statistics
    hasNewStatistics = true
    guard !isOver else { return }
    // Also when nothing is new: the device may have lost the answer.
    reply.ack = progress
    if batch.endsActivity {
      pending.removeAll()
      phase = .settling
    } else {
      finishDraining()
    }
  }

  /// The activity is over, by this stream or by another device's.
  package mutating func settled(_ settled: TrackReply.Settled) {
    isStoring = false
    guard !isOver else { return }
    reply.ack = progress
    reply.completed = settled
    statistics = settled.statistics
    hasNewStatistics = true
    pending.removeAll()
    phase = .over(nil)
  }

  // MARK: To the device

  package mutating func nextReply(now: Duration) -> Send {
    if hasNewStatistics, isOver || isStatisticsDue(now) {
      reply.statistics = statistics
      hasNewStatistics = false
      statisticsSentAt = now
    }
    if !heartbeats.isEmpty { reply.heartbeat = heartbeats.removeFirst() }
    guard reply.isEmpty else {
      // The settled activity is the last message: heartbeats go before it.
      var next = reply
      if !heartbeats.isEmpty { next.completed = nil }
      let completed = heartbeats.isEmpty ? nil : reply.completed
      reply = TrackReply()
      reply.completed = completed
      return .reply(next)
    }
    if case .over(let error) = phase { return .end(error) }
    return .wait
  }

  /// Another number of people watches: the device is told at once.
  package mutating func setWatchers(_ people: Int) {
    guard people != watchers else { return }
    watchers = people
    reply.watchers = people
  }

  /// Time passes.
  package mutating func tick(now: Duration) -> Tick {
    if phase == .open || phase == .silent, now - heardAt > ServiceLimits.trackIdleTimeout {
      fail(
        RPCError(
          .unavailable,
          "nothing was heard for \(ServiceLimits.trackIdleTimeout.components.seconds) s: "
            + "reconnect and resume"
        )
      )
      return .abandon
    }
    return hasNewStatistics && isStatisticsDue(now) ? .send : .nothing
  }

  private var isOver: Bool { if case .over = phase { true } else { false } }

  private func isStatisticsDue(_ now: Duration) -> Bool {
    statisticsSentAt.map { now - $0 >= ServiceLimits.statisticsInterval } ?? true
  }

  private mutating func finishDraining() {
    if case .draining(let error) = phase, pending.isEmpty, !isStoring { phase = .over(error) }
  }
}

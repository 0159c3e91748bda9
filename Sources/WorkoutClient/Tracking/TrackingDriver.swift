internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema

/// Carries out what a `TrackingSession` decides: reads the journal, speaks to the server, keeps
/// time. It decides nothing itself.
actor TrackingDriver {
  private let journal: DeviceJournal
  private let header: JournalActivity.Header
  private let client: MartletClient
  private let report: @Sendable (TrackingUpdate) -> Void
  private var session: TrackingSession
  private var random = SystemRandomNumberGenerator()
  private let start = ContinuousClock.now

  private var connection: Connection?
  private var timer: (at: TrackingSession.Time, task: Task<Void, Never>)?
  private var lastToken: String?
  private var sentSamples: UInt64
  private var completed: Activity?
  private var unsaved: TrackingAnswer.Point?
  private var saver: Task<Void, Never>?
  private var outcome: TrackingOutcome?
  private var waiters: [CheckedContinuation<TrackingOutcome, Never>] = []

  /// One stream: what waits to be written to it, and the task that runs it.
  private struct Connection {
    let attempt: UInt64
    var task: Task<Void, Never>
    var outbox: [Outgoing] = []
    var sender: CheckedContinuation<Void, Never>?
  }

  private enum Outgoing {
    case batch(samples: Range<UInt64>, events: Range<UInt64>)
    case heartbeat(id: UInt64)
  }

  /// Goes on where the journal stands.
  init(
    activity: JournalActivity,
    events: [JournalEvent],
    journal: DeviceJournal,
    client: MartletClient,
    settings: TrackingSettings,
    report: @escaping @Sendable (TrackingUpdate) -> Void
  ) {
    self.journal = journal
    self.client = client
    self.report = report
    header = activity.header
    sentSamples = activity.acknowledgedSamples
    session = TrackingSession(
      sampleEnd: activity.sampleCount,
      events: events.map(TrackingSession.EventMark.init),
      acknowledgedSamples: activity.acknowledgedSamples,
      acknowledgedEvents: activity.acknowledgedEvents,
      settings: settings,
      now: 0
    )
  }

  /// What was sent and what is durable, so far.
  var progress: TrackingProgress {
    TrackingProgress(
      recordedSamples: session.sampleEnd,
      sentSamples: sentSamples,
      durableSamples: session.acknowledgedSamples,
      watchers: session.watchers,
      completed: completed
    )
  }

  /// Tells the session what happened, and does what it answers.
  ///
  /// Never suspends: were two calls to interleave, batches could change places.
  func tell(_ input: TrackingSession.Input) {
    let actions = session.handle(input, now: now, random: &random)
    for action in actions { perform(action) }
    setTimer()
  }

  /// Waits for the end.
  func waitForOutcome() async -> TrackingOutcome {
    if let outcome { return outcome }
    return await withCheckedContinuation { waiters.append($0) }
  }

  private var now: TrackingSession.Time {
    let elapsed = ContinuousClock.now - start
    return elapsed.components.seconds * 1000
      + elapsed.components.attoseconds / 1_000_000_000_000_000
  }
}

// MARK: - Actions

extension TrackingDriver {
  private func perform(_ action: TrackingSession.Action) {
    switch action {
    case .connect(let attempt, let renewCredentials):
      hangUp()
      let task = Task { await self.run(attempt, renewCredentials: renewCredentials) }
      connection = Connection(attempt: attempt, task: task)
    case .sendBatch(let attempt, let samples, let events):
      sentSamples = max(sentSamples, samples.upperBound)
      send(.batch(samples: samples, events: events), attempt)
    case .sendHeartbeat(let attempt, let id):
      send(.heartbeat(id: id), attempt)
    case .disconnect(let attempt):
      if connection?.attempt == attempt { hangUp() }
    case .saveAcknowledged(let samples, let events):
      unsaved = TrackingAnswer.Point(samples: samples, events: events)
      if saver == nil { saver = Task { await self.save() } }
      report(.progress(progress))
    case .finish(let outcome):
      timer?.task.cancel()
      timer = nil
      Task { await self.finish(outcome) }
    }
  }

  /// Writes the newest acknowledgement down, until there is none newer.
  ///
  /// It only spares sending again after a restart, as the server knows better when we reconnect:
  /// so a fault of the disk here is not worth ending the recording for.
  private func save() async {
    while let point = unsaved {
      unsaved = nil
      try? await journal.saveAcknowledged(
        samples: point.samples,
        events: point.events,
        of: header.id
      )
    }
    saver = nil
  }

  private func finish(_ outcome: TrackingOutcome) async {
    await saver?.value
    var outcome = outcome
    if outcome == .completed {
      do { try await journal.complete(header.id) } catch {
        outcome = .failed(.permanent("\(error)"))
      }
    }
    self.outcome = outcome
    for waiter in waiters { waiter.resume(returning: outcome) }
    waiters = []
  }

  private func send(_ item: Outgoing, _ attempt: UInt64) {
    guard connection?.attempt == attempt else { return }
    connection?.outbox.append(item)
    connection?.sender?.resume()
    connection?.sender = nil
  }

  private func hangUp() {
    connection?.task.cancel()
    connection?.sender?.resume()
    connection = nil
  }

  private func setTimer() {
    guard let wake = session.wakeTime, outcome == nil else {
      timer?.task.cancel()
      timer = nil
      return
    }
    guard timer?.at != wake else { return }
    timer?.task.cancel()
    let delay = Duration.milliseconds(max(0, wake - now))
    let task = Task {
      guard (try? await Task.sleep(for: delay)) != nil else { return }
      self.timeCame(wake)
    }
    timer = (wake, task)
  }

  private func timeCame(_ wake: TrackingSession.Time) {
    guard timer?.at == wake else { return }
    timer = nil
    tell(.tick)
  }
}

// MARK: - One stream

extension TrackingDriver {
  private func run(_ attempt: UInt64, renewCredentials: Bool) async {
    let failure: TrackingFailure
    do {
      let token = try await client.tokens.accessToken(refused: renewCredentials ? lastToken : nil)
      lastToken = token
      let call = try await client.openTrack(token: token)
      var open = TrackRequest()
      open.content = .open(TrackOpen(header))
      try await call.requests.send(open)
      let sender = Task { await self.sendLoop(call, attempt) }
      defer { sender.cancel() }
      for try await response in call.responses { received(response, attempt) }
      failure = .ended
    } catch {
      failure = TrackingFailure(error)
    }
    if connection?.attempt == attempt {
      hangUp()
      // After the end the server closes the stream: that is nothing to tell.
      if session.wakeTime != nil { report(.disconnected(failure)) }
    }
    tell(.disconnected(attempt: attempt, failure))
  }

  private func received(_ response: TrackResponse, _ attempt: UInt64) {
    guard connection?.attempt == attempt else { return }
    if let activity = response.completed { completed = activity }
    if response.opened != nil { report(.connected) }
    if let statistics = response.statistics { report(.statistics(statistics)) }
    tell(.received(attempt: attempt, TrackingAnswer(response)))
  }

  /// Writes what the outbox holds.
  ///
  /// The messages are made here, as late as possible: while the network is behind, only ranges
  /// wait.
  private func sendLoop(_ call: ClientCall<TrackRequest, TrackResponse>, _ attempt: UInt64) async {
    do {
      while let item = await nextOutgoing(attempt) {
        try await call.requests.send(try await message(item))
      }
    } catch let error as JournalError {
      call.cancel()
      tell(.disconnected(attempt: attempt, .permanent("\(error)")))
    } catch {
      // The call is over; whoever reads its responses learns why.
    }
  }

  private func nextOutgoing(_ attempt: UInt64) async -> Outgoing? {
    while let connection, connection.attempt == attempt {
      if !connection.outbox.isEmpty { return self.connection?.outbox.removeFirst() }
      await withCheckedContinuation { self.connection?.sender = $0 }
    }
    return nil
  }

  private func message(_ item: Outgoing) async throws(JournalError) -> TrackRequest {
    var request = TrackRequest()
    switch item {
    case .heartbeat(let id):
      var heartbeat = Heartbeat()
      heartbeat.id = id
      request.content = .heartbeat(heartbeat)
    case .batch(let sampleRange, let eventRange):
      var batch = TrackBatch()
      batch.firstSequence = sampleRange.lowerBound
      batch.firstEventSequence = eventRange.lowerBound
      if !sampleRange.isEmpty {
        let samples = try await journal.samples(sampleRange, of: header.id)
        batch.samples = WorkoutSchema.SampleColumns(WorkoutCore.SampleColumns(encoding: samples))
      }
      if !eventRange.isEmpty {
        let events = try await journal.events(of: header.id)
        batch.events = events[Int(eventRange.lowerBound)..<Int(eventRange.upperBound)]
          .map { WorkoutSchema.ActivityEvent($0.event) }
      }
      request.content = .batch(batch)
    }
    return request
  }
}

extension TrackingSession.EventMark {
  init(_ event: JournalEvent) {
    self.init(afterSample: event.afterSample, isFinal: event.event.type.isFinal)
  }
}

extension TrackingFailure {
  /// What follows from a call's end.
  init(_ error: any Error) {
    switch ClientError(error) {
    case .notSignedIn: self = .unauthenticated("not signed in")
    case .rpc(let error):
      switch error.code {
      case .unauthenticated: self = .unauthenticated(error.message)
      case .outOfRange: self = .gap("\(error)")
      case .permissionDenied: self = .denied("\(error)")
      case .invalidArgument, .failedPrecondition, .unimplemented, .notFound,
        .alreadyExists:
        self = .permanent("\(error)")
      default: self = .transient("\(error)")
      }
    case .profile(let error): self = .permanent("\(error)")
    case .journal(let error): self = .permanent("\(error)")
    case .malformedAnswer: self = .transient("\(ClientError(error))")
    }
  }
}

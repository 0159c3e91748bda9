/// One activity's way from a device's journal to the server, as a value: no I/O, no clock, no
/// randomness of its own.
///
/// It takes what happened and the time, and returns what to do. The journal is described to it by
/// counts only: samples and events each have sequences from 0. The states are drawn in
/// docs/tracking-session.dot.
///
/// What it keeps true, whatever is lost, late or repeated:
/// - a sequence counts as acknowledged only because the server said so;
/// - what is not acknowledged is sent again on the next stream;
/// - an event is sent no earlier than the samples that were recorded before it, so FINISH is last.
package struct TrackingSession: Sendable {
  /// Milliseconds on a clock that never goes back, from any origin.
  package typealias Time = Int64

  /// What happened.
  package enum Input: Sendable, Hashable {
    /// The journal now holds samples below this sequence.
    case samplesAppended(end: UInt64)
    /// The journal holds one more event.
    case eventAppended(EventMark)
    /// Nothing will be appended any more.
    case recordingEnded
    /// The server answered on the stream of this attempt.
    case received(attempt: UInt64, TrackingAnswer)
    /// The stream of this attempt is gone.
    case disconnected(attempt: UInt64, TrackingFailure)
    /// Time has passed: `wakeTime` came, or any other moment.
    case tick
    /// The person wants to stop sending; the journal keeps the rest.
    case stop
  }

  /// What to do, in order.
  package enum Action: Sendable, Hashable {
    /// Open a stream and send `open` on it, with renewed credentials if asked.
    case connect(attempt: UInt64, renewCredentials: Bool)
    /// Send these samples and events of the journal in one batch.
    case sendBatch(attempt: UInt64, samples: Range<UInt64>, events: Range<UInt64>)
    /// Ask for a sign of life.
    case sendHeartbeat(attempt: UInt64, id: UInt64)
    /// Give the stream of this attempt up.
    case disconnect(attempt: UInt64)
    /// Write down that the server holds everything below these sequences.
    case saveAcknowledged(samples: UInt64, events: UInt64)
    /// The end; nothing follows.
    case finish(TrackingOutcome)
  }

  /// An event as far as sending is concerned.
  package struct EventMark: Sendable, Hashable {
    /// The event follows all samples below this sequence.
    package var afterSample: UInt64
    /// Whether it is a FINISH or DISCARD, after which the server completes the activity.
    package var isFinal: Bool

    package init(afterSample: UInt64, isFinal: Bool) {
      self.afterSample = afterSample
      self.isFinal = isFinal
    }
  }

  /// Where the connection stands.
  package enum State: Sendable, Hashable {
    case waiting(until: Time)
    case connecting(attempt: UInt64, since: Time)
    case open(attempt: UInt64)
    case finished(TrackingOutcome)
  }

  package private(set) var state: State
  /// The server holds all samples below this sequence.
  package private(set) var acknowledgedSamples: UInt64
  /// The server holds all events below this sequence.
  package private(set) var acknowledgedEvents: UInt64
  /// The journal holds samples below this sequence.
  package private(set) var sampleEnd: UInt64
  /// People watching, as the server last said.
  package private(set) var watchers: UInt32 = 0
  /// How old the oldest unsent sample may get, as the server last said.
  package private(set) var intervalMilliseconds: Int64

  private let settings: TrackingSettings
  private var events: [EventMark]
  private var hasEnded = false
  private var attempt: UInt64 = 0
  /// Failures in a row without progress between them.
  private var failures = 0
  private var renewedCredentials = false
  private var repeatedGap = false
  private var lastFailure = TrackingFailure.transient("not connected yet")
  /// When the server last did something for us, or the recording ended: giving up counts from here.
  private var lastProgress: Time
  private var stream = TrackingStream()

  /// Continues an activity from its journal: new ones have nothing in it.
  package init(
    sampleEnd: UInt64 = 0,
    events: [EventMark] = [],
    acknowledgedSamples: UInt64 = 0,
    acknowledgedEvents: UInt64 = 0,
    settings: TrackingSettings = TrackingSettings(),
    now: Time
  ) {
    self.settings = settings
    self.sampleEnd = sampleEnd
    self.events = events
    self.acknowledgedSamples = acknowledgedSamples
    self.acknowledgedEvents = acknowledgedEvents
    intervalMilliseconds = settings.firstIntervalMilliseconds
    lastProgress = now
    state = .waiting(until: now)
  }

  /// Takes what happened and says what to do.
  ///
  /// - Parameters:
  ///   - input: What happened.
  ///   - now: When.
  ///   - random: Decides how long back-off waits.
  /// - Returns: What to do, in order.
  package mutating func handle(
    _ input: Input,
    now: Time,
    random: inout some RandomNumberGenerator
  ) -> [Action] {
    var actions: [Action] = []
    if case .finished = state { return actions }
    switch input {
    case .samplesAppended(let end): samplesAppended(end, now)
    case .eventAppended(let mark): events.append(mark)
    case .recordingEnded:
      hasEnded = true
      lastProgress = now
    case .received(let attempt, let answer):
      // An answer on a stream already given up is a legal race: its successor says it again.
      if isCurrent(attempt) { received(answer, now, &actions, &random) }
    case .disconnected(let attempt, let failure):
      if isCurrent(attempt) { disconnected(failure, now, &actions, &random) }
    case .tick: break
    case .stop: hangUp(.stopped, &actions)
    }
    advance(now, &actions, &random)
    return actions
  }

  /// When to call with `.tick` at the latest; nil once finished.
  package var wakeTime: Time? {
    switch state {
    case .finished: nil
    case .waiting(let until): min(until, giveUpTime ?? until)
    case .connecting(_, let since):
      min(since + settings.openTimeoutMilliseconds, giveUpTime ?? .max)
    case .open:
      min(
        // A full window opens by an acknowledgement, not by time.
        stream.wakeTime(settings, interval: isWindowFull ? nil : intervalMilliseconds),
        giveUpTime ?? .max
      )
    }
  }
}

// MARK: - Transitions

extension TrackingSession {
  private mutating func samplesAppended(_ end: UInt64, _ now: Time) {
    guard end > sampleEnd else { return }
    if case .open = state, stream.unsentSince == nil { stream.unsentSince = now }
    sampleEnd = end
  }

  /// What time alone brings about.
  private mutating func advance(
    _ now: Time,
    _ actions: inout [Action],
    _ random: inout some RandomNumberGenerator
  ) {
    if let giveUpTime, now >= giveUpTime {
      hangUp(.unreachable(lastFailure), &actions)
      return
    }
    switch state {
    case .finished: break
    case .waiting(let until):
      if isDrained { finish(.drained, &actions) } else if now >= until { connect(now, &actions) }
    case .connecting(_, let since):
      if now - since >= settings.openTimeoutMilliseconds {
        abandon(.transient("no answer to open"), now, &actions, &random)
      }
    case .open:
      if isDrained {
        hangUp(.drained, &actions)
      } else if stream.isStuck(settings, now) {
        abandon(.transient("the stream is stuck"), now, &actions, &random)
      } else {
        send(now, &actions)
      }
    }
  }

  private mutating func connect(_ now: Time, _ actions: inout [Action]) {
    attempt += 1
    state = .connecting(attempt: attempt, since: now)
    actions.append(.connect(attempt: attempt, renewCredentials: renewedCredentials))
  }

  private mutating func received(
    _ answer: TrackingAnswer,
    _ now: Time,
    _ actions: inout [Action],
    _ random: inout some RandomNumberGenerator
  ) {
    if let violation = violation(in: answer) {
      abandon(.permanent("the server broke the protocol: \(violation)"), now, &actions, &random)
      return
    }
    stream.received(now)
    lastProgress = now
    if let opened = answer.opened { self.opened(opened, now) }
    if let ack = answer.ack { acknowledge(ack, &actions) }
    if let policy = answer.policy {
      watchers = policy.watchers
      intervalMilliseconds = min(
        max(Int64(policy.intervalMilliseconds), settings.minimumIntervalMilliseconds),
        settings.maximumIntervalMilliseconds
      )
    }
    guard answer.isCompleted else { return }
    if isAllAcknowledged {
      finish(.completed, &actions)
    } else {
      // Its acknowledgement comes no later. What only the journal holds stays there.
      let held = "holds only \(acknowledgedSamples) of \(sampleEnd) samples"
      let failure = TrackingFailure.permanent("the server completed the activity, but \(held)")
      abandon(failure, now, &actions, &random)
    }
  }

  /// What the server may never do; nil when all is well.
  private func violation(in answer: TrackingAnswer) -> String? {
    if case .open = state {
      if answer.opened != nil { return "opened twice" }
    } else if answer.opened == nil {
      return "an answer before opened"
    }
    for point in [answer.opened?.next, answer.ack].compactMap({ $0 }) {
      if point.samples > sampleEnd || point.events > UInt64(events.count) {
        return "it holds \(point.samples) samples and \(point.events) events, "
          + "the journal only \(sampleEnd) and \(events.count)"
      }
    }
    return nil
  }

  /// The server says where to go on, which is no promise yet: what it wants next may lie beyond
  /// what is on its disk.
  ///
  /// When it wants less than it acknowledged, it lost data, and gets from the journal again what
  /// the journal still holds.
  private mutating func opened(_ opened: TrackingAnswer.Opened, _ now: Time) {
    renewedCredentials = false
    state = .open(attempt: attempt)
    stream = TrackingStream(opened: opened, now: now)
    acknowledgedSamples = min(acknowledgedSamples, opened.next.samples)
    acknowledgedEvents = min(acknowledgedEvents, opened.next.events)
    // Nothing is left to send, but its acknowledgement was lost: sending the last one again, which
    // changes nothing, asks for it.
    if opened.next.samples == sampleEnd, acknowledgedSamples < sampleEnd { stream.nextSample -= 1 }
    if opened.next.events == events.count, acknowledgedEvents < events.count {
      stream.nextEvent -= 1
    }
    if sampleEnd > stream.nextSample { stream.unsentSince = now - intervalMilliseconds }
  }

  /// Acknowledgements only grow on one stream; an older one that comes late says nothing new.
  private mutating func acknowledge(
    _ point: TrackingAnswer.Point,
    _ actions: inout [Action]
  ) {
    guard point.samples > acknowledgedSamples || point.events > acknowledgedEvents else { return }
    failures = 0
    repeatedGap = false
    acknowledgedSamples = max(acknowledgedSamples, point.samples)
    acknowledgedEvents = max(acknowledgedEvents, point.events)
    stream.nextSample = max(stream.nextSample, acknowledgedSamples)
    stream.nextEvent = max(stream.nextEvent, acknowledgedEvents)
    if stream.nextSample == sampleEnd { stream.unsentSince = nil }
    actions.append(.saveAcknowledged(samples: acknowledgedSamples, events: acknowledgedEvents))
  }

  private mutating func disconnected(
    _ failure: TrackingFailure,
    _ now: Time,
    _ actions: inout [Action],
    _ random: inout some RandomNumberGenerator
  ) {
    lastFailure = failure
    if case .open = state {
      if failure == .ended, stream.isSettled, isAllAcknowledged {
        finish(.completed, &actions)
        return
      }
      if now - stream.openedAt >= settings.healthyMilliseconds { failures = 0 }
    }
    switch failure {
    case .permanent, .denied:
      finish(.failed(failure), &actions)
    case .unauthenticated:
      // Once with renewed credentials; refused again, only the person can help.
      if renewedCredentials {
        finish(.failed(failure), &actions)
      } else {
        renewedCredentials = true
        state = .waiting(until: now)
      }
    case .gap where repeatedGap:
      finish(.failed(failure), &actions)
    case .gap, .transient, .ended:
      if failure.isGap { repeatedGap = true }
      // By the time a lost server is back, renewed credentials may have expired in their turn.
      renewedCredentials = false
      state = .waiting(until: now + backoff(&random))
      failures += 1
    }
  }

  /// Gives the present stream up by our own decision.
  private mutating func abandon(
    _ failure: TrackingFailure,
    _ now: Time,
    _ actions: inout [Action],
    _ random: inout some RandomNumberGenerator
  ) {
    actions.append(.disconnect(attempt: attempt))
    disconnected(failure, now, &actions, &random)
  }

  /// Ends the session, and the stream if there is one.
  private mutating func hangUp(_ outcome: TrackingOutcome, _ actions: inout [Action]) {
    switch state {
    case .connecting(let attempt, _), .open(let attempt):
      actions.append(.disconnect(attempt: attempt))
    case .waiting, .finished: break
    }
    finish(outcome, &actions)
  }

  /// Ends the session when the stream is gone already or ends by itself.
  private mutating func finish(_ outcome: TrackingOutcome, _ actions: inout [Action]) {
    state = .finished(outcome)
    actions.append(.finish(outcome))
  }

  private func isCurrent(_ attempt: UInt64) -> Bool {
    switch state {
    case .connecting(attempt, _), .open(attempt): true
    default: false
    }
  }
}

// MARK: - Sending

extension TrackingSession {
  private mutating func send(_ now: Time, _ actions: inout [Action]) {
    while let batch = nextBatch(now) {
      stream.sent(batch, now)
      if stream.nextSample == sampleEnd { stream.unsentSince = nil }
      actions.append(.sendBatch(attempt: attempt, samples: batch.samples, events: batch.events))
    }
    if stream.needsHeartbeat(settings, now) {
      actions.append(.sendHeartbeat(attempt: attempt, id: stream.beat(now)))
    }
  }

  /// What is to be sent now, if anything.
  private func nextBatch(_ now: Time) -> (samples: Range<UInt64>, events: Range<UInt64>)? {
    let first = stream.nextSample
    let end = min(sampleEnd, first + settings.maximumBatchSamples, max(first, windowEnd))
    var eventEnd = stream.nextEvent
    while eventEnd < UInt64(events.count), events[Int(eventEnd)].afterSample <= end,
      eventEnd - stream.nextEvent < settings.maximumBatchEvents
    {
      eventEnd += 1
    }
    let hasEvents = eventEnd > stream.nextEvent
    guard end > first || hasEvents else { return nil }
    let isDue = stream.unsentSince.map { now - $0 >= intervalMilliseconds } ?? false
    let isFull = end - first >= settings.maximumBatchSamples
    guard hasEvents || isDue || isFull || hasEnded else { return nil }
    return (first..<end, stream.nextEvent..<eventEnd)
  }

  /// How far may be sent.
  ///
  /// What the server wanted next when the stream opened is not counted as under way: it has that,
  /// though its acknowledgement may have been lost.
  private var windowEnd: UInt64 {
    max(acknowledgedSamples, stream.firstWanted) + settings.maximumUnacknowledgedSamples
  }

  private var isWindowFull: Bool { stream.nextSample >= windowEnd }

  private var isAllAcknowledged: Bool {
    acknowledgedSamples == sampleEnd && acknowledgedEvents == UInt64(events.count)
  }

  /// Whether everything there is has arrived and no completion is to be waited for.
  private var isDrained: Bool {
    hasEnded && isAllAcknowledged && !events.contains(where: \.isFinal)
  }

  private var giveUpTime: Time? {
    guard hasEnded, let patience = settings.giveUpMilliseconds else { return nil }
    return lastProgress + patience
  }

  /// Half to all of a doubling delay, so that devices cut off together do not return together.
  private func backoff(_ random: inout some RandomNumberGenerator) -> Int64 {
    let doubled = settings.firstBackoffMilliseconds << min(failures, 20)
    let ceiling = min(settings.maximumBackoffMilliseconds, doubled)
    return Int64.random(in: ceiling / 2...ceiling, using: &random)
  }
}

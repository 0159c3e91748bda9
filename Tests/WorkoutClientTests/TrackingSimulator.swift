import WorkoutClient

/// A device, a network and a server in virtual time, all driven by one seed.
///
/// Messages of one stream arrive in order or not at all, as HTTP/2 has it; streams die, fall
/// silent, are noticed late by either side, and batches may arrive after their stream was given
/// up. Either side may crash at any moment: then the device keeps its journal only, the server
/// what it committed only.
struct TrackingSimulator {
  /// How rough the run is.
  struct Weather {
    var sampleCount = 1200
    var cutChance = 0.02
    var silenceChance = 0.02
    var deviceCrashChance = 0.005
    var serverCrashChance = 0.005
    var repeatChance = 0.05
    var refusalChance = 0.02
  }

  /// A message on its way, or something that is due.
  private enum Due {
    case tick
    case record
    case deviceRestart
    case serverRestart
    case connect(stream: Int)
    case batch(stream: Int, first: UInt64, samples: [Int], firstEvent: UInt64, events: [Mark])
    case heartbeat(stream: Int)
    case commit(stream: Int)
    case answer(stream: Int, TrackingAnswer)
    case cut(stream: Int, TrackingFailure)
  }

  typealias Mark = TrackingSession.EventMark

  /// One stream as the network sees it.
  private struct Stream {
    var attempt: UInt64
    var life: Int
    /// Whether the network swallows everything without telling anybody.
    var isSilent = false
    /// When the latest message in each direction arrives: later ones come no earlier.
    var upAt: Int64 = 0
    var downAt: Int64 = 0
    var isCutForServer = false
  }

  private var random: SeededGenerator
  private let weather: Weather
  private var now: Int64 = 0
  private var agenda: [(at: Int64, order: Int, due: Due)] = []
  private var order = 0
  private var streams: [Stream] = []

  // The file that is recorded, and the device.
  let samples: [Int]
  let events: [Mark]
  private(set) var journalSamples: UInt64 = 0
  private(set) var journalEvents: UInt64 = 0
  private var savedSamples: UInt64 = 0
  private var savedEvents: UInt64 = 0
  private var session: TrackingSession?
  /// Counts the device's crashes: what belonged to an earlier life is gone.
  private var life = 0
  private(set) var outcome: TrackingOutcome?
  private var settings = TrackingSettings()

  // The server: what it committed, and what it took but did not commit.
  private(set) var committedSamples: [Int] = []
  private(set) var committedEvents: [Mark] = []
  private var takenSamples: [Int] = []
  private var takenEvents: [Mark] = []
  private var serverIsUp = true
  private var refusedLast = false
  /// Broken promises, in words.
  private(set) var faults: [String] = []
  private(set) var counts: [String: Int] = [:]

  init(seed: UInt64, weather: Weather = Weather()) {
    var random = SeededGenerator(seed: seed)
    self.weather = weather
    samples = (0..<weather.sampleCount).map { _ in Int.random(in: 0...1_000_000, using: &random) }
    var places = (0..<6).map { _ in
      UInt64.random(in: 0...UInt64(weather.sampleCount), using: &random)
    }
    places.sort()
    events =
      places.map { Mark(afterSample: $0, isFinal: false) }
      + [Mark(afterSample: UInt64(weather.sampleCount), isFinal: true)]
    settings.maximumBatchSamples = UInt64.random(in: 20...200, using: &random)
    settings.maximumUnacknowledgedSamples = settings.maximumBatchSamples * 3
    settings.maximumBatchEvents = 2
    self.random = random
  }

  /// Runs until the device is done.
  ///
  /// Returns false when that takes more than a virtual day.
  mutating func run() -> Bool {
    startDevice()
    // Far more steps than any run takes: a session that spins in place must not hang the test.
    for _ in 0..<200_000 where outcome == nil {
      guard let next = agenda.indices.min(by: { key($0) < key($1) }) else { return false }
      let item = agenda.remove(at: next)
      now = max(now, item.at)
      guard now < 86_400_000 else { return false }
      happen(item.due)
      checkPromises()
    }
    return outcome != nil
  }

  private func key(_ index: Int) -> (Int64, Int) { (agenda[index].at, agenda[index].order) }

  private mutating func plan(_ due: Due, after delay: Int64) {
    plan(due, at: now + delay)
  }

  private mutating func plan(_ due: Due, at time: Int64) {
    order += 1
    agenda.append((max(now, time), order, due))
  }

  private mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &random) < probability
  }

  private mutating func delay(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &random)
  }

  private mutating func count(_ name: String) { counts[name, default: 0] += 1 }

  private mutating func checkPromises() {
    if savedSamples > committedSamples.count || savedEvents > committedEvents.count {
      faults.append("\(now): \(savedSamples) acknowledged, \(committedSamples.count) on disk")
    }
    if let session, session.acknowledgedSamples > committedSamples.count {
      faults.append("\(now): the session believes in \(session.acknowledgedSamples)")
    }
  }
}

// MARK: - Device

extension TrackingSimulator {
  private mutating func startDevice() {
    life += 1
    session = TrackingSession(
      sampleEnd: journalSamples,
      events: Array(events.prefix(Int(journalEvents))),
      acknowledgedSamples: savedSamples,
      acknowledgedEvents: savedEvents,
      settings: settings,
      now: now
    )
    if journalEvents == UInt64(events.count) { tell(.recordingEnded) } else { tell(.tick) }
    plan(.record, after: delay(0...500))
  }

  private mutating func crashDevice() {
    count("device crash")
    session = nil
    plan(.deviceRestart, after: delay(10...20_000))
  }

  private mutating func tell(_ input: TrackingSession.Input) {
    guard var session else { return }
    let actions = session.handle(input, now: now, random: &random)
    self.session = session
    for action in actions { perform(action) }
    if let wake = self.session?.wakeTime { plan(.tick, at: wake) }
  }

  private mutating func perform(_ action: TrackingSession.Action) {
    // A crash may come between any two actions; the rest of them is lost.
    guard session != nil else { return }
    if chance(weather.deviceCrashChance) { return crashDevice() }
    switch action {
    case .connect(let attempt, _):
      count("connect")
      streams.append(Stream(attempt: attempt, life: life))
      plan(.connect(stream: streams.count - 1), after: delay(1...200))
    case .sendBatch(let attempt, let range, let eventRange):
      let batch = Due.batch(
        stream: stream(attempt),
        first: range.lowerBound,
        samples: Array(samples[Int(range.lowerBound)..<Int(range.upperBound)]),
        firstEvent: eventRange.lowerBound,
        events: Array(events[Int(eventRange.lowerBound)..<Int(eventRange.upperBound)])
      )
      sendUp(batch, on: stream(attempt))
      if chance(weather.repeatChance) { sendUp(batch, on: stream(attempt)) }
    case .sendHeartbeat(let attempt, _):
      count("heartbeat")
      sendUp(.heartbeat(stream: stream(attempt)), on: stream(attempt))
    case .disconnect(let attempt):
      count("hang up")
      streams[stream(attempt)].isCutForServer = chance(0.5)
    case .saveAcknowledged(let samples, let events):
      savedSamples = samples
      savedEvents = events
    case .finish(let outcome):
      self.outcome = outcome
    }
  }

  private func stream(_ attempt: UInt64) -> Int {
    streams.lastIndex { $0.attempt == attempt && $0.life == life } ?? 0
  }

  /// Appends what the recording brings next: nothing twice, whatever crashed before.
  private mutating func record() {
    guard session != nil else { return }
    let eventEnd = UInt64(events.count)
    guard journalEvents < eventEnd else { return }
    let mark = events[Int(journalEvents)]
    if mark.afterSample > journalSamples {
      journalSamples = min(mark.afterSample, journalSamples + UInt64(delay(1...40)))
      tell(.samplesAppended(end: journalSamples))
    } else {
      journalEvents += 1
      tell(.eventAppended(mark))
      if journalEvents == eventEnd { tell(.recordingEnded) }
    }
    plan(.record, after: delay(0...1500))
  }
}

// MARK: - Network and server

extension TrackingSimulator {
  private mutating func sendUp(_ due: Due, on stream: Int) {
    if chance(weather.silenceChance) {
      count("silence")
      streams[stream].isSilent = true
    }
    guard !streams[stream].isSilent else { return }
    streams[stream].upAt = max(streams[stream].upAt, now + delay(1...300))
    plan(due, at: streams[stream].upAt)
    // A server may also end a stream without an error.
    if chance(weather.cutChance) { cut(stream, chance(0.5) ? .ended : .transient("cut")) }
  }

  private mutating func sendDown(_ answer: TrackingAnswer, on stream: Int) {
    guard !streams[stream].isSilent, !streams[stream].isCutForServer else { return }
    streams[stream].downAt = max(streams[stream].downAt, now + delay(1...300))
    plan(.answer(stream: stream, answer), at: streams[stream].downAt)
    if chance(weather.repeatChance), answer.opened == nil, !answer.isCompleted {
      plan(.answer(stream: stream, answer), at: streams[stream].downAt)
    }
  }

  /// Ends a stream: the device learns of it after what was sent before.
  private mutating func cut(_ stream: Int, _ failure: TrackingFailure) {
    count("cut")
    streams[stream].isCutForServer = true
    guard !streams[stream].isSilent else { return }
    streams[stream].downAt = max(streams[stream].downAt, now + delay(1...2000))
    plan(.cut(stream: stream, failure), at: streams[stream].downAt)
  }

  private mutating func crashServer() {
    count("server crash")
    serverIsUp = false
    takenSamples = []
    takenEvents = []
    for stream in streams.indices where !streams[stream].isCutForServer {
      cut(stream, .transient("server crashed"))
    }
    plan(.serverRestart, after: delay(10...40_000))
  }

  private mutating func happen(_ due: Due) {
    if serverIsUp, chance(weather.serverCrashChance / 10) { crashServer() }
    switch due {
    case .tick: tell(.tick)
    case .record: record()
    case .deviceRestart: startDevice()
    case .serverRestart: serverIsUp = true
    case .connect(let stream): accept(stream)
    case .batch(let stream, let first, let samples, let firstEvent, let events):
      take(stream, first, samples, firstEvent, events)
    case .heartbeat(let stream): if serverIsUp { sendDown(TrackingAnswer(), on: stream) }
    case .commit(let stream): commit(stream)
    case .answer(let stream, let answer):
      guard streams[stream].life == life else { return }
      tell(.received(attempt: streams[stream].attempt, answer))
    case .cut(let stream, let failure):
      guard streams[stream].life == life else { return }
      tell(.disconnected(attempt: streams[stream].attempt, failure))
    }
  }

  private mutating func accept(_ stream: Int) {
    guard serverIsUp else { return cut(stream, .transient("refused")) }
    // Refused with renewed credentials, a session gives up, and rightly so.
    if !refusedLast, chance(weather.refusalChance) {
      refusedLast = true
      return cut(stream, .unauthenticated("expired"))
    }
    refusedLast = false
    let next = TrackingAnswer.Point(
      samples: UInt64(committedSamples.count + takenSamples.count),
      events: UInt64(committedEvents.count + takenEvents.count)
    )
    let opened = TrackingAnswer.Opened(
      next: next,
      idleTimeoutMilliseconds: 30_000,
      isSettled: isCompleted
    )
    sendDown(TrackingAnswer(opened: opened), on: stream)
    let policy = TrackingAnswer.Policy(
      intervalMilliseconds: UInt32(delay(0...5000)),
      watchers: 1
    )
    sendDown(TrackingAnswer(policy: policy), on: stream)
    if isCompleted {
      sendDown(TrackingAnswer(ack: durable), on: stream)
      complete(stream)
    }
  }

  private mutating func take(
    _ stream: Int,
    _ first: UInt64,
    _ samples: [Int],
    _ firstEvent: UInt64,
    _ events: [Mark]
  ) {
    guard serverIsUp else { return }
    count("batch")
    if samples.count > settings.maximumBatchSamples || events.count > 2 {
      faults.append("a batch of \(samples.count) samples and \(events.count) events")
    }
    let have = committedSamples + takenSamples
    let haveEvents = committedEvents + takenEvents
    guard first <= have.count, firstEvent <= haveEvents.count else {
      return cut(stream, .gap("gap"))
    }
    let known = min(samples.count, have.count - Int(first))
    if Array(samples.prefix(known)) != Array(have[Int(first)..<Int(first) + known]) {
      faults.append("sequence \(first) was sent again with other samples")
    }
    if events.contains(where: {
      $0.afterSample > UInt64(max(have.count, Int(first) + samples.count))
    }) {
      faults.append("an event overtook its samples")
    }
    takenSamples += samples.dropFirst(known)
    takenEvents += events.dropFirst(min(events.count, haveEvents.count - Int(firstEvent)))
    plan(.commit(stream: stream), after: delay(1...400))
  }

  private mutating func commit(_ stream: Int) {
    guard serverIsUp else { return }
    committedSamples += takenSamples
    committedEvents += takenEvents
    takenSamples = []
    takenEvents = []
    // A server may crash between its commit and its acknowledgement.
    if chance(weather.serverCrashChance) { return crashServer() }
    sendDown(TrackingAnswer(ack: durable), on: stream)
    if isCompleted { complete(stream) }
  }

  private mutating func complete(_ stream: Int) {
    sendDown(TrackingAnswer(isCompleted: true), on: stream)
    cut(stream, .ended)
  }

  private var durable: TrackingAnswer.Point {
    TrackingAnswer.Point(
      samples: UInt64(committedSamples.count),
      events: UInt64(committedEvents.count)
    )
  }

  private var isCompleted: Bool { committedEvents.contains(where: \.isFinal) }
}

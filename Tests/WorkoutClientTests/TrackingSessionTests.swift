import Testing
import WorkoutClient

private typealias Answer = TrackingAnswer

/// A session and its clock, for scenes in a few lines.
private final class Scene {
  var session: TrackingSession
  var now: Int64 = 1000
  var random = SeededGenerator(seed: 1)

  init(
    sampleEnd: UInt64 = 0,
    events: [TrackingSession.EventMark] = [],
    settings: TrackingSettings = TrackingSettings()
  ) {
    session = TrackingSession(sampleEnd: sampleEnd, events: events, settings: settings, now: 1000)
  }

  func tell(_ input: TrackingSession.Input, after delay: Int64 = 0)
    -> [TrackingSession.Action]
  {
    now += delay
    return session.handle(input, now: now, random: &random)
  }

  /// Connects and is answered.
  func open(next: UInt64 = 0, events: UInt64 = 0, idle: UInt32 = 0, settled: Bool = false)
    -> [TrackingSession.Action]
  {
    _ = tell(.tick)
    let point = Answer.Point(samples: next, events: events)
    let opened = Answer.Opened(next: point, idleTimeoutMilliseconds: idle, isSettled: settled)
    return tell(.received(attempt: 1, Answer(opened: opened)))
  }

  func ack(_ samples: UInt64, events: UInt64 = 0) -> [TrackingSession.Action] {
    tell(.received(attempt: 1, Answer(ack: Answer.Point(samples: samples, events: events))))
  }
}

@Suite struct TrackingSessionTests {
  @Test("it connects first, and sends nothing before the server has answered")
  func connectsFirst() {
    let scene = Scene(sampleEnd: 5)
    #expect(scene.tell(.tick) == [.connect(attempt: 1, renewCredentials: false)])
    #expect(scene.tell(.samplesAppended(end: 9), after: 5000) == [])
  }

  @Test("what the server lacks is sent at once after opening, from where it wants")
  func resumes() {
    let scene = Scene(sampleEnd: 10)
    #expect(scene.open(next: 7) == [.sendBatch(attempt: 1, samples: 7..<10, events: 0..<0)])
    #expect(scene.session.acknowledgedSamples == 0, "wanted next is no promise")
    #expect(scene.ack(10) == [.saveAcknowledged(samples: 10, events: 0)])
  }

  @Test("samples wait for the interval that the server asked for")
  func interval() {
    let scene = Scene()
    _ = scene.open()
    let policy = Answer.Policy(intervalMilliseconds: 3000, watchers: 2)
    _ = scene.tell(.received(attempt: 1, Answer(policy: policy)))
    #expect(scene.session.watchers == 2)
    #expect(scene.tell(.samplesAppended(end: 1), after: 10) == [])
    #expect(scene.tell(.samplesAppended(end: 2), after: 2900) == [])
    #expect(scene.session.wakeTime == scene.now + 100)
    #expect(
      scene.tell(.tick, after: 100) == [.sendBatch(attempt: 1, samples: 0..<2, events: 0..<0)]
    )
  }

  @Test("batches are full at most, and stop ahead of an acknowledgement at the window")
  func window() {
    var settings = TrackingSettings()
    settings.maximumBatchSamples = 10
    settings.maximumUnacknowledgedSamples = 25
    let scene = Scene(sampleEnd: 100, settings: settings)
    #expect(
      scene.open() == [
        .sendBatch(attempt: 1, samples: 0..<10, events: 0..<0),
        .sendBatch(attempt: 1, samples: 10..<20, events: 0..<0),
        .sendBatch(attempt: 1, samples: 20..<25, events: 0..<0),
      ]
    )
    #expect(scene.session.wakeTime == scene.now + settings.heartbeatMilliseconds)
    #expect(
      scene.ack(10) == [
        .saveAcknowledged(samples: 10, events: 0),
        .sendBatch(attempt: 1, samples: 25..<35, events: 0..<0),
      ]
    )
  }

  @Test("acknowledgements lost on earlier streams do not fill the window")
  func windowAfterLostAcknowledgements() {
    var settings = TrackingSettings()
    settings.maximumBatchSamples = 10
    settings.maximumUnacknowledgedSamples = 10
    let scene = Scene(sampleEnd: 100, settings: settings)
    #expect(scene.open(next: 50) == [.sendBatch(attempt: 1, samples: 50..<60, events: 0..<0)])
  }

  @Test("an event goes at once, with the samples before it and not ahead of them")
  func events() {
    var settings = TrackingSettings()
    settings.maximumBatchSamples = 10
    let scene = Scene(settings: settings)
    _ = scene.open()
    _ = scene.tell(.samplesAppended(end: 5))
    #expect(
      scene.tell(.eventAppended(.init(afterSample: 5, isFinal: false)))
        == [.sendBatch(attempt: 1, samples: 0..<5, events: 0..<1)]
    )
    _ = scene.tell(.eventAppended(.init(afterSample: 20, isFinal: true)))
    #expect(
      scene.tell(.samplesAppended(end: 20)) == [
        .sendBatch(attempt: 1, samples: 5..<15, events: 1..<1),
        .sendBatch(attempt: 1, samples: 15..<20, events: 1..<2),
      ]
    )
  }

  @Test("it finishes when the server says completed, not when all is acknowledged")
  func completes() {
    let scene = Scene(sampleEnd: 5, events: [.init(afterSample: 5, isFinal: true)])
    _ = scene.tell(.recordingEnded)
    _ = scene.open()
    #expect(scene.ack(5, events: 1) == [.saveAcknowledged(samples: 5, events: 1)])
    #expect(
      scene.tell(.received(attempt: 1, Answer(isCompleted: true))) == [.finish(.completed)]
    )
    #expect(scene.session.wakeTime == nil)
    #expect(scene.tell(.disconnected(attempt: 1, .ended)) == [])
  }

  @Test("a stream that the server ends before it has everything is followed by another")
  func endedEarly() {
    for settled in [false, true] {
      let scene = Scene(sampleEnd: 5, events: [.init(afterSample: 5, isFinal: true)])
      _ = scene.tell(.recordingEnded)
      _ = scene.open(settled: settled)
      if settled { _ = scene.ack(4) } else { _ = scene.ack(5, events: 1) }
      #expect(scene.tell(.disconnected(attempt: 1, .ended)) == [])
      #expect(
        scene.tell(.tick, after: 500) == [.connect(attempt: 2, renewCredentials: false)]
      )
    }
  }

  @Test("a server that completes without what was recorded does not empty the journal")
  func completesEarly() {
    let scene = Scene(sampleEnd: 5, events: [.init(afterSample: 5, isFinal: true)])
    _ = scene.tell(.recordingEnded)
    _ = scene.open()
    _ = scene.ack(4)
    let actions = scene.tell(.received(attempt: 1, Answer(isCompleted: true)))
    #expect(
      actions == [
        .disconnect(attempt: 1),
        .finish(
          .failed(.permanent("the server completed the activity, but holds only 4 of 5 samples"))
        ),
      ]
    )
  }

  @Test("an unfinished activity is drained once all of it is acknowledged")
  func drains() {
    let scene = Scene(sampleEnd: 5)
    _ = scene.tell(.recordingEnded)
    _ = scene.open()
    #expect(
      scene.ack(5) == [
        .saveAcknowledged(samples: 5, events: 0), .disconnect(attempt: 1), .finish(.drained),
      ]
    )
  }

  @Test("when only acknowledgements were lost, the last sample and event ask for them")
  func lostAcknowledgement() {
    let scene = Scene(sampleEnd: 5, events: [.init(afterSample: 2, isFinal: false)])
    _ = scene.tell(.recordingEnded)
    #expect(
      scene.open(next: 5, events: 1) == [.sendBatch(attempt: 1, samples: 4..<5, events: 0..<1)]
    )
    #expect(
      scene.ack(5, events: 1) == [
        .saveAcknowledged(samples: 5, events: 1), .disconnect(attempt: 1), .finish(.drained),
      ]
    )
  }

  @Test("waits after failures grow, stay bounded and are jittered")
  func backoff() {
    let scene = Scene()
    var waits: [Int64] = []
    for attempt in 1...12 {
      _ = scene.tell(.tick)
      _ = scene.tell(.disconnected(attempt: UInt64(attempt), .transient("no route")))
      guard case .waiting(let until) = scene.session.state else {
        Issue.record("not waiting")
        return
      }
      waits.append(until - scene.now)
      scene.now = until
    }
    for (place, wait) in waits.enumerated() {
      let ceiling = min(30_000, Int64(500) << Int64(place))
      #expect((ceiling / 2...ceiling).contains(wait))
    }
    #expect(Set(waits.suffix(5)).count > 1)
  }

  @Test("a silent stream is asked for a sign of life, then given up")
  func stuck() {
    let scene = Scene()
    _ = scene.open(idle: 9000)
    #expect(scene.tell(.tick, after: 2999) == [])
    #expect(scene.tell(.tick, after: 1) == [.sendHeartbeat(attempt: 1, id: 1)])
    #expect(scene.tell(.tick, after: 9999) == [])
    #expect(scene.tell(.tick, after: 1) == [.disconnect(attempt: 1)])
    // Whatever the old stream still says is dropped.
    #expect(scene.ack(0) == [])
    #expect(scene.tell(.disconnected(attempt: 1, .permanent("late"))) == [])
  }

  @Test("refused credentials are renewed once, then the person is asked")
  func credentials() {
    let scene = Scene()
    _ = scene.tell(.tick)
    #expect(
      scene.tell(.disconnected(attempt: 1, .unauthenticated("expired")))
        == [.connect(attempt: 2, renewCredentials: true)]
    )
    #expect(
      scene.tell(.disconnected(attempt: 2, .unauthenticated("revoked")))
        == [.finish(.failed(.unauthenticated("revoked")))]
    )
  }

  @Test("credentials that expired again during an outage are renewed again")
  func credentialsAfterOutage() {
    let scene = Scene()
    _ = scene.tell(.tick)
    _ = scene.tell(.disconnected(attempt: 1, .unauthenticated("expired")))
    _ = scene.tell(.disconnected(attempt: 2, .transient("no server")))
    #expect(
      scene.tell(.tick, after: 3_600_000) == [.connect(attempt: 3, renewCredentials: false)]
    )
    #expect(
      scene.tell(.disconnected(attempt: 3, .unauthenticated("expired")))
        == [.connect(attempt: 4, renewCredentials: true)]
    )
  }

  @Test("a server that claims more than was recorded is not believed")
  func violation() {
    let scene = Scene(sampleEnd: 5)
    _ = scene.open()
    guard case .finish(.failed(.permanent(let text))) = scene.ack(6).last else {
      Issue.record("believed")
      return
    }
    #expect(text.contains("6 samples"))
  }

  @Test("a server that lost acknowledged samples gets them again")
  func serverLostData() {
    let scene = Scene(sampleEnd: 10)
    _ = scene.open()
    _ = scene.ack(10)
    _ = scene.tell(.disconnected(attempt: 1, .transient("gone")))
    _ = scene.tell(.tick, after: 60_000)
    let opened = Answer.Opened(
      next: Answer.Point(samples: 4, events: 0),
      idleTimeoutMilliseconds: 0,
      isSettled: false
    )
    #expect(
      scene.tell(.received(attempt: 2, Answer(opened: opened)))
        == [.sendBatch(attempt: 2, samples: 4..<10, events: 0..<0)]
    )
  }

  @Test("it gives up only after the recording ended and the patience is over")
  func givesUp() {
    var settings = TrackingSettings()
    settings.giveUpMilliseconds = 5000
    let scene = Scene(sampleEnd: 3, settings: settings)
    _ = scene.tell(.tick)
    _ = scene.tell(.disconnected(attempt: 1, .transient("no route")))
    #expect(scene.tell(.tick, after: 60_000) == [.connect(attempt: 2, renewCredentials: false)])
    _ = scene.tell(.recordingEnded)
    _ = scene.tell(.disconnected(attempt: 2, .transient("no route")), after: 4000)
    #expect(
      scene.tell(.tick, after: 1000) == [.finish(.unreachable(.transient("no route")))]
    )
  }

  @Test("stopping hangs up and leaves the rest to the journal")
  func stops() {
    let scene = Scene(sampleEnd: 3)
    _ = scene.open()
    #expect(scene.tell(.stop) == [.disconnect(attempt: 1), .finish(.stopped)])
    #expect(scene.tell(.samplesAppended(end: 9)) == [])
  }
}

@Suite struct TrackingSimulationTests {
  @Test("whatever is lost, late, repeated or crashed, the server ends up with the file")
  func roughWeather() {
    let base = SeededGenerator.chosenSeed() ?? UInt64.random(in: 0...UInt64.max)
    var counts: [String: Int] = [:]
    for seed in (0..<SeededGenerator.chosenRounds(standard: 100)).map({ base &+ $0 }) {
      var simulator = TrackingSimulator(seed: seed)
      let ended = simulator.run()
      #expect(ended, "seed \(seed)")
      #expect(simulator.outcome == .completed, "seed \(seed)")
      #expect(simulator.committedSamples == simulator.samples, "seed \(seed)")
      #expect(simulator.committedEvents == simulator.events, "seed \(seed)")
      #expect(simulator.faults == [], "seed \(seed)")
      counts.merge(simulator.counts, uniquingKeysWith: +)
      if simulator.outcome != .completed || !simulator.faults.isEmpty { break }
    }
    // The weather was rough: otherwise the run shows nothing.
    for name in ["device crash", "server crash", "cut", "silence", "heartbeat", "hang up"]
    where SeededGenerator.chosenSeed() == nil {
      #expect(counts[name, default: 0] > 5, "\(name)")
    }
    print("simulated from seed \(base):", counts.sorted { $0.key < $1.key })
  }

  @Test("in calm weather every sample is sent once")
  func calmWeather() {
    var weather = TrackingSimulator.Weather()
    weather.cutChance = 0
    weather.silenceChance = 0
    weather.deviceCrashChance = 0
    weather.serverCrashChance = 0
    weather.repeatChance = 0
    weather.refusalChance = 0
    let seed = UInt64.random(in: 0...UInt64.max)
    var simulator = TrackingSimulator(seed: seed, weather: weather)
    let ended = simulator.run()
    #expect(ended, "seed \(seed)")
    #expect(simulator.committedSamples == simulator.samples, "seed \(seed)")
    #expect(simulator.counts["connect"] == 1, "seed \(seed)")
    #expect(simulator.faults == [], "seed \(seed)")
  }
}

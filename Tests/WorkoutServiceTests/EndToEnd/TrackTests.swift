import MartletRPC
import Testing
import WorkoutCore
import WorkoutSchema

@testable import WorkoutService

@Suite("recording, end to end")
struct TrackTests {
  @Test("a whole activity: opened, acknowledged, completed, and read back as it was sent")
  func whole() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      let opened = try await stream.opened()
      #expect(opened.state == .recording)
      #expect(opened.nextSequence == 0)
      #expect(opened.idleTimeoutMs == 90_000)
      for start in stride(from: 0, to: 600, by: 60) {
        try await stream.send(Walk.batch(start..<start + 60))
      }
      try await stream.acknowledged(600)
      try await stream.send(Walk.batch(0..<0, events: [(.finish, 599)]))
      let activity = try await stream.completed()
      #expect(activity.state == .completed)
      #expect(activity.endedAtMs == Walk.startMs + 599_000)
      #expect(activity.owner == ann.user)
      #expect(activity.statistics == Walk.statistics(600))
      #expect(try await ann.activity(id) == activity)
      let track = try await ann.track(id)
      #expect(try track.samples.decoded() == Walk.samples(0..<600))
      #expect(track.events.map(\.type) == [.finish])
      #expect(track.totalSamples == 600)
    }
  }

  @Test("a resumed stream goes on where the disk ends; repeats and overlaps change nothing")
  func resumes() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let first = try await ann.startTracking(id)
      try await first.send(Walk.batch(0..<50))
      try await first.acknowledged(50)
      first.call.cancel()
      let second = try await ann.startTracking(id)
      let opened = try await second.opened()
      #expect(opened.nextSequence == 50)
      try await second.send(Walk.batch(0..<50))
      try await second.send(Walk.batch(30..<80))
      try await second.acknowledged(80)
      try await second.send(Walk.batch(80..<100, events: [(.finish, 99)]))
      let activity = try await second.completed()
      #expect(activity.statistics == Walk.statistics(100))
      #expect(try await ann.track(id).samples.decoded() == Walk.samples(0..<100))
    }
  }

  @Test("live statistics are those of the engine, also after a resume")
  func liveStatistics() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let first = try await ann.startTracking(id)
      try await first.send(Walk.batch(0..<100))
      let early = try await first.next(\.statistics)
      #expect(early == Walk.statistics(100))
      #expect(try await ann.activity(id).statistics == Walk.statistics(100))
      first.call.cancel()
      let second = try await ann.startTracking(id)
      #expect(try await second.next(\.statistics) == Walk.statistics(100))
      try await second.send(Walk.batch(100..<200))
      // At most once a second: these come by the clock.
      #expect(try await second.next(\.statistics) == Walk.statistics(200))
      #expect(try await ann.activity(id).state == .recording)
      second.call.cancel()
    }
  }

  @Test("a gap is refused as out of range, after what came before it was stored")
  func gap() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10))
      try await stream.send(Walk.batch(11..<20))
      try await stream.acknowledged(10)
      let error = await stream.end()
      #expect(error?.code == .outOfRange)
      #expect(error?.message.contains("10") == true)
      #expect(try await ann.track(id).totalSamples == 10)
      let events = try await ann.startTracking(id)
      try await events.send(Walk.batch(0..<0, events: [(.pause, 5)], firstEvent: 1))
      #expect(await events.end()?.code == .outOfRange)
    }
  }

  @Test("a device that no longer holds what the server wants is told so")
  func heldTooLittle() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var request = ann.open(Person.newActivityID())
      guard case .open(var open)? = request.content else { return }
      open.firstHeldSequence = 5
      request.content = .open(open)
      let stream = try await TrackStream(person: ann)
      try await stream.send(request)
      let error = await stream.end()
      #expect(error?.code == .outOfRange)
      #expect(error?.message.hasPrefix("open.first_held_sequence: ") == true)
    }
  }

  @Test("a malformed batch is refused by its place, and what came before it is stored")
  func malformed() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10))
      var request = Walk.batch(10..<20)
      guard case .batch(var batch)? = request.content else { return }
      batch.samples?.heartRateBpm?.values[3] = 1000
      request.content = .batch(batch)
      try await stream.send(request)
      try await stream.acknowledged(10)
      let error = await stream.end()
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.hasPrefix("batch.samples.heart_rate_bpm[3]: ") == true)
      #expect(try await ann.track(id).totalSamples == 10)
    }
  }

  @Test("an open that breaks a rule is refused by the name of its field")
  func badOpen() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let cases: [(String, (inout TrackOpen) -> Void)] = [
        ("open.activity_id", { $0.activityId = "run" }), ("open.device_id", { $0.deviceId = "" }),
        ("open.type", { $0.type = ActivityType(rawValue: 99) }),
        ("open.visibility", { $0.visibility = Visibility(rawValue: -1) }),
        ("open.started_at_ms", { $0.startedAtMs = -1 }),
        ("open.time_zone", { $0.timeZone = "Europe\nX" }),
        ("open.title", { $0.title = String(repeating: "x", count: 201) }),
      ]
      for (field, change) in cases {
        var request = ann.open(Person.newActivityID())
        guard case .open(var open)? = request.content else { return }
        change(&open)
        request.content = .open(open)
        let stream = try await TrackStream(person: ann)
        try await stream.send(request)
        let error = await stream.end()
        #expect(error?.code == .invalidArgument, "\(field)")
        #expect(error?.message.hasPrefix("\(field): ") == true, "\(error?.message ?? "")")
      }
    }
  }

  @Test("the first request opens, and only the first")
  func order() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      for first in [Walk.batch(0..<1), TrackRequest()] {
        let stream = try await TrackStream(person: ann)
        try await stream.send(first)
        #expect(await stream.end()?.code == .invalidArgument)
      }
      let nothing = try await TrackStream(person: ann)
      await nothing.call.requests.finish()
      #expect(await nothing.end()?.code == .invalidArgument)
      let id = Person.newActivityID()
      let twice = try await ann.startTracking(id)
      try await twice.send(ann.open(id))
      #expect(await twice.end()?.code == .invalidArgument)
    }
  }

  @Test("each heartbeat is returned")
  func heartbeat() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let stream = try await ann.startTracking(Person.newActivityID())
      for id: UInt64 in [1, 7, .max, 0] {
        try await stream.heartbeat(id)
        #expect(try await stream.next(\.heartbeat).id == id)
      }
      stream.call.cancel()
    }
  }

  @Test("another's activity is refused, and nothing of it changes")
  func notOwner() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10))
      try await stream.acknowledged(10)
      // Even with the owner's device id.
      let thief = try await bob.startTracking(id, device: ann.device.id)
      #expect(await thief.end()?.code == .permissionDenied)
      try await stream.send(Walk.batch(10..<20, events: [(.finish, 19)]))
      #expect(try await stream.completed().statistics == Walk.statistics(20))
    }
  }

  @Test("a second stream of the same device goes on, the first ends as aborted")
  func takeOver() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let first = try await ann.startTracking(id)
      try await first.send(Walk.batch(0..<10))
      try await first.acknowledged(10)
      let second = try await ann.startTracking(id)
      #expect(try await second.opened().nextSequence == 10)
      #expect(await first.end()?.code == .aborted)
      try await second.send(Walk.batch(10..<20, events: [(.finish, 19)]))
      #expect(try await second.completed().statistics == Walk.statistics(20))
    }
  }

  @Test("a stream whose device does not read any more is taken over at once, too")
  func takeOverStuck() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var configuration = ChannelConfiguration(security: .plaintext)
      configuration.limits.streamWindowBytes = 1024
      let narrow = Channel(to: .host("127.0.0.1", port: service.port), configuration: configuration)
      let stuckAnn = try Person(
        channel: narrow,
        user: ann.user,
        session: ann.session,
        device: ann.device
      )
      let id = Person.newActivityID()
      let stuck = try await stuckAnn.startTracking(id)
      _ = try await stuck.opened()
      // Answers pile up until the server's sending waits.
      let flood = Task { for id in 0..<100_000 { try await stuck.heartbeat(UInt64(id)) } }
      try await Task.sleep(for: .milliseconds(500))
      let start = ContinuousClock.now
      let second = try await ann.startTracking(id)
      _ = try await second.opened()
      #expect(ContinuousClock.now - start < .seconds(2))
      flood.cancel()
      _ = await flood.result
      stuck.call.cancel()
      second.call.cancel()
      await narrow.close()
    }
  }

  @Test("three streams of one device in a row lose and repeat nothing")
  func takeOverAgain() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let first = try await ann.startTracking(id)
      _ = try await first.opened()
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      var sequence = 0
      var streams = [first]
      for _ in 0..<20 {
        // Whatever was acknowledged or not: the device goes on from what `opened` says.
        let stream = try await ann.startTracking(id)
        sequence = Int(try await stream.opened().nextSequence)
        for _ in 0..<5 {
          try await stream.send(Walk.batch(sequence..<sequence + 7))
          sequence += 7
        }
        streams.append(stream)
      }
      let last = try await ann.startTracking(id)
      sequence = Int(try await last.opened().nextSequence)
      try await last.send(Walk.batch(sequence..<1000, events: [(.finish, 999)]))
      #expect(try await last.completed().statistics == Walk.statistics(1000))
      #expect(try await watch.all().samples == Walk.samples(0..<1000))
      for stream in streams { #expect(await stream.end()?.code == .aborted) }
    }
  }

  @Test("FINISH again, in another stream, gives the same activity")
  func finishAgain() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let activity = try await ann.record(1200, activity: id)
      #expect(activity.statistics?.splits.count == 4)
      #expect(try await ann.record(1200, activity: id) == activity)
      #expect(try await ann.track(id).events.count == 1)
    }
  }

  @Test("a discarded activity is gone: for its owner, in lists, and for its device")
  func discard() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10, events: [(.discard, 9)]))
      #expect(try await stream.completed().state == .discarded)
      #expect(await code { try await ann.activity(id) } == .notFound)
      #expect(await code { try await ann.track(id) } == .notFound)
      #expect(try await ann.list().activities.isEmpty)
      let again = try await ann.startTracking(id)
      #expect(await again.end()?.code == .failedPrecondition)
    }
  }

  @Test("pause and resume are seen at once; an unspecified event only takes its place")
  func events() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10, events: [(.unspecified, 1), (.pause, 9)]))
      try await stream.acknowledged(10)
      #expect(try await ann.activity(id).state == .paused)
      try await stream.send(Walk.batch(10..<20, events: [(.resume, 10)], firstEvent: 2))
      try await stream.acknowledged(20)
      #expect(try await ann.activity(id).state == .recording)
      try await stream.send(Walk.batch(0..<0, events: [(.finish, 19)], firstEvent: 3))
      _ = try await stream.completed()
      let events = try await ann.track(id).events
      #expect(events.map(\.type) == [.unspecified, .pause, .resume, .finish])
    }
  }

  @Test("a device that half-closes gets its acknowledgements, and the activity stays open")
  func halfClose() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<10))
      await stream.call.requests.finish()
      try await stream.acknowledged(10)
      #expect(await stream.end() == nil)
      #expect(try await ann.activity(id).state == .recording)
    }
  }

  @Test("many small batches without waiting are all acknowledged in order")
  func pipelined() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      async let sent: Void = {
        for sequence in 0..<2000 { try await stream.send(Walk.batch(sequence..<sequence + 1)) }
      }()
      var last: UInt64 = 0
      while last < 2000 {
        let ack = try await stream.next(\.ack)
        #expect(ack.nextSequence >= last)
        last = ack.nextSequence
      }
      try await sent
      #expect(try await ann.track(id).samples.decoded() == Walk.samples(0..<2000))
      stream.call.cancel()
    }
  }

  @Test("silence ends a stream with UNAVAILABLE")
  func idle() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let stream = try await ann.startTracking(Person.newActivityID())
      _ = try await stream.opened()
      service.clock.advance(by: ServiceLimits.trackIdleTimeout + .seconds(1))
      let error = await stream.end()
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("resume") == true)
    }
  }

  @Test("a server that stops ends streams with UNAVAILABLE, and no sample is lost")
  func shutdown() async throws {
    let first = try await RunningService()
    let ann = try await first.person("ann")
    let id = Person.newActivityID()
    let stream = try await ann.startTracking(id)
    try await stream.send(Walk.batch(0..<10))
    try await stream.acknowledged(10)
    first.backend.stopStreams()
    #expect(await stream.end()?.code == .unavailable)
    #expect(await code { try await ann.startTracking(id).opened() } == .unavailable)
    await first.stop()

    let second = try await RunningService(in: first.directory, clock: first.clock)
    let again = try Person(
      channel: second.channel,
      user: ann.user,
      session: ann.session,
      device: ann.device
    )
    let resumed = try await again.startTracking(id)
    #expect(try await resumed.opened().nextSequence == 10)
    try await resumed.send(Walk.batch(10..<20, events: [(.finish, 19)]))
    #expect(try await resumed.completed().statistics == Walk.statistics(20))
    await second.stop()
  }

  @Test("a second device records into the same activity under its own sequences")
  func twoDevices() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let phone = try await ann.startTracking(id)
      try await phone.send(Walk.batch(0..<100))
      try await phone.acknowledged(100)
      let watch = try await ann.startTracking(id, device: Person.device().id)
      #expect(try await watch.opened().nextSequence == 0)
      try await watch.send(Walk.batch(0..<100))
      try await watch.acknowledged(100)
      try await phone.send(Walk.batch(0..<0, events: [(.finish, 99)]))
      let activity = try await phone.completed()
      // Side by side they are one way, not two.
      #expect(activity.statistics == Walk.statistics(100))
      // The other device hears of the end too.
      #expect(try await watch.completed().id == id)
      #expect(try await ann.track(id).totalSamples == 200)
    }
  }
}

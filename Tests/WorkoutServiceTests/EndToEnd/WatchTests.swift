import MartletRPC
import Testing
import WorkoutCore
import WorkoutSchema

@testable import WorkoutService

@Suite("watching, end to end")
struct WatchTests {
  @Test("a friend gets the route so far, each sample once and in order, then the activity")
  func whole() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<100))
      try await stream.acknowledged(100)
      let watch = try await bob.watch(activity: id)
      let snapshot = try await watch.snapshot()
      #expect(snapshot.activity?.owner == ann.user)
      #expect(snapshot.activity?.statistics == Walk.statistics(100))
      #expect(try snapshot.route.decoded() == Walk.samples(0..<100))
      for start in stride(from: 100, to: 300, by: 20) {
        try await stream.send(Walk.batch(start..<start + 20))
      }
      try await stream.send(Walk.batch(0..<0, events: [(.finish, 299)]))
      let activity = try await stream.completed()
      let seen = try await watch.all()
      #expect(seen.samples == Walk.samples(100..<300))
      #expect(seen.last == activity)
      #expect(seen.updates.last?.statistics?.sampleCount == 300)
      #expect(seen.updates.allSatisfy { $0.conflated >= 1 })
    }
  }

  @Test("joining while samples stream in loses and repeats none")
  func seam() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<1))
      try await stream.acknowledged(1)
      async let recorded: Activity = {
        for start in stride(from: 1, to: 3001, by: 3) {
          try await stream.send(Walk.batch(start..<start + 3))
        }
        try await stream.send(Walk.batch(0..<0, events: [(.finish, 3000)]))
        return try await stream.completed()
      }()
      try await withThrowingTaskGroup(of: [TrackSample].self) { group in
        for delay in 0..<8 {
          group.addTask {
            try await Task.sleep(for: .milliseconds(delay * 10))
            do {
              return try await bob.watch(activity: id).all().samples
            } catch let error as RPCError where error.code == .notFound {
              // It was over before this one came.
              return Walk.samples(0..<3001)
            }
          }
        }
        for try await samples in group { #expect(samples == Walk.samples(0..<3001)) }
      }
      _ = try await recorded
    }
  }

  @Test("a watcher that does not read gets one large update, and the others are not held up")
  func slow() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      // What travels ahead of a reader that does not read is bounded by its windows.
      var configuration = ChannelConfiguration(security: .plaintext)
      configuration.limits.streamWindowBytes = 4096
      let narrow = Channel(to: .host("127.0.0.1", port: service.port), configuration: configuration)
      let slowBob = try Person(
        channel: narrow,
        user: bob.user,
        session: bob.session,
        device: bob.device
      )
      let slow = try await slowBob.watch(activity: id)
      _ = try await slow.snapshot()
      let fast = try await bob.watch(activity: id)
      _ = try await fast.snapshot()
      async let seen = fast.all()
      for start in stride(from: 0, to: 36_000, by: 100) {
        try await stream.send(Walk.batch(start..<start + 100))
        if start % 2000 == 0 { try await stream.acknowledged(start + 100) }
      }
      try await stream.send(Walk.batch(0..<0, events: [(.finish, 35_999)]))
      _ = try await stream.completed()
      #expect(try await seen.samples == Walk.samples(0..<36_000))
      // Only now does the slow one read: some updates were under way, the rest is one.
      let late = try await slow.all()
      #expect(late.samples == Walk.samples(0..<36_000))
      #expect(late.updates.contains { $0.conflated > 1 })
      let stood = late.updates.reduce(0) { $0 + Int($1.conflated) }
      #expect(stood > late.updates.count)
      await narrow.close()
    }
  }

  @Test("who may not see an activity is told that there is none")
  func stranger() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let eve = try await service.person("eve")
      let cases: [(WorkoutSchema.Visibility, friend: Bool, stranger: Bool)] = [
        (.private, false, false), (.friends, true, false), (.unspecified, true, false),
        (.everyone, true, true),
      ]
      for (visibility, friendMay, strangerMay) in cases {
        let id = Person.newActivityID()
        let stream = try await ann.startTracking(id, visibility: visibility)
        try await stream.send(Walk.batch(0..<10))
        try await stream.acknowledged(10)
        for (person, may) in [(ann, true), (bob, friendMay), (eve, strangerMay)] {
          let watch = try await person.watch(activity: id)
          if may {
            #expect(try await watch.snapshot().activity?.id == id)
            watch.call.cancel()
          } else {
            #expect(await watch.end()?.code == .notFound)
            #expect(await code { try await person.activity(id) } == .notFound)
            #expect(await code { try await person.track(id) } == .notFound)
          }
          if !may { #expect(try await person.watch(ann).end()?.code == .notFound) }
        }
        try await stream.send(Walk.batch(0..<0, events: [(.finish, 9)]))
        _ = try await stream.completed()
      }
    }
  }

  @Test("a friend who is removed while watching is sent away within a second")
  func removed() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let cat = try await service.person("cat")
      try await ann.befriend(cat)
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      let other = try await cat.watch(activity: id)
      _ = try await other.snapshot()
      let start = ContinuousClock.now
      try await ann.remove(bob)
      #expect(await watch.end()?.code == .permissionDenied)
      #expect(ContinuousClock.now - start < .seconds(1))
      // The other friend goes on.
      try await stream.send(Walk.batch(0..<5, events: [(.finish, 4)]))
      _ = try await stream.completed()
      #expect(try await other.all().samples == Walk.samples(0..<5))
    }
  }

  @Test("watching a person waits for the next activity when asked to, else there is none")
  func waits() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      #expect(await bob.watchEnd(ann) == .notFound)
      async let seen = bob.watch(ann, wait: true).all()
      try await Task.sleep(for: .milliseconds(100))
      // What bob may not see does not count.
      try await ann.record(5, visibility: .private)
      let activity = try await ann.record(30)
      let watched = try await seen
      #expect(watched.last.id == activity.id)
      #expect(watched.samples == Walk.samples(0..<30))
    }
  }

  @Test("becoming friends lets somebody who waits see what is live already")
  func waitsForFriendship() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let bob = try await service.person("bob")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      let watch = try await bob.watch(ann, wait: true)
      async let snapshot = watch.snapshot()
      try await Task.sleep(for: .milliseconds(50))
      try await ann.befriend(bob)
      #expect(try await snapshot.activity?.id == id)
      watch.call.cancel()
      stream.call.cancel()
    }
  }

  @Test("the device sends often while somebody watches and rarely when nobody does")
  func sendPolicy() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      let alone = try await stream.next(\.sendPolicy)
      #expect(alone.watchers == 0)
      #expect(alone.intervalMs == 15_000)
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      let watched = try await stream.next(\.sendPolicy)
      #expect(watched.watchers == 1)
      #expect(watched.intervalMs == 1_000)
      let second = try await bob.watch(activity: id)
      _ = try await second.snapshot()
      watch.call.cancel()
      second.call.cancel()
      let left = try await stream.next(\.sendPolicy)
      #expect(left.watchers == 0)
      stream.call.cancel()
    }
  }

  @Test("a long route so far is thinned when asked, and keeps its last sample")
  func thinned() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<3600))
      try await stream.send(Walk.batch(3600..<4000))
      try await stream.acknowledged(4000)
      let thin = try await ann.watch(activity: id, maxRouteSamples: 100)
      let route = try await thin.snapshot().route.decoded()
      #expect((90...110).contains(route.count))
      #expect(route.last == Walk.samples(3999..<4000).first)
      let whole = try await ann.watch(activity: id)
      let chunks = try await whole.snapshot().route
      #expect(chunks.map(\.count) == [3600, 400])
      thin.call.cancel()
      whole.call.cancel()
      stream.call.cancel()
    }
  }

  @Test("watchers of an activity that is discarded are told so")
  func discarded() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      try await stream.send(Walk.batch(0..<3, events: [(.discard, 2)]))
      #expect(try await watch.all().last.state == .discarded)
      _ = try await stream.completed()
    }
  }

  @Test("watching goes on while the device is away, and a completed activity is not live")
  func deviceAway() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let first = try await ann.startTracking(id)
      try await first.send(Walk.batch(0..<10))
      try await first.acknowledged(10)
      await first.call.requests.finish()
      #expect(await first.end() == nil)
      let watch = try await bob.watch(activity: id)
      #expect(try await watch.snapshot().activity?.statistics == Walk.statistics(10))
      let second = try await ann.startTracking(id)
      try await second.send(Walk.batch(10..<20, events: [(.finish, 19)]))
      _ = try await second.completed()
      let seen = try await watch.all()
      #expect(seen.samples == Walk.samples(10..<20))
      #expect(seen.last.statistics == Walk.statistics(20))
      #expect(try await bob.watch(activity: id).end()?.code == .notFound)
    }
  }

  @Test("a watch without a target, or of nobody, is refused")
  func badTarget() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let nothing = WatchStream(try await ann.live.watch(WatchRequest(), options: ann.options))
      #expect(await nothing.end()?.code == .invalidArgument)
      #expect(try await ann.watch(activity: "x").end()?.code == .invalidArgument)
      #expect(try await ann.watch(activity: Person.newActivityID()).end()?.code == .notFound)
      var request = WatchRequest()
      request.target = .username("nobody")
      request.waitUntilLive = true
      let nobody = WatchStream(try await ann.live.watch(request, options: ann.options))
      #expect(await nobody.end()?.code == .notFound)
    }
  }

  @Test("a server that stops ends those who watch and those who wait with UNAVAILABLE")
  func shutdown() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      let waiting = try await ann.watch(bob, wait: true)
      try await Task.sleep(for: .milliseconds(100))
      service.backend.stopStreams()
      #expect(await watch.end()?.code == .unavailable)
      #expect(await waiting.end()?.code == .unavailable)
      #expect(await stream.end()?.code == .unavailable)
    }
  }
}

extension Person {
  fileprivate func watchEnd(_ other: Person) async -> StatusCode? {
    await code {
      for try await _ in try await watch(other).call.responses {}
    }
  }
}

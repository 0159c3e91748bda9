import MartletRPC
import Testing
import WorkoutCore
import WorkoutSchema

@testable import WorkoutService

@Suite("history, end to end")
struct HistoryTests {
  private static let day: Int64 = 86_400_000

  @Test("pages run from newest to oldest; what comes in between neither repeats nor hides")
  func pages() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      for index in 0..<7 {
        try await ann.record(3, startedAtMs: Walk.startMs + Int64(index) * Self.day)
      }
      var starts: [Int64] = []
      var token = ""
      repeat {
        let page = try await ann.list {
          $0.pageSize = 2
          $0.pageToken = token
        }
        #expect(page.activities.count <= 2)
        starts += page.activities.map(\.startedAtMs)
        token = page.nextPageToken
        // A newer one comes while the pages are turned.
        try await ann.record(3, startedAtMs: Walk.startMs + Int64(100 + starts.count) * Self.day)
      } while !token.isEmpty
      #expect(starts == (0..<7).reversed().map { Walk.startMs + Int64($0) * Self.day })
    }
  }

  @Test("activities of one moment are all listed")
  func sameStart() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var ids: Set<String> = []
      for _ in 0..<5 { ids.insert(try await ann.record(2).id) }
      var listed: [String] = []
      var token = ""
      repeat {
        let page = try await ann.list {
          $0.pageSize = 2
          $0.pageToken = token
        }
        listed += page.activities.map(\.id)
        token = page.nextPageToken
      } while !token.isEmpty
      #expect(listed.count == 5)
      #expect(Set(listed) == ids)
    }
  }

  @Test("own, friends', both, or one person's; never what is private or a stranger's")
  func scopes() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let eve = try await service.person("eve")
      let own = try await ann.record(3).id
      let shared = try await bob.record(3, startedAtMs: Walk.startMs + 1).id
      _ = try await bob.record(3, visibility: .private)
      let open = try await bob.record(3, visibility: .everyone, startedAtMs: Walk.startMs + 2).id
      _ = try await eve.record(3, visibility: .everyone)
      func ids(_ change: @escaping (inout ListActivitiesRequest) -> Void) async throws -> [String] {
        try await ann.list(change).activities.map(\.id)
      }
      #expect(try await ids { _ in } == [own])
      #expect(try await ids { $0.scope = .own } == [own])
      #expect(try await ids { $0.scope = .friends } == [open, shared])
      #expect(try await ids { $0.scope = .all } == [open, shared, own])
      #expect(try await ids { $0.username = "bob" } == [open, shared])
      #expect(try await ids { $0.username = "ann" } == [own])
      for name in ["eve", "nobody"] {
        #expect(await code { try await ann.list { $0.username = name } } == .notFound)
      }
      try await bob.remove(ann)
      #expect(try await ids { $0.scope = .all } == [own])
      #expect(await code { try await ann.list { $0.username = "bob" } } == .notFound)
      #expect(await code { try await ann.activity(shared) } == .notFound)
      #expect(try await ann.activity(open).id == open)
    }
  }

  @Test("lists are filtered by type and start")
  func filters() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      for index in 0..<4 {
        try await ann.record(3, startedAtMs: Walk.startMs + Int64(index) * Self.day)
      }
      let middle = try await ann.list {
        $0.startedFromMs = Walk.startMs + Self.day
        $0.startedBeforeMs = Walk.startMs + 3 * Self.day
      }
      #expect(middle.activities.map { ($0.startedAtMs - Walk.startMs) / Self.day } == [2, 1])
      #expect(try await ann.list { $0.types = [.ride] }.activities.isEmpty)
      #expect(try await ann.list { $0.types = [.ride, .run] }.activities.count == 4)
    }
  }

  @Test("bad sizes, filters and page tokens are refused, also a token of other filters")
  func refuses() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      for _ in 0..<2 { try await ann.record(2) }
      let token = try await ann.list { $0.pageSize = 1 }.nextPageToken
      #expect(!token.isEmpty)
      let cases: [(inout ListActivitiesRequest) -> Void] = [
        { $0.pageSize = 201 }, { $0.pageToken = "?" }, { $0.pageToken = String(token.dropLast()) },
        { $0.pageToken = String(repeating: "A", count: 10_000) },
        {
          $0.pageToken = token
          $0.types = [.run]
        },
        {
          $0.pageToken = token
          $0.scope = .all
        },
        { $0.scope = ListScope(rawValue: 9) }, { $0.types = [ActivityType(rawValue: 1000)] },
        {
          $0.startedFromMs = 5
          $0.startedBeforeMs = 5
        },
      ]
      for (index, change) in cases.enumerated() {
        #expect(await code { try await ann.list(change) } == .invalidArgument, "case \(index)")
      }
      #expect(await code { try await bob.list { $0.pageToken = token } } == .invalidArgument)
      #expect(
        try await ann.list {
          $0.pageToken = token
          $0.scope = .own
        }.activities.count == 1
      )
    }
  }

  @Test("lists leave the splits out, one activity has them")
  func splits() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = try await ann.record(1200).id
      let listed = try #require(try await ann.list().activities.first?.statistics)
      #expect(listed.splits.isEmpty)
      #expect(listed.sampleCount == 1200)
      #expect(try await ann.activity(id).statistics == Walk.statistics(1200))
    }
  }

  @Test("a live activity is listed with its numbers so far, connected or not")
  func live() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      try await stream.send(Walk.batch(0..<50))
      try await stream.acknowledged(50)
      for _ in 0..<2 {
        let listed = try #require(try await bob.list { $0.scope = .friends }.activities.first)
        #expect(listed.state == .recording)
        #expect(listed.statistics?.sampleCount == 50)
        #expect(try await bob.activity(id).statistics == Walk.statistics(50))
        #expect(try await bob.track(id).totalSamples == 50)
        await stream.call.requests.finish()
        #expect(await stream.end() == nil)
      }
    }
  }

  @Test("a track is read whole in chunks, or thinned with its first and last sample")
  func tracks() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      for start in stride(from: 0, to: 7500, by: 2500) {
        try await stream.send(Walk.batch(start..<start + 2500))
      }
      try await stream.send(Walk.batch(0..<0, events: [(.finish, 7499)]))
      _ = try await stream.completed()
      let whole = try await ann.track(id)
      #expect(whole.samples.map(\.count) == [3600, 3600, 300])
      #expect(try whole.samples.decoded() == Walk.samples(0..<7500))
      let thin = try await ann.track(id, maxSamples: 50)
      let samples = try thin.samples.decoded()
      #expect((45...55).contains(samples.count))
      #expect(samples.first == Walk.samples(0..<1).first)
      #expect(samples.last == Walk.samples(7499..<7500).first)
      #expect(thin.totalSamples == 7500)
    }
  }
}

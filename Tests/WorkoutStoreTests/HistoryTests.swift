import StoreTestSupport
import Testing
import WorkoutCore
import WorkoutStore

@Suite("History")
struct HistoryTests {
  let fixture: StoreFixture
  let store: SQLiteStore
  let users: [UserRecord]

  init() async throws {
    let fixture = try StoreFixture(seed: 7)
    self.fixture = fixture
    store = try await fixture.open()
    users = (0..<12).map { fixture.makeUser("user\($0)") }
    for user in users { try await store.createUser(user) }
  }

  /// Starts lie close together, so that many are equal and ids decide.
  func record(_ count: Int) async throws -> [ActivityHeader] {
    var headers: [ActivityHeader] = []
    for _ in 0..<count {
      let owner = try #require(users.randomElement(using: &fixture.generator))
      var header = fixture.makeHeader(
        owner: owner.id,
        startedAtMs: 1_000 + Int64.random(in: 0..<40, using: &fixture.generator)
      )
      header.type = try #require(ActivityType.allCases.randomElement(using: &fixture.generator))
      header.visibility = try #require(
        Visibility.allCases.randomElement(using: &fixture.generator)
      )
      headers.append(header)
      _ = try await store.openActivity(header)
    }
    return headers
  }

  /// The list as anybody would compute it who has all in memory.
  func expected(_ headers: [ActivityHeader], _ query: ActivityQuery) -> [ActivityHeader] {
    let matching = headers.filter { header in
      guard let source = query.sources.first(where: { $0.user == header.owner }) else {
        return false
      }
      return header.visibility.rawValue >= source.audience?.rawValue ?? 0
        && (query.types.isEmpty || query.types.contains(header.type))
        && header.startedAtMs >= query.startedFromMs ?? .min
        && header.startedAtMs < query.startedBeforeMs ?? .max
    }
    return matching.sorted {
      ($0.startedAtMs, $0.id) > ($1.startedAtMs, $1.id)
    }
  }

  func walk(_ query: ActivityQuery, betweenPages: () async throws -> Void = {}) async throws
    -> [ActivityHeader]
  {
    var query = query
    var listed: [ActivityHeader] = []
    while true {
      let page = try await store.activities(query)
      #expect(page.activities.count <= query.limit)
      #expect(page.unavailable == [])
      listed += page.activities.map(\.header)
      guard let next = page.next else { return listed }
      query.after = next
      try await betweenPages()
    }
  }

  @Test("lists of one or many people, filtered and paged, equal those made in memory")
  func lists() async throws {
    let headers = try await record(300)
    for _ in 0..<60 {
      let chosen = users.shuffled(using: &fixture.generator)
        .prefix(Int.random(in: 0...users.count, using: &fixture.generator))
      let audiences: [Visibility?] = [nil, .friends, .everyone]
      var query = ActivityQuery(
        sources: chosen.map {
          ActivitySource(
            user: $0.id,
            audience: audiences.randomElement(using: &fixture.generator) ?? nil
          )
        }
      )
      query.limit = Int.random(in: 1...50, using: &fixture.generator)
      if Bool.random(using: &fixture.generator) { query.types = [.run, .ride, .unspecified] }
      if Bool.random(using: &fixture.generator) {
        query.startedFromMs = 1_000 + Int64.random(in: 0..<40, using: &fixture.generator)
      }
      if Bool.random(using: &fixture.generator) {
        query.startedBeforeMs = 1_000 + Int64.random(in: 0..<40, using: &fixture.generator)
      }
      #expect(try await walk(query) == expected(headers, query))
    }
    await store.close()
  }

  @Test("activities that come in between two pages neither repeat nor hide others")
  func insertsBetweenPages() async throws {
    let before = try await record(60)
    var query = ActivityQuery(sources: users.map { ActivitySource(user: $0.id, audience: nil) })
    query.limit = 7
    let listed = try await walk(query) { _ = try await record(3) }
    #expect(Set(listed.map(\.id)).count == listed.count)
    let old = Set(before.map(\.id))
    #expect(listed.filter { old.contains($0.id) } == expected(before, query))
    await store.close()
  }

  @Test("a list has statistics without splits, a single activity has both")
  func splits() async throws {
    let header = fixture.makeHeader(owner: users[0].id)
    _ = try await store.openActivity(header)
    let finish = ActivityEvent(type: .finish, timeMs: 1_700_000_600_000)
    _ = try await store.append(header.batch(0..<600, events: [finish]))
    let settled = try await store.settleActivity(header.id)
    try #require(settled.statistics.splits.count > 1)
    let query = ActivityQuery(sources: [ActivitySource(user: users[0].id, audience: nil)])
    let listed = try #require(try await store.activities(query).activities.first)
    var bare = settled
    bare.statistics.splits = []
    #expect(listed == bare)
    #expect(try await store.activity(header.id) == settled)
    await store.close()
  }

  @Test("an unknown activity is not there, and a page of no size is refused")
  func unknown() async throws {
    #expect(try await store.activity(fixture.makeID()) == nil)
    let (store, id) = (store, fixture.makeID(ActivityID.self))
    await #expect(throws: StoreError.activityNotFound) { try await store.track(of: id) }
    await #expect(throws: StoreError.invalid(field: "limit")) {
      try await store.activities(ActivityQuery(sources: [], limit: 0))
    }
    await store.close()
  }
}

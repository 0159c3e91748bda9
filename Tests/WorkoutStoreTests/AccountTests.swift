import Testing
import WorkoutCore

@testable import WorkoutStore

@Suite("Accounts")
struct AccountTests {
  @Test("a user is found by id, username and e-mail without regard to case, after reopening too")
  func lookUp() async throws {
    let fixture = try StoreFixture()
    var store = try await fixture.open()
    let ann = fixture.makeUser("Ann.B")
    try await store.createUser(ann)
    for _ in 0..<2 {
      #expect(try await store.user(ann.id) == ann)
      #expect(try await store.user(named: "ann.b") == ann)
      #expect(try await store.user(email: "ANN.B@EXAMPLE.ORG") == ann)
      #expect(try await store.user(named: "bob") == nil)
      await store.close()
      store = try await fixture.open()
    }
    await store.close()
  }

  @Test("a taken username or e-mail is refused and takes nothing")
  func taken() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    var sameName = fixture.makeUser("other")
    sameName.username = "ANN"
    await #expect(throws: StoreError.usernameTaken) { try await store.createUser(sameName) }
    var sameEmail = fixture.makeUser("bob")
    sameEmail.email = "Ann@Example.org"
    await #expect(throws: StoreError.emailTaken) { try await store.createUser(sameEmail) }
    // Neither refusal holds on to the names it claimed on the way.
    try await store.createUser(fixture.makeUser("other"))
    try await store.createUser(fixture.makeUser("bob"))
    #expect(try await store.user(named: "ann")?.id == ann.id)
    await store.close()
  }

  @Test("creating the same user again changes nothing")
  func repeated() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    try await store.createUser(ann)
    try await store.createUser(ann)
    #expect(try await store.user(ann.id) == ann)
    await store.close()
  }

  @Test("of many who want one name at once exactly one gets it")
  func race() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let users = (0..<20).map { number in
      var user = fixture.makeUser("user\(number)")
      user.username = number.isMultiple(of: 2) ? "wanted" : "Wanted"
      return user
    }
    let winners = await withTaskGroup(of: UserID?.self) { group in
      for user in users {
        group.addTask {
          do {
            try await store.createUser(user)
            return user.id
          } catch {
            return nil
          }
        }
      }
      return await group.reduce(into: [UserID]()) { if let id = $1 { $0.append(id) } }
    }
    #expect(winners.count == 1)
    #expect(try await store.user(named: "wanted")?.id == winners.first)
    await store.close()
  }

  @Test("names that a crash left claimed for nobody are free, at once and after the next start")
  func leftOver() async throws {
    let fixture = try StoreFixture()
    var store = try await fixture.open()
    let ghost = fixture.makeID(UserID.self)
    func claim(_ name: String) async throws {
      try await store.on(.directory(store.directory(of: name))) { file throws(StoreError) in
        _ = try file.claim(.username, name, for: ghost)
      }
    }
    try await claim("ann")
    try await store.createUser(fixture.makeUser("ann"))
    try await claim("bob")
    await store.close()
    store = try await fixture.open()
    let left = try await store.on(.directory(store.directory(of: "bob"))) {
      file throws(StoreError) in try file.unconfirmedClaims()
    }
    #expect(left == [])
    try await store.createUser(fixture.makeUser("bob"))
    #expect(try await store.user(named: "ann") != nil)
    await store.close()
  }

  @Test("a claim that was never confirmed holds once the user is there")
  func unconfirmed() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let ann = fixture.makeUser("ann")
    for (kind, name) in [(NameKind.username, ann.username), (.email, ann.email)] {
      try await store.on(.directory(store.directory(of: name))) { file throws(StoreError) in
        _ = try file.claim(kind, name, for: ann.id)
      }
    }
    try await store.onBucket(of: ann.id) { file throws(StoreError) in try file.insertUser(ann) }
    let thief = fixture.makeUser("ann")
    await #expect(throws: StoreError.usernameTaken) { try await store.createUser(thief) }
    #expect(try await store.user(email: ann.email) == ann)
    await store.close()
  }

  @Test("people are found across buckets, unknown ones are left out")
  func people() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    let users = (0..<30).map { fixture.makeUser("user\($0)") }
    for user in users { try await store.createUser(user) }
    #expect(Set(users.map { store.bucket(of: $0.id) }).count > 5)
    let people = try await store.people(users.map(\.id) + [fixture.makeID()])
    #expect(people == Dictionary(uniqueKeysWithValues: users.map { ($0.id, $0.person) }))
    await store.close()
  }

  @Test("values over a limit are refused")
  func limits() async throws {
    let fixture = try StoreFixture()
    let store = try await fixture.open()
    var user = fixture.makeUser("ann")
    user.username = String(repeating: "a", count: StoreLimits.maxUsernameBytes + 1)
    await #expect(throws: StoreError.invalid(field: "username")) {
      try await store.createUser(user)
    }
    await store.close()
  }
}

@Suite("Sessions")
struct SessionTests {
  let fixture: StoreFixture
  let store: SQLiteStore
  let user: UserRecord

  init() async throws {
    fixture = try StoreFixture()
    store = try await fixture.open()
    user = fixture.makeUser("ann")
    try await store.createUser(user)
  }

  func makeSession(_ token: UInt8) -> SessionRecord {
    SessionRecord(
      id: fixture.makeID(),
      user: user.id,
      device: fixture.makeID(),
      deviceName: "Ann's watch",
      refreshHash: [token],
      createdAtMs: fixture.clock.now,
      expiresAtMs: fixture.clock.now + 1_000_000
    )
  }

  func rotation(_ session: SessionRecord, _ old: UInt8, _ new: UInt8) -> RefreshRotation {
    RefreshRotation(
      user: user.id,
      session: session.id,
      presentedHash: [old],
      nextHash: [new],
      atMs: fixture.clock.now,
      expiresAtMs: fixture.clock.now + 1_000_000
    )
  }

  @Test("each refresh token is good once, and showing a spent one ends the session")
  func rotate() async throws {
    let session = makeSession(1)
    try await store.createSession(session)
    #expect(try await store.session(session.id, of: user.id) == session)
    for token in UInt8(1)...5 {
      let outcome = try await store.rotateSession(rotation(session, token, token + 1))
      guard case .rotated(let next) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(next.refreshHash == [token + 1])
      #expect(next.generation == UInt32(token))
    }
    #expect(try await store.rotateSession(rotation(session, 99, 100)) == .unknown)
    let spentAt = fixture.clock.now
    fixture.clock.advance(10)
    guard case .reused(let record, spentAt) = try await store.rotateSession(rotation(session, 2, 7))
    else {
      Issue.record("a spent token was not noticed")
      return
    }
    #expect(record.revokedAtMs == fixture.clock.now)
    guard case .revoked = try await store.rotateSession(rotation(session, 6, 8)) else {
      Issue.record("the session goes on")
      return
    }
    #expect(try await store.sessions(of: user.id) == [])
  }

  @Test("of two who trade one token at once, one gets the next and the session ends")
  func race() async throws {
    let session = makeSession(1)
    try await store.createSession(session)
    let (store, one, two) = (store, rotation(session, 1, 2), rotation(session, 1, 3))
    async let first = store.rotateSession(one)
    async let second = store.rotateSession(two)
    let outcomes = try await [first, second]
    let rotated = outcomes.filter { if case .rotated = $0 { true } else { false } }
    let reused = outcomes.filter { if case .reused = $0 { true } else { false } }
    #expect(rotated.count == 1 && reused.count == 1)
  }

  @Test("an expired token is refused")
  func expired() async throws {
    let session = makeSession(1)
    try await store.createSession(session)
    fixture.clock.advance(1_000_000)
    #expect(try await store.rotateSession(rotation(session, 1, 2)) == .expired(session))
  }

  @Test("signing in again on a device ends its older session, other devices stay")
  func sameDevice() async throws {
    let (first, other) = (makeSession(1), makeSession(2))
    var again = makeSession(3)
    again.device = first.device
    for session in [first, other, again] { try await store.createSession(session) }
    let active = try await store.sessions(of: user.id)
    #expect(Set(active.map(\.id)) == [other.id, again.id])
  }

  @Test("sessions end one by one or all at once")
  func revoke() async throws {
    let sessions = (1...3).map { makeSession($0) }
    for session in sessions { try await store.createSession(session) }
    let now = fixture.clock.now
    #expect(try await store.revokeSession(sessions[0].id, of: user.id, atMs: now))
    #expect(try await !store.revokeSession(sessions[0].id, of: user.id, atMs: now))
    #expect(try await store.revokeSessions(of: user.id, atMs: now).count == 2)
    #expect(try await store.revokeSessions(of: user.id, atMs: now).isEmpty)
  }

  @Test("a user has at most so many sessions, and old ones are forgotten")
  func bounded() async throws {
    for _ in 0..<StoreLimits.maxSessionsPerUser + 5 {
      fixture.clock.advance(1)
      try await store.createSession(makeSession(1))
    }
    #expect(try await store.sessions(of: user.id).count == StoreLimits.maxSessionsPerUser)
    let oldest = makeSession(9)
    try await store.createSession(oldest)
    fixture.clock.advance(StoreLimits.keepEndedSessionsMs + 2_000_000)
    try await store.createSession(makeSession(1))
    #expect(try await store.session(oldest.id, of: user.id) == nil)
  }

  @Test("a session of nobody is refused")
  func nobody() async throws {
    var session = makeSession(1)
    session.user = fixture.makeID()
    let (store, stray) = (store, session)
    await #expect(throws: StoreError.userNotFound) { try await store.createSession(stray) }
  }
}

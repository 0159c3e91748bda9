import StoreTestSupport
import Testing
import WorkoutCore

@testable import WorkoutStore

@Suite("Friends")
struct FriendTests {
  let fixture: StoreFixture
  let ann: UserRecord
  let bob: UserRecord

  init() throws {
    fixture = try StoreFixture()
    ann = fixture.makeUser("ann")
    bob = fixture.makeUser("bob")
  }

  func openStore() async throws -> SQLiteStore {
    let store = try await fixture.open()
    for user in [ann, bob] { try await store.createUser(user) }
    return store
  }

  func states(_ store: SQLiteStore) async throws -> [FriendState?] {
    [
      try await store.friend(bob.id, of: ann.id)?.state,
      try await store.friend(ann.id, of: bob.id)?.state,
    ]
  }

  @Test("a request and its acceptance make friends on both sides, repeats change nothing")
  func accept() async throws {
    let store = try await openStore()
    for _ in 0..<2 {
      let asked = try await store.requestFriend(bob.id, by: ann.id, atMs: 10)
      #expect(asked == FriendRecord(person: bob.person, state: .requestSent, sinceMs: 10))
      #expect(try await states(store) == [.requestSent, .requestReceived])
    }
    #expect(try await store.friend(ann.id, of: bob.id)?.person == ann.person)
    for _ in 0..<2 {
      let made = try await store.acceptFriend(ann.id, by: bob.id, atMs: 20)
      #expect(made == FriendRecord(person: ann.person, state: .friends, sinceMs: 20))
      #expect(try await states(store) == [.friends, .friends])
    }
    #expect(try await store.requestFriend(ann.id, by: bob.id, atMs: 30).sinceMs == 20)
    await store.close()
  }

  @Test("a request to somebody whose own waits accepts it")
  func crossing() async throws {
    let store = try await openStore()
    _ = try await store.requestFriend(bob.id, by: ann.id, atMs: 10)
    #expect(try await store.requestFriend(ann.id, by: bob.id, atMs: 20).state == .friends)
    #expect(try await states(store) == [.friends, .friends])
    await store.close()
  }

  @Test("either side ends it for both, and asking starts anew")
  func remove() async throws {
    let store = try await openStore()
    #expect(try await !store.removeFriend(bob.id, by: ann.id, atMs: 1))
    _ = try await store.requestFriend(bob.id, by: ann.id, atMs: 10)
    #expect(try await store.removeFriend(ann.id, by: bob.id, atMs: 15))
    #expect(try await states(store) == [nil, nil])
    _ = try await store.requestFriend(bob.id, by: ann.id, atMs: 20)
    _ = try await store.acceptFriend(ann.id, by: bob.id, atMs: 30)
    #expect(try await store.removeFriend(bob.id, by: ann.id, atMs: 40))
    #expect(try await !store.removeFriend(bob.id, by: ann.id, atMs: 50))
    #expect(try await states(store) == [nil, nil])
    await store.close()
  }

  @Test("nobody befriends a stranger, themselves, or whom nobody asked")
  func refused() async throws {
    let store = try await openStore()
    let (ann, bob, stranger) = (ann.id, bob.id, fixture.makeID(UserID.self))
    await #expect(throws: StoreError.userNotFound) {
      try await store.requestFriend(stranger, by: ann, atMs: 1)
    }
    await #expect(throws: StoreError.userNotFound) {
      try await store.requestFriend(ann, by: stranger, atMs: 1)
    }
    await #expect(throws: StoreError.ownFriendship) {
      try await store.requestFriend(ann, by: ann, atMs: 1)
    }
    await #expect(throws: StoreError.friendRequestNotFound) {
      try await store.acceptFriend(bob, by: ann, atMs: 1)
    }
    _ = try await store.requestFriend(bob, by: ann, atMs: 1)
    await #expect(throws: StoreError.friendRequestNotFound) {
      try await store.acceptFriend(bob, by: ann, atMs: 1)
    }
    await store.close()
  }

  @Test("a request that a crash kept from the other side is delivered at the next start")
  func outbox() async throws {
    var store = try await openStore()
    let (asker, asked) = (ann.id, bob.person)
    _ = try await store.onBucket(of: ann.id) { file throws(StoreError) in
      try file.changeFriend(of: asker, asked, .request, atMs: 5).after
    }
    #expect(try await states(store) == [.requestSent, nil])
    await store.close()
    store = try await fixture.open()
    #expect(try await states(store) == [.requestSent, .requestReceived])
    let left = try await store.onBucket(of: ann.id) { file throws(StoreError) in
      try file.friendDeliveries(of: nil)
    }
    #expect(left == [])
    await store.close()
  }

  @Test("pages by username neither repeat nor leave out anybody who was there all the time")
  func pages() async throws {
    let store = try await openStore()
    let others = (0..<25).map { fixture.makeUser("friend\($0 + 10)") }
    for (number, other) in others.enumerated() {
      try await store.createUser(other)
      _ = try await store.requestFriend(other.id, by: ann.id, atMs: 1)
      if number.isMultiple(of: 2) {
        _ = try await store.acceptFriend(ann.id, by: other.id, atMs: 2)
      }
    }
    var names: [String] = []
    var after: String?
    repeat {
      let page = try await store.friends(of: ann.id, state: nil, after: after, limit: 7)
      names += page.friends.map(\.person.username)
      after = page.next
      if names.count == 7 {
        let late = fixture.makeUser("aaron")
        try await store.createUser(late)
        _ = try await store.requestFriend(late.id, by: ann.id, atMs: 3)
      }
    } while after != nil
    #expect(names == others.map(\.username).sorted())
    let friends = try await store.friends(of: ann.id, state: .friends, after: nil, limit: 100)
    #expect(friends.friends.count == 13 && friends.next == nil)
    #expect(friends.friends.allSatisfy { $0.state == .friends })
    let exact = try await store.friends(of: ann.id, state: .friends, after: nil, limit: 13)
    #expect(exact.next == nil)
    await store.close()
  }

  @Test("both sides agree whatever they did and in whatever order they heard of it")
  func convergence() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      var sides = [Friendship(), Friendship()]
      var messages: [(to: Int, Friendship)] = []
      for time in 0..<Int64.random(in: 1...12, using: &random) {
        let side = Int.random(in: 0...1, using: &random)
        if Bool.random(using: &random) {
          sides[side].want(atMs: time)
        } else {
          sides[side].end(atMs: time)
        }
        messages.append((1 - side, sides[side].mirrored))
        // Some arrive now, late and out of order; all may arrive again.
        guard Bool.random(using: &random), let message = messages.randomElement(using: &random)
        else { continue }
        sides[message.to] = sides[message.to].merged(with: message.1)
      }
      for message in (messages + messages).shuffled(using: &random) {
        sides[message.to] = sides[message.to].merged(with: message.1)
      }
      #expect(sides[0] == sides[1].mirrored, "seed \(seed)")
    }
  }
}

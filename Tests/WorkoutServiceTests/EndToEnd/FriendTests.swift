import MartletRPC
import Testing
import WorkoutSchema

@testable import WorkoutService

@Suite("friends, end to end")
struct FriendTests {
  private func accept(_ person: Person, _ other: Person) async throws -> Friend? {
    var request = AcceptFriendRequest()
    request.username = other.user.username
    return try await person.friends.acceptFriend(request, options: person.options).friend
  }

  private func list(
    _ person: Person,
    state: FriendState = .unspecified,
    size: UInt32 = 0,
    token: String = ""
  ) async throws -> ListFriendsResponse {
    var request = ListFriendsRequest()
    request.state = state
    request.pageSize = size
    request.pageToken = token
    return try await person.friends.listFriends(request, options: person.options)
  }

  @Test("a friendship takes a request and its acceptance; both may be repeated")
  func accepts() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let bob = try await service.person("bob")
      #expect(try await ann.request(bob).state == .requestSent)
      #expect(try await ann.request(bob).state == .requestSent)
      #expect(try await list(bob).friends.map(\.state) == [.requestReceived])
      #expect(await code { try await accept(ann, bob) } == .notFound)
      #expect(try await accept(bob, ann)?.state == .friends)
      #expect(try await accept(bob, ann)?.state == .friends)
      #expect(try await list(ann).friends.map(\.state) == [.friends])
      #expect(try await list(ann).friends.first?.user == bob.user)
    }
  }

  @Test("two requests that cross are a friendship; removing ends it for both")
  func crossing() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      #expect(try await list(ann).friends.map(\.state) == [.friends])
      #expect(try await list(bob).friends.map(\.state) == [.friends])
      #expect(try await bob.remove(ann))
      #expect(try await list(ann).friends.isEmpty)
      #expect(try await list(bob).friends.isEmpty)
      #expect(try await !bob.remove(ann))
    }
  }

  @Test("nobody befriends strangers that do not exist, or oneself")
  func refuses() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var request = RequestFriendRequest()
      for name in ["nobody", "", String(repeating: "x", count: 10_000), "an%"] {
        request.username = name
        let code = await code {
          try await ann.friends.requestFriend(request, options: ann.options)
        }
        #expect(code == .notFound)
      }
      #expect(await code { try await ann.request(ann) } == .invalidArgument)
    }
  }

  @Test("friends are listed by username, a page at a time, and by state")
  func pages() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      for name in ["eve", "bob", "dan", "cat"] {
        let other = try await service.person(name)
        if name < "d" { try await ann.befriend(other) } else { try await other.request(ann) }
      }
      var names: [String] = []
      var token = ""
      repeat {
        let page = try await list(ann, size: 3, token: token)
        names += page.friends.compactMap(\.user?.username)
        token = page.nextPageToken
      } while !token.isEmpty
      #expect(names == ["bob", "cat", "dan", "eve"])
      let received = try await list(ann, state: .requestReceived)
      #expect(received.friends.compactMap(\.user?.username) == ["dan", "eve"])

      let first = try await list(ann, size: 1)
      #expect(
        await code { try await list(ann, state: .friends, token: first.nextPageToken) }
          == .invalidArgument
      )
      #expect(await code { try await list(ann, token: "garbage!") } == .invalidArgument)
      #expect(await code { try await list(ann, size: 1001) } == .invalidArgument)
      #expect(
        await code { try await list(ann, state: FriendState(rawValue: 9)) } == .invalidArgument
      )
    }
  }
}

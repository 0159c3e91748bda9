import MartletRPC
import Testing
import WorkoutCore
import WorkoutSchema

@testable import WorkoutService

@Suite("accounts, end to end")
struct AccountTests {
  private func registration(_ change: (inout RegisterRequest) -> Void = { _ in }) -> RegisterRequest
  {
    var request = RegisterRequest()
    request.username = "ann"
    request.email = "ann@example.org"
    request.password = "password of ann"
    request.device = Person.device()
    change(&request)
    return request
  }

  @Test("who registers is signed in, and is shown by username when no name is given")
  func register() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let profile = try await ann.profile()
      #expect(profile.user == ann.user)
      #expect(profile.user?.displayName == "ann")
      #expect(profile.email == "ann@example.org")
      #expect(UserID(ann.user.id) != nil)
      #expect(ann.session.accessExpiresInSeconds == 900)
    }
  }

  @Test("a registration that breaks a rule is refused by the name of its field")
  func validation() async throws {
    try await withService { service in
      let accounts = AccountServiceClient(service.channel)
      let cases: [(String, (inout RegisterRequest) -> Void)] = [
        ("username", { $0.username = "an" }), ("username", { $0.username = "Ann" }),
        ("username", { $0.username = String(repeating: "a", count: 31) }),
        ("username", { $0.username = "ann b" }), ("email", { $0.email = "" }),
        ("email", { $0.email = "ann" }), ("email", { $0.email = "a@b@c" }),
        ("email", { $0.email = "ann@" + String(repeating: "x", count: 251) }),
        ("password", { $0.password = "1234567" }),
        ("password", { $0.password = String(repeating: "é", count: 129) }),
        ("display_name", { $0.displayName = String(repeating: "x", count: 81) }),
        ("display_name", { $0.displayName = "a\nb" }), ("device", { $0.device = nil }),
        ("device.id", { $0.device?.id = "phone" }),
        ("device.name", { $0.device?.name = String(repeating: "x", count: 81) }),
      ]
      for (field, change) in cases {
        let error = await failure { try await accounts.register(registration(change)) }
        #expect(error?.code == .invalidArgument, "\(field)")
        #expect(error?.message.hasPrefix("\(field): ") == true, "\(error?.message ?? "")")
      }
    }
  }

  @Test("usernames and e-mail addresses belong to one account, whatever their case")
  func taken() async throws {
    try await withService { service in
      let accounts = AccountServiceClient(service.channel)
      _ = try await service.person("ann")
      let name = await failure {
        try await accounts.register(registration { $0.email = "other@example.org" })
      }
      #expect(name?.code == .alreadyExists)
      #expect(name?.message.hasPrefix("username: ") == true)
      let email = await failure {
        try await accounts.register(
          registration {
            $0.username = "ann2"
            $0.email = "ANN@example.org"
          }
        )
      }
      #expect(email?.code == .alreadyExists)
      #expect(email?.message.hasPrefix("email: ") == true)
    }
  }

  @Test("one logs in by username or e-mail address; every failure looks alike")
  func logIn() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var request = LogInRequest()
      request.identifier = "ann@example.org"
      request.password = "password of ann"
      request.device = Person.device()
      #expect(try await ann.accounts.logIn(request).user == ann.user)
      #expect(try await ann.logIn().user == ann.user)
      request.password = "password of bob"
      let wrong = await failure { try await ann.accounts.logIn(request) }
      request.identifier = "nobody"
      let unknown = await failure { try await ann.accounts.logIn(request) }
      #expect(wrong?.code == .unauthenticated)
      #expect(wrong == unknown)
    }
  }

  @Test("after too many failures even the right password is refused, for a while")
  func limited() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var request = LogInRequest()
      request.password = "wrong password"
      request.device = Person.device()
      for index in 0..<ServiceLimits.logInFailuresPerAccount {
        // Another spelling is the same account.
        request.identifier = index % 2 == 0 ? "ann" : "ANN"
        #expect(await code { try await ann.accounts.logIn(request) } == .unauthenticated)
      }
      #expect(await code { try await ann.logIn() } == .resourceExhausted)
      service.clock.advance(by: ServiceLimits.logInFailureMemory)
      #expect(try await ann.logIn().user == ann.user)
    }
  }

  @Test("every method but three needs a good access token")
  func tokensNeeded() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let good = ann.session.accessToken
      let tampered = String(good.dropLast(2)) + (good.hasSuffix("AA") ? "BB" : "AA")
      var basic = CallOptions()
      try basic.metadata.append("Basic \(good)", for: "authorization")
      for options in [
        CallOptions(), basic, try Person.options("x"),
        try Person.options(tampered), try Person.options(ann.session.refreshToken),
      ] {
        for method in Self.protectedMethods(service.channel) {
          #expect(await code { try await method(options) } == .unauthenticated)
        }
      }
      var lowerCase = CallOptions()
      try lowerCase.metadata.append("bearer \(good)", for: "authorization")
      _ = try await ann.accounts.getProfile(GetProfileRequest(), options: lowerCase)
      try lowerCase.metadata.append("Bearer \(good)", for: "authorization")
      let twice = lowerCase
      #expect(
        await code { try await ann.accounts.getProfile(GetProfileRequest(), options: twice) }
          == .unauthenticated
      )
    }
  }

  private static func protectedMethods(
    _ channel: Channel
  ) -> [@Sendable (CallOptions) async throws -> Void] {
    let accounts = AccountServiceClient(channel)
    let friends = FriendServiceClient(channel)
    let live = LiveServiceClient(channel)
    let history = HistoryServiceClient(channel)
    return [
      { _ = try await accounts.logOut(LogOutRequest(), options: $0) },
      { _ = try await accounts.getProfile(GetProfileRequest(), options: $0) },
      { _ = try await friends.requestFriend(RequestFriendRequest(), options: $0) },
      { _ = try await friends.acceptFriend(AcceptFriendRequest(), options: $0) },
      { _ = try await friends.removeFriend(RemoveFriendRequest(), options: $0) },
      { _ = try await friends.listFriends(ListFriendsRequest(), options: $0) },
      { for try await _ in try await live.track(options: $0).responses {} },
      { for try await _ in try await live.watch(WatchRequest(), options: $0).responses {} },
      { _ = try await history.listActivities(ListActivitiesRequest(), options: $0) },
      { _ = try await history.getActivity(GetActivityRequest(), options: $0) },
      { _ = try await history.getTrack(GetTrackRequest(), options: $0) },
    ]
  }

  @Test("an access token expires")
  func expires() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      service.clock.advance(by: .seconds(ServiceLimits.accessTokenLifeSeconds - 5))
      _ = try await ann.profile()
      service.clock.advance(by: .seconds(15))
      let error = await failure { try await ann.profile() }
      #expect(error?.code == .unauthenticated)
      #expect(error?.message.contains("expired") == true)
      _ = try await ann.refreshed().profile()
    }
  }

  @Test("a refresh token is good once; shown again, it ends the session of both holders")
  func reuse() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let second = try await ann.refreshed()
      let third = try await second.refreshed()
      _ = try await third.profile()
      #expect(await code { try await ann.refreshed() } == .unauthenticated)
      #expect(await code { try await third.refreshed() } == .unauthenticated)
      #expect(await code { try await third.profile() } == .unauthenticated)
      #expect(await code { try await second.profile() } == .unauthenticated)
      _ = try await ann.logIn().profile()
    }
  }

  @Test("a refresh token of nobody, or expired, is refused")
  func badRefresh() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      var request = RefreshRequest()
      for token in ["", "mrt1_", ann.session.accessToken, ann.session.refreshToken + "A"] {
        request.refreshToken = token
        #expect(await code { try await ann.accounts.refresh(request) } == .unauthenticated)
      }
      service.clock.advance(by: .seconds(ServiceLimits.refreshTokenLifeSeconds + 1))
      #expect(await code { try await ann.refreshed() } == .unauthenticated)
    }
  }

  @Test("logging out ends this device's tokens at once, and no other's")
  func logOut() async throws {
    try await withService { service in
      let phone = try await service.person("ann")
      let watch = try await phone.logIn(device: Person.device())
      _ = try await phone.profile()
      let ended = try await phone.accounts.logOut(LogOutRequest(), options: phone.options)
      #expect(ended.endedSessions == 1)
      #expect(await code { try await phone.profile() } == .unauthenticated)
      #expect(await code { try await phone.refreshed() } == .unauthenticated)
      _ = try await watch.refreshed().profile()
    }
  }

  @Test("logging all devices out ends all their tokens at once")
  func logOutAll() async throws {
    try await withService { service in
      let phone = try await service.person("ann")
      let watch = try await phone.logIn(device: Person.device())
      _ = try await watch.profile()
      var request = LogOutRequest()
      request.allDevices = true
      let ended = try await phone.accounts.logOut(request, options: phone.options)
      #expect(ended.endedSessions == 2)
      #expect(await code { try await phone.profile() } == .unauthenticated)
      #expect(await code { try await watch.profile() } == .unauthenticated)
      #expect(await code { try await watch.refreshed() } == .unauthenticated)
    }
  }

  @Test("logging out ends the streams of the session, and no other's")
  func logOutEndsStreams() async throws {
    try await withService { service in
      let (ann, bob) = try await service.friends()
      let phone = try await ann.logIn(device: Person.device())
      let id = Person.newActivityID()
      let stream = try await ann.startTracking(id)
      _ = try await stream.opened()
      let watch = try await bob.watch(activity: id)
      _ = try await watch.snapshot()
      let waiting = try await bob.watch(bob, wait: true)
      let own = try await phone.watch(activity: id)
      _ = try await own.snapshot()
      // Begun on a token of the session, so that it ends even after that was traded.
      let renewed = try await bob.refreshed()
      var everywhere = LogOutRequest()
      everywhere.allDevices = true
      _ = try await bob.accounts.logOut(everywhere, options: renewed.options)
      #expect(await watch.end()?.code == .unauthenticated)
      #expect(await waiting.end()?.code == .unauthenticated)
      try await stream.send(Walk.batch(0..<5))
      try await stream.acknowledged(5)
      _ = try await ann.accounts.logOut(LogOutRequest(), options: ann.options)
      #expect(await stream.end()?.code == .unauthenticated)
      let resumed = try await phone.startTracking(id)
      try await resumed.send(Walk.batch(0..<0, events: [(.finish, 4)]))
      _ = try await resumed.completed()
      #expect(try await own.all().last.id == id)
    }
  }

  @Test("a refresh token shown twice, or a new log-in of the device, ends the streams too")
  func otherEndsOfSessionsEndStreams() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      let stream = try await ann.startTracking(Person.newActivityID())
      _ = try await stream.opened()
      let again = try await ann.logIn()
      #expect(await stream.end()?.code == .unauthenticated)
      let other = try await again.startTracking(Person.newActivityID())
      _ = try await other.opened()
      _ = try await again.refreshed()
      #expect(await code { try await again.refreshed() } == .unauthenticated)
      #expect(await other.end()?.code == .unauthenticated)
    }
  }

  @Test("logging in again on a device ends its former session")
  func sameDevice() async throws {
    try await withService { service in
      let ann = try await service.person("ann")
      _ = try await ann.profile()
      let again = try await ann.logIn()
      #expect(await code { try await ann.profile() } == .unauthenticated)
      #expect(await code { try await ann.refreshed() } == .unauthenticated)
      _ = try await again.profile()
    }
  }

  @Test("sessions outlive a restart of the server, and so do log-outs")
  func restart() async throws {
    let first = try await RunningService()
    let ann = try await first.person("ann")
    let bob = try await first.person("bob")
    _ = try await ann.accounts.logOut(LogOutRequest(), options: ann.options)
    await first.stop()
    let second = try await RunningService(in: first.directory, clock: first.clock)
    let accounts = AccountServiceClient(second.channel)
    #expect(
      await code { try await accounts.getProfile(GetProfileRequest(), options: ann.options) }
        == .unauthenticated
    )
    let profile = try await accounts.getProfile(GetProfileRequest(), options: bob.options)
    #expect(profile.user == bob.user)
    await second.stop()
  }
}

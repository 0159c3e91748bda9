public import MartletRPC
public import WorkoutSchema

/// A Martlet server as an app sees it: sign in, friends, history, live.
///
/// Every call sends the profile's access token and renews it when it is about to expire or refused.
/// A client may be used from any task; it connects when it is first needed.
public final class MartletClient: Sendable {
  /// How to reach the server.
  public struct Configuration: Sendable {
    /// Where it listens.
    public var server: ServerAddress

    /// What protects the connection.
    public var security: ChannelConfiguration.Security

    /// How long a call with one answer may take.
    public var timeout: Duration = .seconds(30)

    /// What people recognise this device by, up to 80 characters.
    public var deviceName = ""

    /// What goes into `user-agent` ahead of the library's name; printable ASCII.
    public var userAgent: String?

    /// Creates a configuration: TLS, with the system's trusted certificates.
    public init(
      server: ServerAddress,
      security: ChannelConfiguration.Security = .tls(trust: .system)
    ) {
      self.server = server
      self.security = security
    }
  }

  /// The configuration it was made with.
  public let configuration: Configuration

  /// Where the tokens and the journal are.
  public let profile: Profile

  private let channel: Channel
  let tokens: TokenKeeper

  /// Creates a client; nothing is opened before the first call.
  ///
  /// - Parameters:
  ///   - configuration: How to reach the server.
  ///   - profile: Where the tokens and the journal are.
  public init(configuration: Configuration, profile: Profile) {
    self.configuration = configuration
    self.profile = profile
    var options = ChannelConfiguration(security: configuration.security)
    options.userAgent = configuration.userAgent
    // A recording device is to be back soon after the network is: TrackingSession paces itself.
    options.backoff.initial = .milliseconds(200)
    options.backoff.maximum = .seconds(5)
    let target = ChannelTarget.host(configuration.server.host, port: configuration.server.port)
    channel = Channel(to: target, configuration: options)
    tokens = TokenKeeper(profile: profile, channel: channel)
  }

  /// Ends the connection; calls under way fail, but a renewal of the tokens is waited for.
  public func close() async {
    await tokens.settle()
    await channel.close()
  }
}

// MARK: - Accounts

extension MartletClient {
  /// Creates an account and signs this device in.
  ///
  /// - Parameters:
  ///   - username: 3 to 30 of `a-z`, `0-9`, `_`, `.`, `-`.
  ///   - email: The address, unique among accounts.
  ///   - password: 8 to 256 bytes.
  ///   - displayName: The name to show; the username when empty.
  /// - Returns: The account.
  /// - Throws: `ClientError`, with ALREADY_EXISTS when the name or the address is taken.
  public func register(
    username: String,
    email: String,
    password: String,
    displayName: String = ""
  ) async throws(ClientError) -> User {
    var request = RegisterRequest()
    request.username = username
    request.email = email
    request.password = password
    request.displayName = displayName
    request.device = try device()
    let accounts = AccountServiceClient(channel)
    let response: RegisterResponse
    do { response = try await accounts.register(request, options: anonymousOptions) } catch {
      throw .rpc(error)
    }
    return try await signedIn(response.user, response.session, "Register")
  }

  /// Signs this device in.
  ///
  /// - Parameters:
  ///   - identifier: The username or the e-mail address.
  ///   - password: The account's password.
  /// - Returns: The account.
  /// - Throws: `ClientError`; a wrong password is `.rpc` with UNAUTHENTICATED.
  public func logIn(identifier: String, password: String) async throws(ClientError) -> User {
    var request = LogInRequest()
    request.identifier = identifier
    request.password = password
    request.device = try device()
    let accounts = AccountServiceClient(channel)
    let response: LogInResponse
    do { response = try await accounts.logIn(request, options: anonymousOptions) } catch {
      throw .rpc(error)
    }
    return try await signedIn(response.user, response.session, "LogIn")
  }

  /// Ends the session on the server, then forgets it here.
  ///
  /// What the journal holds stays, for the next log-in of the same account.
  ///
  /// - Parameter allDevices: Whether to end the account's sessions on all devices.
  /// - Throws: `ClientError`; when the server was not reached the tokens are kept, so that it can
  ///   be tried again.
  public func logOut(allDevices: Bool = false) async throws(ClientError) {
    var request = LogOutRequest()
    request.allDevices = allDevices
    do {
      _ = try await authorized { options throws(RPCError) in
        try await AccountServiceClient(self.channel).logOut(request, options: options)
      }
    } catch .notSignedIn {
      // The session had ended already: only the file is left to remove.
    }
    try await tokens.forget()
  }

  /// The account that is signed in.
  ///
  /// - Returns: The profile as the server has it.
  /// - Throws: `ClientError`.
  public func account() async throws(ClientError) -> GetProfileResponse {
    try await authorized { options throws(RPCError) in
      try await AccountServiceClient(self.channel).getProfile(GetProfileRequest(), options: options)
    }
  }

  private func device() throws(ClientError) -> Device {
    var device = Device()
    do { device.id = "\(try profile.deviceID())" } catch { throw .profile(error) }
    device.name = String(configuration.deviceName.prefix(80))
    return device
  }

  private func signedIn(
    _ user: User?,
    _ session: Session?,
    _ method: String
  ) async throws(ClientError) -> User {
    guard let user, let session, !user.id.isEmpty, !session.accessToken.isEmpty else {
      throw .malformedAnswer(method)
    }
    let empty = Credentials(
      server: configuration.server.description,
      userID: user.id,
      username: user.username,
      accessToken: "",
      accessExpiresAt: 0,
      refreshToken: ""
    )
    let credentials = empty.renewed(session)
    // A line break in a value would make another line of the file.
    guard Credentials(fileText: credentials.fileText) == credentials else {
      throw .malformedAnswer(method)
    }
    try await tokens.adopt(credentials)
    return user
  }
}

// MARK: - Friends

extension MartletClient {
  /// All friends and waiting requests, by username.
  ///
  /// - Returns: They, all pages together.
  /// - Throws: `ClientError`.
  public func friends() async throws(ClientError) -> [Friend] {
    var friends: [Friend] = []
    var request = ListFriendsRequest()
    repeat {
      let page = try await authorized { [request] options throws(RPCError) in
        try await FriendServiceClient(self.channel).listFriends(request, options: options)
      }
      friends += page.friends
      request.pageToken = page.nextPageToken
    } while !request.pageToken.isEmpty
    return friends
  }

  /// Asks a person to be friends, or accepts the request that waits from them.
  ///
  /// - Parameter username: Whom.
  /// - Returns: The friendship as it stands now.
  /// - Throws: `ClientError`, with NOT_FOUND when nobody has that name.
  public func requestFriend(_ username: String) async throws(ClientError) -> Friend {
    var request = RequestFriendRequest()
    request.username = username
    let response = try await authorized { [request] options throws(RPCError) in
      try await FriendServiceClient(self.channel).requestFriend(request, options: options)
    }
    return try response.friend.orMalformed("RequestFriend")
  }

  /// Accepts a waiting request.
  ///
  /// - Parameter username: Whose.
  /// - Returns: The friendship as it stands now.
  /// - Throws: `ClientError`, with NOT_FOUND when no request waits.
  public func acceptFriend(_ username: String) async throws(ClientError) -> Friend {
    var request = AcceptFriendRequest()
    request.username = username
    let response = try await authorized { [request] options throws(RPCError) in
      try await FriendServiceClient(self.channel).acceptFriend(request, options: options)
    }
    return try response.friend.orMalformed("AcceptFriend")
  }

  /// Ends a friendship, declines a request or takes one back.
  ///
  /// - Parameter username: Whose.
  /// - Returns: Whether there was anything to remove.
  /// - Throws: `ClientError`, with NOT_FOUND when nobody has that name.
  public func removeFriend(_ username: String) async throws(ClientError) -> Bool {
    var request = RemoveFriendRequest()
    request.username = username
    let response = try await authorized { [request] options throws(RPCError) in
      try await FriendServiceClient(self.channel).removeFriend(request, options: options)
    }
    return response.removed
  }
}

// MARK: - History

extension MartletClient {
  /// One page of activities, newest start first.
  ///
  /// - Parameter request: Whose, which, and where to go on.
  /// - Returns: The page, without splits.
  /// - Throws: `ClientError`.
  public func activities(
    _ request: ListActivitiesRequest
  ) async throws(ClientError) -> ListActivitiesResponse {
    try await authorized { options throws(RPCError) in
      try await HistoryServiceClient(self.channel).listActivities(request, options: options)
    }
  }

  /// One activity with its statistics and splits.
  ///
  /// - Parameter id: Which.
  /// - Returns: The activity.
  /// - Throws: `ClientError`, with NOT_FOUND when there is none that the account may see.
  public func activity(_ id: String) async throws(ClientError) -> Activity {
    var request = GetActivityRequest()
    request.activityId = id
    let response = try await authorized { [request] options throws(RPCError) in
      try await HistoryServiceClient(self.channel).getActivity(request, options: options)
    }
    return try response.activity.orMalformed("GetActivity")
  }

  /// The samples and events of one activity.
  ///
  /// - Parameters:
  ///   - id: Which.
  ///   - maximumSamples: Thin to about this many; whole when 0.
  /// - Returns: The track, in order of time.
  /// - Throws: `ClientError`, with NOT_FOUND when there is none that the account may see.
  public func track(
    _ id: String,
    maximumSamples: UInt32 = 0
  ) async throws(ClientError) -> GetTrackResponse {
    var request = GetTrackRequest()
    request.activityId = id
    request.maxSamples = maximumSamples
    return try await authorized { [request] options throws(RPCError) in
      try await HistoryServiceClient(self.channel).getTrack(request, options: options)
    }
  }
}

// MARK: - Live

extension MartletClient {
  /// Watches a live activity, until it is completed or `receive` throws.
  ///
  /// - Parameters:
  ///   - request: Whom or what, and how.
  ///   - receive: Gets the route so far, then updates, then the completed activity. While it works
  ///     the server sends fewer, larger updates.
  /// - Throws: `ClientError`, or what `receive` threw. NOT_FOUND when nothing is live that the
  ///   account may see.
  public func watch(
    _ request: WatchRequest,
    _ receive: (WatchResponse) async throws -> Void
  ) async throws {
    let token = try await tokens.accessToken()
    do {
      try await watch(request, token: token, receive)
    } catch let error as RPCError where error.code == .unauthenticated {
      // Refused before the first response: a token is checked when the call starts.
      let renewed = try await tokens.accessToken(refused: token)
      do { try await watch(request, token: renewed, receive) } catch let error as RPCError {
        throw ClientError(error)
      }
    } catch let error as RPCError {
      throw ClientError(error)
    }
  }

  private func watch(
    _ request: WatchRequest,
    token: String,
    _ receive: (WatchResponse) async throws -> Void
  ) async throws {
    let call = try await LiveServiceClient(channel)
      .watch(request, options: streamOptions(token: token))
    for try await response in call.responses { try await receive(response) }
  }

  /// Opens a stream for a recording, with this token.
  func openTrack(token: String) async throws(RPCError) -> ClientCall<TrackRequest, TrackResponse> {
    try await LiveServiceClient(channel).track(options: streamOptions(token: token))
  }
}

// MARK: - Tokens

extension MartletClient {
  private var anonymousOptions: CallOptions {
    CallOptions(timeout: configuration.timeout)
  }

  private func streamOptions(token: String) throws(RPCError) -> CallOptions {
    var options = CallOptions()
    try options.metadata.append("Bearer \(token)", for: "authorization")
    return options
  }

  /// Makes a call with the access token, and once more with a new one when it is refused.
  private func authorized<Response: Sendable>(
    _ call: (CallOptions) async throws(RPCError) -> Response
  ) async throws(ClientError) -> Response {
    let token = try await tokens.accessToken()
    do {
      return try await call(try options(token))
    } catch {
      guard error.code == .unauthenticated else { throw ClientError(error) }
    }
    let renewed = try await tokens.accessToken(refused: token)
    do { return try await call(try options(renewed)) } catch { throw ClientError(error) }
  }

  private func options(_ token: String) throws(RPCError) -> CallOptions {
    var options = try streamOptions(token: token)
    options.timeout = configuration.timeout
    return options
  }
}

extension Optional {
  /// The value that an answer must have.
  fileprivate func orMalformed(_ method: String) throws(ClientError) -> Wrapped {
    guard let self else { throw .malformedAnswer(method) }
    return self
  }
}

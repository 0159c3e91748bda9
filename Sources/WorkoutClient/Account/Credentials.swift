/// Who is signed in on a device, and the tokens that prove it.
public struct Credentials: Sendable, Hashable {
  /// The server that issued them, `host:port`.
  public var server: String

  /// The account's id: a UUID in lower-case text.
  public var userID: String

  /// The account's unique name.
  public var username: String

  /// Sent with each call; short-lived.
  public var accessToken: String

  /// When the access token expires, by this device's clock: seconds since 1970-01-01T00:00:00Z.
  public var accessExpiresAt: Int64

  /// Good for one new pair of tokens.
  public var refreshToken: String

  /// Creates credentials.
  public init(
    server: String,
    userID: String,
    username: String,
    accessToken: String,
    accessExpiresAt: Int64,
    refreshToken: String
  ) {
    self.server = server
    self.userID = userID
    self.username = username
    self.accessToken = accessToken
    self.accessExpiresAt = accessExpiresAt
    self.refreshToken = refreshToken
  }
}

/// A profile's files cannot be used.
public struct ProfileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file and what is wrong with it.
  public var description: String

  init(_ description: String) { self.description = description }
}

// The file: a first line that names the format, then one `name value` a line, each name once, in
// any order. Values are the rest of the line. Nothing else is accepted: a file that was damaged is
// noticed, not guessed at.
extension Credentials {
  private static let heading = "martlet credentials 1"

  /// The text of the credentials file.
  var fileText: String {
    """
    \(Self.heading)
    server \(server)
    user \(userID)
    username \(username)
    access-token \(accessToken)
    access-expires \(accessExpiresAt)
    refresh-token \(refreshToken)

    """
  }

  /// Reads the text of a credentials file; nil when it is none.
  init?(fileText: String) {
    var lines = fileText.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.popFirst() == Self.heading[...], lines.popLast() == "" else { return nil }
    var values: [Substring: Substring] = [:]
    for line in lines {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, values.updateValue(parts[1], forKey: parts[0]) == nil else {
        return nil
      }
    }
    guard values.count == 6, let server = values["server"], let user = values["user"],
      let username = values["username"], let access = values["access-token"],
      let expires = values["access-expires"].flatMap({ Int64($0) }),
      let refresh = values["refresh-token"]
    else { return nil }
    self.init(
      server: String(server),
      userID: String(user),
      username: String(username),
      accessToken: String(access),
      accessExpiresAt: expires,
      refreshToken: String(refresh)
    )
  }
}

package import WorkoutCore

/// An account.
package struct UserRecord: Sendable, Hashable {
  package var id: UserID
  /// Unique without regard to case.
  package var username: String
  /// Unique without regard to case.
  package var email: String
  package var displayName: String
  /// Whatever the service's password hashing makes; opaque here.
  package var passwordHash: [UInt8]
  /// Milliseconds since 1970-01-01T00:00:00Z, server's clock.
  package var createdAtMs: Int64

  package init(
    id: UserID,
    username: String,
    email: String,
    displayName: String,
    passwordHash: [UInt8],
    createdAtMs: Int64
  ) {
    self.id = id
    self.username = username
    self.email = email
    self.displayName = displayName
    self.passwordHash = passwordHash
    self.createdAtMs = createdAtMs
  }

  /// What other people may see.
  package var person: PersonRecord {
    PersonRecord(id: id, username: username, displayName: displayName)
  }
}

/// A person as other people see them.
package struct PersonRecord: Sendable, Hashable {
  package var id: UserID
  package var username: String
  package var displayName: String

  package init(id: UserID, username: String, displayName: String) {
    self.id = id
    self.username = username
    self.displayName = displayName
  }
}

/// The id of a device's session, made by the service.
///
/// A refresh token should name the user and the session besides its secret, so that it is looked
/// up in the user's bucket.
package struct SessionID: EntityID {
  /// The UUID.
  package let unique: UniqueID
  /// Wraps a UUID.
  package init(_ unique: UniqueID) { self.unique = unique }
}

/// One device that is, or was, signed in.
package struct SessionRecord: Sendable, Hashable {
  package var id: SessionID
  package var user: UserID
  package var device: DeviceID
  package var deviceName: String
  /// Hash of the refresh token that is good now.
  package var refreshHash: [UInt8]
  /// How often the refresh token has been traded.
  package var generation: UInt32
  /// Milliseconds since 1970-01-01T00:00:00Z, server's clock, as are the others.
  package var createdAtMs: Int64
  package var refreshedAtMs: Int64
  /// From then on the refresh token is good for nothing.
  package var expiresAtMs: Int64
  /// When the session ended; `nil` while it lasts.
  package var revokedAtMs: Int64?

  package init(
    id: SessionID,
    user: UserID,
    device: DeviceID,
    deviceName: String,
    refreshHash: [UInt8],
    generation: UInt32 = 0,
    createdAtMs: Int64,
    refreshedAtMs: Int64? = nil,
    expiresAtMs: Int64,
    revokedAtMs: Int64? = nil
  ) {
    self.id = id
    self.user = user
    self.device = device
    self.deviceName = deviceName
    self.refreshHash = refreshHash
    self.generation = generation
    self.createdAtMs = createdAtMs
    self.refreshedAtMs = refreshedAtMs ?? createdAtMs
    self.expiresAtMs = expiresAtMs
    self.revokedAtMs = revokedAtMs
  }

  /// Whether the refresh token may be used.
  package func isActive(atMs: Int64) -> Bool { revokedAtMs == nil && atMs < expiresAtMs }
}

/// A refresh token that is to be traded for the next one.
package struct RefreshRotation: Sendable, Hashable {
  package var user: UserID
  package var session: SessionID
  /// Hash of the token that was shown.
  package var presentedHash: [UInt8]
  /// Hash of the token that takes its place.
  package var nextHash: [UInt8]
  /// Server's clock, milliseconds.
  package var atMs: Int64
  /// When the next token expires.
  package var expiresAtMs: Int64

  package init(
    user: UserID,
    session: SessionID,
    presentedHash: [UInt8],
    nextHash: [UInt8],
    atMs: Int64,
    expiresAtMs: Int64
  ) {
    self.user = user
    self.session = session
    self.presentedHash = presentedHash
    self.nextHash = nextHash
    self.atMs = atMs
    self.expiresAtMs = expiresAtMs
  }
}

/// What became of a refresh token that was shown.
package enum RotationOutcome: Sendable, Hashable {
  /// It was the current one; the next one is current now.
  case rotated(SessionRecord)
  /// It had been traded before, at `spentAtMs`: two hold it, so the session has been revoked.
  case reused(SessionRecord, spentAtMs: Int64)
  /// No such session, or never a token of it.
  case unknown
  /// The session's token expired.
  case expired(SessionRecord)
  /// The session had ended before.
  case revoked(SessionRecord)
}

/// Where a friendship stands, as one side sees it; raw values are the schema's.
package enum FriendState: UInt8, Sendable, Hashable, CaseIterable {
  /// This side asked.
  case requestSent = 1
  /// The other side asked.
  case requestReceived = 2
  /// Both agreed.
  case friends = 3
}

/// One person in a user's list.
package struct FriendRecord: Sendable, Hashable {
  /// The other side, as of when the friendship last changed.
  package var person: PersonRecord
  package var state: FriendState
  /// When it came to stand there, milliseconds.
  package var sinceMs: Int64

  package init(person: PersonRecord, state: FriendState, sinceMs: Int64) {
    self.person = person
    self.state = state
    self.sinceMs = sinceMs
  }
}

/// Part of a user's list of friends, in order of username.
package struct FriendPage: Sendable, Hashable {
  package var friends: [FriendRecord]
  /// Pass as `after` for the next page; `nil` when this is the last.
  package var next: String?

  package init(friends: [FriendRecord], next: String?) {
    self.friends = friends
    self.next = next
  }
}

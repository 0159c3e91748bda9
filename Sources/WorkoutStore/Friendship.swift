// A friendship lives in two buckets, and each side may change it while the other does. Both hold
// the same two wishes, "I want" and "the other wants", each with a version; the copy with the
// higher version wins, so the sides agree whatever the order their messages come in, and however
// often.

/// Whether one side wants the friendship.
struct FriendWish: Sendable, Hashable {
  var isSet = false
  /// Counts up over both wishes of a friendship.
  var version: Int64 = 0
  var atMs: Int64 = 0

  /// The newer of two; a withdrawal wins over a wish of the same version, so that who has been
  /// removed stays removed.
  func merged(with other: FriendWish) -> FriendWish {
    if version != other.version { return version > other.version ? self : other }
    if isSet != other.isSet { return isSet ? other : self }
    return atMs <= other.atMs ? self : other
  }
}

/// Both wishes, as one side sees them.
struct Friendship: Sendable, Hashable {
  var mine = FriendWish()
  var theirs = FriendWish()

  /// `nil` when neither wants it.
  var state: FriendState? {
    switch (mine.isSet, theirs.isSet) {
    case (true, true): .friends
    case (true, false): .requestSent
    case (false, true): .requestReceived
    case (false, false): nil
    }
  }

  var sinceMs: Int64 {
    switch state {
    case .requestSent: mine.atMs
    case .requestReceived: theirs.atMs
    case .friends, nil: max(mine.atMs, theirs.atMs)
    }
  }

  /// What the other side should hold.
  var mirrored: Friendship { Friendship(mine: theirs, theirs: mine) }

  func merged(with other: Friendship) -> Friendship {
    Friendship(mine: mine.merged(with: other.mine), theirs: theirs.merged(with: other.theirs))
  }

  /// Asks, or agrees.
  mutating func want(atMs: Int64) {
    guard !mine.isSet else { return }
    mine = FriendWish(isSet: true, version: nextVersion, atMs: atMs)
  }

  /// Ends it for both sides: to be friends again takes both wishes again.
  mutating func end(atMs: Int64) {
    guard state != nil else { return }
    let ended = FriendWish(isSet: false, version: nextVersion, atMs: atMs)
    (mine, theirs) = (ended, ended)
  }

  private var nextVersion: Int64 { max(mine.version, theirs.version) + 1 }
}

package import MartletSQLite
package import WorkoutCore

/// Why the store refused.
///
/// Each case names what the caller can tell its client.
package enum StoreError: Error, Sendable, Hashable {
  // What the disk says.
  /// No room: disk, quota or file size limit. Nothing was changed; try again later.
  case diskFull(path: String)
  /// The directory or the file cannot be written.
  case readOnly(path: String)
  /// The operating system failed, or SQLite did in a way of its own.
  case io(SQLiteError)
  /// The user's bucket file is damaged. Users of other buckets are not touched by that.
  case bucketDamaged(bucket: Int)
  /// A directory bucket (usernames, e-mails, activity ids) is damaged.
  case directoryDamaged(bucket: Int)

  // What the store says.
  /// A queue is full, named by its limit; try again later.
  case overloaded(limit: String)
  /// The store was closed.
  case closed
  /// Another process has the store open.
  case inUse(path: String)
  /// The store was created by a newer program, by another one, or with other settings.
  case incompatible(reason: String)
  /// A value breaks a limit of this module: the caller should have checked it.
  case invalid(field: String)

  // What the data says.
  case usernameTaken
  case emailTaken
  case userNotFound
  /// No request from that person waits.
  case friendRequestNotFound
  /// A user's own friendship.
  case ownFriendship
  case activityNotFound
  /// The activity belongs to another user.
  case notOwner
  /// The activity is completed or discarded and takes nothing new.
  case activityClosed(ActivityState)
  /// The batch starts after the next sequence: something in between is missing.
  case sequenceGap(expected: UInt64, received: UInt64)
  /// The same for events.
  case eventSequenceGap(expected: UInt64, received: UInt64)
}

extension StoreError {
  /// What a failed database call means, where no bucket is at fault.
  init(_ error: SQLiteError) {
    switch error.kind {
    case .full: self = .diskFull(path: error.path)
    case .readOnly: self = .readOnly(path: error.path)
    case .incompatible: self = .incompatible(reason: error.description)
    default: self = .io(error)
    }
  }
}

internal import WorkoutCore
internal import WorkoutStore

extension ServiceParts {
  /// Whether a person may see an activity now.
  func maySee(_ header: ActivityHeader, _ viewer: UserID) async throws(StoreError) -> Bool {
    if header.owner == viewer { return true }
    return switch header.visibility {
    case .onlyOwner: false
    case .everyone: true
    case .friends: try await areFriends(header.owner, viewer)
    }
  }

  /// Whether two people are friends now.
  func areFriends(_ person: UserID, _ other: UserID) async throws(StoreError) -> Bool {
    try await store.friend(person, of: other)?.state == .friends
  }

  /// An activity that a person may see, or nothing: what is discarded nobody may.
  func visibleActivity(
    _ id: ActivityID,
    to viewer: UserID
  ) async throws(StoreError) -> ActivityRecord? {
    guard let record = try await store.activity(id), record.header.state != .discarded,
      try await maySee(record.header, viewer)
    else { return nil }
    return record
  }

  /// Header and numbers as they stand, also of an activity that is being recorded.
  func current(
    _ record: ActivityRecord
  ) async throws -> (header: ActivityHeader, statistics: Statistics) {
    if record.header.state.isFinal { return (record.header, record.statistics) }
    if let activity = hub.activity(record.header.id), activity.isCounted { return activity.current }
    let numbers = try await countedNumbers(record.header, isNew: false)
    var header = record.header
    // A FINISH that is stored and not settled yet leaves the activity where it was.
    if !numbers.state.isFinal { header.state = numbers.state }
    return (header, numbers.statistics)
  }
}

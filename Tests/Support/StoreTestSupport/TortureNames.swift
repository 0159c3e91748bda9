package import WorkoutCore

/// Ids that the process under test and the test both know without telling each other.
package enum TortureNames {
  package static let users = 4
  package static let startMs: Int64 = 1_700_000_000_000
  /// Samples of every activity.
  package static let samples: UInt64 = 400

  package static func user(_ number: Int) -> UserID { id(1, number, 0) }

  package static func device(of user: Int) -> DeviceID { id(2, user, 0) }

  package static func activity(_ number: Int, of user: Int) -> ActivityID { id(3, user, number) }

  private static func id<ID: EntityID>(_ kind: UInt64, _ user: Int, _ number: Int) -> ID {
    var generator = SeededGenerator(seed: kind << 40 | UInt64(user) << 20 | UInt64(number))
    return ID.make(timeMs: startMs, using: &generator)
  }
}
